"""What knowing the arm changes, losses by arm and by outcome, sites that differ, minimisation, screening."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rules.people import a_life, a_patient, at_risk
from trial_designs import TWO_ARMS, lives, planned, same, simulation

from simulator.evidence.hospitals import OFFSETS, load_hospitals
from simulator.questions.trial.design.allocation import minimise, stratum_rules
from simulator.questions.trial.design.blinding import decision_ratio, knowledge_of, reports_walking, withdrawal_ratio
from simulator.questions.trial.design.design import Stratum
from simulator.questions.trial.design.drop_out import leaves_at
from simulator.questions.trial.design.sites import site_offsets
from simulator.questions.trial.results.operating import type_i_errors
from simulator.questions.trial.results.screening import ENTERED, screening_table
from simulator.questions.trial.simulation.recruits import DIARY, Diary, event_happens
from simulator.rules.population.patient import COLUMNS
from simulator.scenario import load_scenario
from simulator.words.errors import BadInput
from simulator.words.vocabulary import Event, Risk

SHAM = [{"name": "control", "policy": "sham"}, {"name": "cells", "policy": "protocol"}]
OPEN = {"hidden_from": "nobody"}
SITES = {"pattern": "sites", "per_month": 1.0, "sites": 8, "opening_months": 0.5}


KNOWING = {"known_control_amputation_hr": 1.2, "known_control_withdrawal_hr": 2.0, "expected_walking_report": 0.1}


def test_ratios_of_knowing_by_hand() -> None:
    """Only a control patient is decided about and leaves differently, and only where the arm is known."""
    numbers = load_scenario().params(KNOWING)
    assert [decision_ratio(c, k, numbers) for c, k in ((1.0, True), (1.0, False), (0.0, True))] == [1.2, 1.0, 1.0]
    assert [withdrawal_ratio(c, k, numbers) for c, k in ((1.0, True), (1.0, False), (0.0, True))] == [2.0, 1.0, 1.0]
    # Sure of having been treated: 10%; blind at 1:1: 5% in either arm; sure of having got nothing: none.
    assert reports_walking(0.0, True, 0.5, numbers, 0.099) and not reports_walking(0.0, True, 0.5, numbers, 0.101)
    assert not reports_walking(1.0, True, 0.5, numbers, 0.0)
    for control in (0.0, 1.0):
        assert reports_walking(control, False, 0.5, numbers, 0.049)
        assert not reports_walking(control, False, 0.5, numbers, 0.051)


@pytest.mark.parametrize(
    ("blinding", "patients", "surgeons"),
    [
        (OPEN, 1.0, 1.0),
        ({"hidden_from": "patients", "found_out": 0.1}, 0.1, 1.0),
        ({"hidden_from": "everybody", "found_out": 0.1}, 0.1, 0.1),
    ],
)
def test_who_knows(tmp_path: Path, blinding: dict[str, Any], patients: float, surgeons: float) -> None:
    """Open: all; single-blind: surgeons; double-blind: those of whom it came out. The chance is the allocation's."""
    arms = [SHAM[0], SHAM[1] | {"allocation": 2}]
    if blinding == OPEN:
        arms[0] = arms[0] | {"policy": "conservative"}
    found = knowledge_of(planned(tmp_path, arms=arms, blinding=blinding).design)
    assert (found.patients, found.surgeons, found.chance) == (patients, surgeons, pytest.approx(2 / 3))
    assert found.control.tolist() == [1.0, 0.0]


def test_open_label_makes_a_difference_where_there_is_none(tmp_path: Path) -> None:
    """Under the null more legs of the open control arm are lost, and nobody of the other arm fares differently; a double-blind
    sham trial has no difference, and a design that does not speak of blinding is left as it was."""
    plain = lives(simulation(tmp_path, 8), 8, "null")
    known = lives(simulation(tmp_path, 8, blinding=OPEN), 8, "null")
    control = plain.arm == 0
    lost = [(data.amputated <= 1.0) for data in (plain, known)]
    assert lost[1][control].sum() > lost[0][control].sum()
    assert not (lost[0] & ~lost[1] & np.isinf(known.died) & np.isinf(known.lost))[control].any(), "only sooner"
    assert np.array_equal(plain.amputated[~control], known.amputated[~control])
    hidden = simulation(tmp_path, 8, arms=SHAM, blinding={"hidden_from": "everybody"})
    nothing = simulation(tmp_path, 8, arms=[SHAM[0] | {"policy": "conservative"}, SHAM[1]])
    blind, other = (lives(sim, 8, "null") for sim in (hidden, nothing))
    assert np.array_equal(blind.amputated, other.amputated), "a sham is conservative care for the limb"
    assert np.array_equal(blind.lost, other.lost)


