"""Exported data, analysed by others: lifelines and statsmodels get the trial's own estimates, errors and p values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest
from trial_designs import TWO_ARMS, simulation

from simulator.questions.trial.results.analysis_data import analysis_data
from simulator.questions.trial.results.export import exported

SAME = 1e-8
LOOKS = {"by": "months", "at": [8.0, 12.0]}
ENDPOINTS = [
    *TWO_ARMS["endpoints"],
    {"name": "cox", "outcome": "amputation_free_survival", "test": "cox"},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Three trials with two interim looks."""
    sim = simulation(tmp_path_factory.mktemp("data"), 3, endpoints=ENDPOINTS, looks=LOOKS)
    patients, _ = exported(sim, "scenario", 3)
    return analysis_data(sim, "scenario", 3, patients)


def looks_of(data: dict[str, pd.DataFrame], table: str, name: str) -> list[tuple[pd.Series, pd.DataFrame]]:
    """The trial's result and the data of an endpoint, for each trial and look."""
    results = data["adres"][data["adres"]["PARAMCD"] == name]
    frame = data[table][data[table]["PARAMCD"] == name]
    found = []
    for _, row in results.iterrows():
        found.append((row, frame[(frame["TRIAL"] == row["TRIAL"]) & (frame["LOOK"] == row["LOOK"])]))
    assert len(found) == 9
    return found


def test_the_log_rank_test_again(data: dict[str, pd.DataFrame]) -> None:
    """z of every look of every trial is lifelines' log-rank statistic, to eight decimals."""
    for row, frame in looks_of(data, "adtte", "afs"):
        a, b = (frame[frame["TRT01PN"] == arm] for arm in (0, 1))
        found = logrank_test(a["AVAL"], b["AVAL"], a["CNSR"] == 0, b["CNSR"] == 0)
        assert row["Z"] ** 2 == pytest.approx(found.test_statistic, abs=SAME)
        assert 2.0 * min(row["P"], 1.0 - row["P"]) == pytest.approx(found.p_value, abs=SAME)
        assert row["INFORMATION"] == (frame["CNSR"] == 0).sum()


def test_the_cox_model_again(data: dict[str, pd.DataFrame]) -> None:
    """Log hazard ratio and its error are statsmodels'."""
    for row, frame in looks_of(data, "adtte", "cox"):
        fit = sm.PHReg(frame["AVAL"], frame[["TRT01PN"]].astype(float), status=(frame["CNSR"] == 0)).fit(
            maxiter=50, tol=1e-12
        )
        assert row["ESTIMATE"] == pytest.approx(fit.params[0], abs=SAME)
        assert row["SE"] == pytest.approx(fit.bse[0], abs=SAME)
    fitted = CoxPHFitter().fit(frame[["AVAL", "TRT01PN"]].assign(event=frame["CNSR"] == 0), "AVAL", "event")
    assert fitted.params_["TRT01PN"] == pytest.approx(row["ESTIMATE"], abs=1e-6)


def test_the_binary_endpoint_again(data: dict[str, pd.DataFrame]) -> None:
    """Who was not lost is counted, and z is that of two proportions with pooled variance."""
    for row, frame in looks_of(data, "adeff", "death"):
        used = frame[frame["ANL01FL"] == "Y"]
        yes, n = (used.groupby("TRT01PN")["AVAL"].agg(kind).to_numpy() for kind in ("sum", "count"))
        if len(n) < 2 or yes.sum() == 0.0:
            continue
        z, _ = proportions_ztest(yes, n)
        assert row["Z"] == pytest.approx(z, abs=SAME)


def test_the_imputed_endpoint_again(tmp_path: Path) -> None:
    """Estimate, error and p of every look from the exported imputations, by Rubin's rules written out, to eight decimals."""
    endpoint = {"name": "afs", "outcome": "amputation_free_survival", "test": "risk_difference", "at_months": 6.0}
    endpoint |= {"lost": "multiple_imputation", "imputations": 4}
    sim = simulation(tmp_path, 3, endpoints=[endpoint], looks=LOOKS, drop_out={"per_year": 0.6})
    tables = analysis_data(sim, "scenario", 3, None)
    for _, row in tables["adres"].iterrows():
        seen, drawn = (
            frame[(frame["TRIAL"] == row["TRIAL"]) & (frame["LOOK"] == row["LOOK"])]
            for frame in (tables["adeff"], tables["adimp"])
        )
        missing = seen[seen["ANL01FL"] == ""]
        assert set(missing["USUBJID"]) == set(drawn["USUBJID"])
        estimates, variances = [], []
        for _, imputation in drawn.groupby("IMPNUM"):
            whole = pd.concat([seen[seen["ANL01FL"] == "Y"], imputation])
            assert len(whole) == len(seen)
            rate, n = (whole.groupby("TRT01PN")["AVAL"].agg(kind).to_numpy() for kind in ("mean", "count"))
            estimates.append(rate[1] - rate[0])
            variances.append((rate * (1 - rate) / n).sum())
        between = 1.25 * np.var(estimates, ddof=1)
        total = np.mean(variances) + between
        com, lam = len(seen) - 2.0, between / total
        df = 1.0 / (1.0 / ((com + 1) / (com + 3) * com * (1 - lam)) + lam**2 / 3)
        assert len(estimates) == 4
        assert row["ESTIMATE"] == pytest.approx(np.mean(estimates), abs=SAME)
        assert row["SE"] == pytest.approx(np.sqrt(total), abs=SAME)
        assert row["P"] == pytest.approx(stats.t.sf(np.mean(estimates) / np.sqrt(total), df), abs=SAME)


def test_the_covariance_analysis_again(data: dict[str, pd.DataFrame]) -> None:
    """TcPO2 at six months given that on entry, among those in whom it was measured."""
    for row, frame in looks_of(data, "adeff", "tcpo2"):
        used = frame[frame["ANL01FL"] == "Y"]
        fit = sm.OLS(used["AVAL"], sm.add_constant(used[["TRT01PN", "BASE"]].astype(float))).fit()
        assert row["ESTIMATE"] == pytest.approx(fit.params["TRT01PN"], abs=SAME)
        assert row["SE"] == pytest.approx(fit.bse["TRT01PN"], abs=SAME)


def test_subjects_are_told_once_and_looks_grow(data: dict[str, pd.DataFrame]) -> None:
    """Every subject of a look is in adsl with the same arm; a later look holds the earlier one's people."""
    subjects = data["adsl"]
    assert not subjects["USUBJID"].duplicated().any()
    assert {"AGE", "SEX", "TCPO2BL", "RANDDY", "EOSDY"} <= set(subjects.columns)
    arm = subjects.set_index("USUBJID")["TRT01P"]
    times = data["adtte"]
    assert (arm[times["USUBJID"]].to_numpy() == times["TRT01P"]).all()
    afs = times[times["PARAMCD"] == "afs"]
    people = [set(afs[afs["LOOK"] == look]["USUBJID"]) for look in (1, 2, 3)]
    assert people[0] < people[1] <= people[2] == set(subjects["USUBJID"])
    assert np.isin(times["CNSR"], (0, 1, 2)).all()
