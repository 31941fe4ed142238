"""Endpoints of limb salvage: reintervention, limb events and success by hand, lost patients, and survival at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from trial_designs import simulation

from simulator.questions.trial.analysis.analysis import analyse, at_a_time, time_to_event
from simulator.questions.trial.analysis.data import TrialData, cut
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
    return TrialData(**arrays, visits=np.empty(0), tcpo2=nothing, walking=nothing, walked=nothing)


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


def test_imputation_is_refused_with_its_reason(tmp_path: Path) -> None:
    """What cannot be done honestly is an error that says why."""
    endpoint = {"name": "e", "outcome": "death", "test": "chi_square", "at_months": 6.0, "lost": "multiple_imputation"}
    with pytest.raises(BadInput, match="imputed from the arm alone"):
        simulation(tmp_path, 1, endpoints=[endpoint])
