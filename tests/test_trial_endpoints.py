"""Endpoints of limb salvage: reintervention, limb events and success by hand, lost patients, and survival at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from scipy.special import ndtr
from scipy.stats import t as student
from small_trials import trial
from trial_designs import simulation

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.completed import completed
from simulator.questions.trial.analysis.data import TrialData, cut, luck_of_trials
from simulator.questions.trial.analysis.seen import at_a_time, time_to_event
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.words.errors import BadInput

NEVER = np.inf


def seven() -> TrialData:
    """Control: an amputation, a reintervention, healed and lost, nothing. Treated: dead, healed then amputated, lost."""
    column = {
        "arm": [0, 0, 0, 0, 1, 1, 1],
        "entry": [0.0] * 7,
        "end": [2.0] * 7,
        "lost": [NEVER, NEVER, 0.6, NEVER, NEVER, NEVER, 0.5],
        "healed": [NEVER, NEVER, 0.4, NEVER, NEVER, 0.3, NEVER],
        "amputated": [0.5, 0.9, NEVER, NEVER, NEVER, 0.8, NEVER],
        "died": [NEVER, NEVER, NEVER, NEVER, 0.7, NEVER, NEVER],
        "crossed": [NEVER] * 7,
        "reintervened": [NEVER, 0.2, NEVER, NEVER, NEVER, NEVER, NEVER],
        "tcpo2_entry": [20.0] * 7,
        "stratum": [0] * 7,
        "screened": [1.0] * 7,
        "site": [0] * 7,
        "caused": [0.0] * 7,
    }
    kinds = {"arm": np.int8, "stratum": np.int32, "site": np.int16}
    arrays = {name: np.array([values], kinds.get(name, np.float64)) for name, values in column.items()}
    nothing = np.empty((1, 7, 0))
    luck = luck_of_trials(1, 0, 1)
    return TrialData(**arrays, visits=np.empty(0), tcpo2=nothing, walking=nothing, walked=nothing, luck=luck)


def yes(outcome: str, lost: str = "excluded") -> tuple[list[int], list[int]]:
    """Who has the outcome at a year, and who is missing."""
    endpoint = Endpoint(name="e", outcome=outcome, test="chi_square", at_months=12.0, lost=lost)  # type: ignore[arg-type]
    found, missing = at_a_time(endpoint, seven())
    return np.flatnonzero(found[0]).tolist(), np.flatnonzero(missing[0]).tolist()


def test_outcomes_at_a_time_by_hand() -> None:
    """A limb event is an amputation or a reintervention; success needs life, limb and healing."""
    assert yes("reintervention") == ([1], [2, 6])
    assert yes("limb_event") == ([0, 1, 5], [2, 6])
    assert yes("limb_success") == ([2], [2, 6])


def test_the_lost_in_the_worst_case() -> None:
    """The lost control counts as success and the lost treated patient as failure, whichever way the outcome points."""
    assert yes("limb_event", "worst_case") == ([0, 1, 5, 6], [])
    assert yes("limb_success", "worst_case") == ([2], [])
    assert yes("limb_event", "failure") == ([0, 1, 2, 5, 6], [])


def test_limb_events_as_times() -> None:
    """The first of both counts, death competes, and the loss censors."""
    seen = time_to_event(Endpoint(name="e", outcome="limb_event", test="gray"), seven())
    assert seen.code[0].tolist() == [1, 1, 0, 0, 2, 1, 0]
    assert seen.time[0].tolist() == [0.5, 0.2, 0.6, 2.0, 0.7, 0.8, 0.5]


@pytest.mark.parametrize("test", ["km_difference", "km_ratio"])
def test_survival_at_a_time_is_kaplan_and_meiers(tmp_path: Path, test: str) -> None:
    """Estimate and error are lifelines' Kaplan-Meier with Greenwood's variance, drop-out censored."""
    sim = simulation(tmp_path, 1, drop_out={"per_year": 0.4})
    data = cut(sim.lives(sim.truth("scenario"), 0, 1, 120), 3.0)
    endpoint = Endpoint(name="e", outcome="amputation_free_survival", test=test, at_months=6.0)  # type: ignore[arg-type]
    found = analyse(endpoint, data)
    plain = time_to_event(Endpoint(name="e", outcome="amputation_free_survival", test="cox"), data)
    fits = []
    for arm in (0, 1):
        mine = data.arm[0] == arm
        fits.append(KaplanMeierFitter().fit(plain.time[0][mine], plain.code[0][mine]))
    alive = [float(fit.predict(0.5)) for fit in fits]
    # What lifelines keeps is Greenwood's sum.
    sums = [float(fit._cumulative_sq_.loc[:0.5].iloc[-1]) for fit in fits]
    if test == "km_difference":
        assert found.estimate[0] == pytest.approx(alive[1] - alive[0], abs=1e-12)
        error = np.sqrt(sum(s**2 * v for s, v in zip(alive, sums, strict=True)))
    else:
        assert found.estimate[0] == pytest.approx(np.log(alive[1] / alive[0]), abs=1e-12)
        error = np.sqrt(sum(sums))
    assert found.se[0] == pytest.approx(error, abs=1e-10)


def imputing(**changed: object) -> dict[str, object]:
    """An endpoint that is imputed."""
    own: dict[str, object] = {"name": "afs", "outcome": "amputation_free_survival", "test": "risk_difference"}
    return own | {"at_months": 12.0, "lost": "multiple_imputation", "imputations": 5} | changed


def test_imputed_endpoint_is_pooled_by_rubins_rules() -> None:
    """Risk differences of every completed data set, their mean, and Rubin's variance, by hand; rates are means too."""
    rng = np.random.default_rng(3)
    n = 80
    arm = np.arange(n) % 2
    gone, died = rng.exponential(1.5, n), rng.exponential(1.5, n)
    lost = np.where(gone < np.minimum(died, 1.0), gone, NEVER)
    died = np.where((died < 1.5) & np.isinf(lost), died, NEVER)
    data = trial(arm=arm, lost=lost, died=died)
    endpoint = Endpoint(**imputing())  # type: ignore[arg-type]
    whole = completed(endpoint, data)[:, 0]
    assert (whole[:, np.isinf(lost)] == (died > 1.0)[np.isinf(lost)]).all()
    assert 0.0 < whole[:, np.isfinite(lost)].mean() < 1.0
    rates = np.array([[each[arm == a].mean() for a in (0, 1)] for each in whole])
    within = (rates * (1 - rates) / (n / 2)).sum(axis=1).mean()
    between = np.var(rates[:, 1] - rates[:, 0], ddof=1)
    found = analyse(endpoint, data)
    assert found.estimate[0] == pytest.approx((rates[:, 1] - rates[:, 0]).mean())
    assert found.se[0] == pytest.approx(np.sqrt(within + 1.2 * between))
    assert found.shares["rate_1"][0] == pytest.approx(rates[:, 1].mean())
    assert found.shares["missing"][0] == pytest.approx(np.isfinite(lost).mean())
    assert found.information[0] == n
    share = 1.2 * between / (within + 1.2 * between)
    observed = 79 / 81 * 78 * (1 - share)
    df = 1 / (1 / observed + share**2 / 4)
    assert ndtr(found.z[0]) == pytest.approx(student.cdf(found.estimate[0] / found.se[0], df))
    loss = Endpoint(**imputing(aim="non_inferiority", margin=0.1))  # type: ignore[arg-type]
    shifted = (found.estimate[0] + 0.1) / found.se[0]
    assert ndtr(analyse(loss, data).z[0]) == pytest.approx(student.cdf(shifted, df))