@pytest.mark.parametrize(
    ("blinding", "foreseen"),
    [
        (OPEN, True),
        ({"hidden_from": "everybody", "found_out": 0.1}, True),
        ({"hidden_from": "everybody"}, False),
    ],
)
def test_a_level_that_knowing_moves_is_foreseen(tmp_path: Path, blinding: dict[str, Any], foreseen: bool) -> None:
    """Where anybody knows the arm, the design as a whole and each test alone may be liberal for that reason."""
    arms = TWO_ARMS["arms"] if blinding == OPEN else SHAM
    conduct = simulation(tmp_path, 60, arms=arms, blinding=blinding).conduct()
    rejected = {f"z_at_end:{name}": np.full(60, 9.0) for name in ("afs", "death", "tcpo2")}
    table = type_i_errors(conduct, {"any_rejected": np.ones(60), "reason": np.zeros(60), **rejected})
    assert set(table["verdict"]) == {"liberal"} and len(table) == 4
    assert (table["reason"].str.contains("known_arms") == foreseen).all()


def test_ranges_of_knowing_reach_the_assurance(tmp_path: Path) -> None:
    """Under the posterior every trial has its own size of what knowing does, within the register's range."""
    sim = simulation(tmp_path, 6, blinding=OPEN)
    ratios = sim.truth("posterior").params["known_control_amputation_hr"]
    assert len(set(ratios)) == 6
    assert ratios.min() >= 1.0 and ratios.max() <= 1.3


def test_when_somebody_leaves_by_hand() -> None:
    """Three times as often until the limb heals: a budget of 0.9 at a rate of 1 is spent at 0.3, or, healed at 0.2, at 0.5."""
    assert leaves_at(0.9, 1.0, 3.0, inf) == pytest.approx(0.3)
    assert leaves_at(0.9, 1.0, 3.0, 0.2) == pytest.approx(0.2 + 0.3)
    assert leaves_at(0.9, 1.0, 1.0, 0.2) == pytest.approx(0.9)
    assert leaves_at(0.9, 0.0, 3.0, inf) == inf


def test_losses_by_arm_and_by_outcome(tmp_path: Path) -> None:
    """An arm with its own rate loses more; where the unhealed leave, nothing is known of anybody after the loss, and the healed
    are lost less often than the same patients with the same rate throughout."""
    more = lives(simulation(tmp_path, 8, drop_out={"per_year": 0.05, "by_arm": {"control": 0.8}}), 8)
    gone = np.isfinite(more.lost)
    assert gone[more.arm == 0].mean() > 0.3
    assert gone[more.arm == 1].mean() < 0.15
    even = lives(simulation(tmp_path, 8, drop_out={"per_year": 0.9}), 8)
    told = lives(simulation(tmp_path, 8, drop_out={"per_year": 0.3, "unhealed_ratio": 3.0}), 8)
    healed = np.isfinite(told.healed)
    assert np.isfinite(told.lost)[healed].mean() < np.isfinite(even.lost)[np.isfinite(even.healed)].mean()
    # Whoever never heals leaves as if the rate were three times as high all along.
    never = np.isinf(told.healed) & np.isinf(even.healed)
    assert np.allclose(told.lost[never], even.lost[never], rtol=1e-12)
    for name in ("healed", "amputated", "died", "crossed", "reintervened"):
        times = getattr(told, name)
        assert not (np.isfinite(times) & (times > told.lost)).any(), name
    late = told.visits[None, None, :] > told.lost[:, :, None]
    assert np.isnan(told.tcpo2[late]).all()
    one = lives(simulation(tmp_path, 8, drop_out={"per_year": 0.3, "unhealed_ratio": 1.0}), 8)
    assert same(one, lives(simulation(tmp_path, 8, drop_out={"per_year": 0.3}), 8))


def test_sites_are_hospitals_of_their_own(tmp_path: Path) -> None:
    """Patients of a site share its hospital, sites that do not differ share one, and blocks of trials change nothing."""
    alike = lives(simulation(tmp_path, 4, accrual=SITES), 4)
    differ = simulation(tmp_path, 4, accrual=SITES | {"hospitals": "different"})
    data = lives(differ, 4)
    assert np.array_equal(alike.site, data.site) and np.array_equal(alike.entry, data.entry)
    assert not np.array_equal(alike.amputated, data.amputated)
    later = differ.lives(differ.truth("scenario"), 2, 2, 120)
    assert np.array_equal(later.amputated, data.amputated[2:])
    found = load_hospitals()
    assert found is not None
    offsets = site_offsets(found, 8, 1, 0, 400)
    assert np.array_equal(site_offsets(found, 3, 1, 5, 2), offsets[5:7, :3])
    # The spread within trials is what the fit says of hospitals (sd), up to the heavy tails of some rows.
    middle = np.sqrt(np.mean(found.column("sd_healing") ** 2))
    assert np.median(offsets[:, :, 1].std(axis=1, ddof=1)) == pytest.approx(middle, rel=0.25)


def test_only_patients_of_a_site_that_differs_fare_differently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With seven founding hospitals and one that amputates twenty times as often, its patients alone lose more legs."""
    alike = lives(simulation(tmp_path, 3, accrual=SITES, centre="founding"), 3)

    def one_differs(_: object, sites: int, seed: int, first: int, trials: int) -> np.ndarray:
        offsets = np.zeros((trials, sites, len(OFFSETS)))
        offsets[:, 5, OFFSETS.index("amputation")] = np.log(20.0)
        return offsets

    monkeypatch.setattr("simulator.questions.trial.design.sites.site_offsets", one_differs)
    data = lives(simulation(tmp_path, 3, accrual=SITES | {"hospitals": "different"}), 3)
    there = data.site == 5
    assert 20 < there.sum() < 120
    assert np.array_equal(data.amputated[~there], alike.amputated[~there])
    assert np.isfinite(data.amputated[there]).mean() > np.isfinite(alike.amputated[there]).mean() + 0.2


def test_minimisation_follows_the_margins() -> None:
    """With certainty the arm that evens out is given: after one patient the next of the same kind has the other arm."""
    rules = stratum_rules((Stratum(factor="male"), Stratum(factor="site")), sites=3)
    row, counts = np.zeros(len(COLUMNS)), np.zeros((2, 3, 2))
    key: Any = np.uint64(4)
    arms = [minimise(counts, row, rules, 1, 1.0, key, number) for number in range(10)]
    assert all(one != other for one, other in zip(arms[::2], arms[1::2], strict=True))
    assert counts[:, [0, 1]].tolist() == [[[5.0, 5.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 5.0]]]
    firsts = [minimise(np.zeros((2, 3, 3)), row, rules, 1, 1.0, key, number) for number in range(3000)]
    assert np.bincount(firsts).tolist() == pytest.approx([1000, 1000, 1000], abs=100), "ties are drawn"
    uneven = counts.copy()
    uneven[:, :, 0] += 1.0
    follows = [minimise(uneven.copy(), row, rules, 1, 0.7, key, number) for number in range(1000)]
    assert np.mean(np.array(follows) == 1) == pytest.approx(0.7, abs=0.06)


def test_minimised_trials_balance_every_margin(tmp_path: Path) -> None:
    """Each site's arms differ by a few patients at most, which a coin alone would often exceed."""
    rule = {"method": "minimised", "follow": 0.95, "strata": [{"factor": "site"}, {"factor": "male"}]}
    data = lives(simulation(tmp_path, 6, accrual=SITES, randomisation=rule), 6)
    gaps = [abs(int((data.arm[t][data.site[t] == s] * 2 - 1).sum())) for t in range(6) for s in range(8)]
    assert max(gaps) <= 4 and np.mean(gaps) < 1.8, gaps
    assert len(np.unique(data.stratum)) > 8, "the stratum of the analysis holds the site"