def test_imputations_are_the_trials_own(tmp_path: Path) -> None:
    """Trials have the same imputations alone or among others, at a later look too; another endpoint and trial have others."""
    sim = simulation(tmp_path, 4, endpoints=[imputing()], drop_out={"per_year": 0.8})
    truth = sim.truth("scenario")
    whole, last = sim.lives(truth, 0, 4, 60), sim.lives(truth, 2, 2, 60)
    endpoint = sim.design.endpoints[0]
    found = completed(endpoint, whole)
    assert (found[:, 2:] == completed(endpoint, last)).all()
    _, missing = at_a_time(endpoint, whole)
    assert missing.sum() > 40
    differs = found[0] != found[1]
    assert differs.any()
    assert not (differs & ~missing).any()
    renamed = endpoint.model_copy(update={"name": "other"})
    assert (completed(renamed, whole) != found).any()
    assert len(np.unique(whole.luck)) == 4


def test_imputation_keeps_the_level_and_recovers_the_truth(tmp_path: Path) -> None:
    """A third lost: 2.5% of 2,000 trials reject without an effect, and with one the mean estimate is the stated difference,
    which the share among those who stayed is not; the mean of Rubin's variances is that of the estimates."""
    stated = [
        {"outcome": "amputation_free_survival", "arm": "control", "event_rate": 0.5, "at_months": 12.0},
        {"outcome": "amputation_free_survival", "arm": "cells", "event_rate": 0.3, "at_months": 12.0},
        {"outcome": "drop_out", "event_rate": 0.4, "at_months": 12.0},
    ]
    stayed = {key: value for key, value in imputing(name="stayed").items() if key not in ("lost", "imputations")}
    trials = 2_000
    sim = simulation(tmp_path, trials, stated=stated, endpoints=[imputing(), stayed], visits={}, size={"patients": 200})
    conduct = sim.conduct()
    null, real = (sim.run(sim.truth(name), [conduct])[0] for name in ("stated_null", "stated"))
    error = (0.025 * 0.975 / trials) ** 0.5
    for z in (null["z_at_end:afs"], -null["z_at_end:afs"]):
        assert abs((z > 1.959964).mean() - 0.025) < 4.0 * error
    estimates, errors = real["estimate_at_end:afs"], real["se_at_end:afs"]
    near = 4.0 * estimates.std() / trials**0.5
    assert estimates.mean() == pytest.approx(0.2, abs=near)
    assert abs(real["estimate_at_end:stayed"].mean() - 0.2) > near
    assert (errors**2).mean() == pytest.approx(estimates.var(), rel=0.1)
    assert real["missing_at_end:afs"].mean() > 0.25