def test_screening_counts_who_is_turned_away(tmp_path: Path) -> None:
    """Shares agree with the trial's own count of the screened, and measurement error lets some in and keeps some out."""
    sim = simulation(tmp_path, 40, endpoints=TWO_ARMS["endpoints"][:1], visits=None)
    table = screening_table(sim)
    assert table is not None
    table = table.set_index("criterion")
    entered = table.loc[ENTERED]
    data = lives(sim, 40)
    assert 1.0 / data.screened.mean() == pytest.approx(entered["alone"], abs=4.0 * entered["alone_se"])
    assert 0.0 < entered["wrongly"] < 0.2 < table.loc["tcpo2", "wrongly"] < 0.6
    assert (table["alone"] <= table["turned_away"].fillna(1.0)).all()
    turned = table.drop(ENTERED)
    assert (turned["alone"] < turned["turned_away"]).all(), "some are turned away by several"
    assert "age" not in table.index, "no limit, no row"


@pytest.mark.parametrize(
    ("changed", "key", "why"),
    [
        ({"arms": SHAM}, "arms.control.policy", "a sham only with"),
        ({"blinding": {"hidden_from": "everybody"}}, "arms.control.policy", "given nothing know it"),
        ({"blinding": OPEN | {"found_out": 0.1}}, "blinding.found_out", "only where the arm is hidden"),
        ({"blinding": OPEN | {"control": "nobody"}}, "blinding.control", "one of control, cells"),
        ({"drop_out": {"by_arm": {"contrl": 0.1}}}, "drop_out.by_arm.contrl", "one of control, cells"),
        ({"accrual": {"per_month": 1.0, "hospitals": "different"}}, "accrual.hospitals", "pattern 'sites'"),
        ({"accrual": SITES | {"hospitals": "different"}, "centre": "average"}, "centre", "hospitals of their own"),
        ({"centre": {"years": 1.0}}, "centre", "at least one of amputations"),
        ({"randomisation": {"method": "minimised"}}, "randomisation.strata", "what minimisation balances"),
        ({"randomisation": {"follow": 0.9}}, "randomisation.follow", "only with method"),
        ({"randomisation": {"strata": [{"factor": "site"}]}}, "randomisation.strata", "pattern 'sites'"),
        ({"randomisation": {"strata": [{"factor": "male"}] * 2}}, "randomisation.strata", "each factor once"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(
    tmp_path: Path, changed: dict[str, Any], key: str, why: str
) -> None:
    """One message with the key and the reason."""
    with pytest.raises(BadInput, match=why) as caught:
        planned(tmp_path, **changed)
    assert key in {problem.key for problem in caught.value.problems}


def test_a_trial_says_which_hospital_it_is_at(tmp_path: Path) -> None:
    """At the average hospital more legs are lost than at the founding one, as a scenario of it says."""
    data = {centre: lives(simulation(tmp_path, 6, centre=centre), 6) for centre in ("founding", "average")}
    lost = {centre: (each.amputated <= 1.0).mean() for centre, each in data.items()}
    assert lost["average"] > lost["founding"]
    assert same(data["average"], lives(simulation(tmp_path, 6), 6)), "the base scenario speaks for the average one"


@pytest.mark.parametrize(("crossed_at", "ratio"), [(0.5, 1.0), (inf, 2.0)])
def test_who_has_crossed_over_is_not_decided_about_as_a_control(crossed_at: float, ratio: float) -> None:
    """Twice the hazard of 0.4 a year until then and 0.4 afterwards, with half a year at the double one spent; whoever did not
    get what was offered stays a control."""
    life = a_life(crossed_at=crossed_at, next_dose=inf)
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.8, unspent=1.0)
    life.effect[Risk.MAJOR_AMPUTATION] = 2.0
    now = np.zeros(1, DIARY)[0]
    now.decision_hr, now.reintervened = 2.0, inf
    diary = Diary(now, np.zeros(0, np.int64), np.zeros((3, 0)))
    getattr(event_happens, "py_func", event_happens)(diary, life, a_patient(), None, 0.5, Event.CROSSES_OVER)
    assert (now.decision_hr, life.effect[Risk.MAJOR_AMPUTATION]) == (ratio, ratio)
    assert life.rate[Risk.MAJOR_AMPUTATION] == pytest.approx(0.4 * ratio)
    if ratio == 1.0:
        assert life.budget[Risk.MAJOR_AMPUTATION] == pytest.approx(1.0 - 0.5 * 0.8)
        assert life.clinical_at == pytest.approx(0.5 + 0.6 / 0.4)