@pytest.mark.parametrize("test", ["risk_ratio", "cmh", "g_computation"])
def test_other_tests_of_two_arms_are_pooled_too(tmp_path: Path, test: str) -> None:
    """Nobody lost: the pooled estimate and error are those of the test itself."""
    strata = {"strata": [{"factor": "renal"}]}
    sim = simulation(tmp_path, 2, endpoints=[imputing(test=test)], drop_out={"per_year": 0.0}, randomisation=strata)
    data = sim.lives(sim.truth("scenario"), 0, 2, 120)
    endpoint = sim.design.endpoints[0]
    pooled, plain = (analyse(endpoint.model_copy(update={"lost": lost}), data) for lost in (endpoint.lost, "excluded"))
    assert pooled.estimate == pytest.approx(plain.estimate)
    assert pooled.se == pytest.approx(plain.se)
    assert np.isfinite(pooled.z).all()


def test_reinterventions_come_from_lives(tmp_path: Path) -> None:
    """Under repeated angioplasty some patients have one, after entry and before death; under no angioplasty nobody has."""
    arms = [{"name": "control", "policy": "conservative"}, {"name": "pta", "policy": "pta"}]
    sim = simulation(tmp_path, 4, arms=arms, entry={"angioplasty_suitable": "yes"})
    data = sim.lives(sim.truth("scenario"), 0, 4, 120)
    again = np.isfinite(data.reintervened)
    assert not again[data.arm == 0].any()
    assert 0.01 < again[data.arm == 1].mean() < 0.9
    assert (data.reintervened[again] > 0.0).all()
    assert (data.reintervened[again] <= data.died[again]).all()
    assert not np.isfinite(cut(data, 0.0).reintervened).any()


def test_imputation_of_a_test_without_an_error_is_refused_with_its_reason(tmp_path: Path) -> None:
    """What Rubin's rules cannot pool is an error that says why and names the tests they can."""
    endpoint = {"name": "e", "outcome": "death", "test": "chi_square", "at_months": 6.0, "lost": "multiple_imputation"}
    with pytest.raises(BadInput, match="Rubin's rules could pool; or the test risk_difference"):
        simulation(tmp_path, 1, endpoints=[endpoint])
