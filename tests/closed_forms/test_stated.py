"""Trials of stated rates: the laws that a protocol's words mean, and what becomes of patients whose luck is known."""

from __future__ import annotations

from math import inf, log
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.questions.trial.design.sites import sites_of
from simulator.questions.trial.design.stated import Stated, stated_faults
from simulator.questions.trial.simulation.stated_trials import STREAMS, StatedLaws, stated_laws, stated_trials
from simulator.rules.draws import budget
from simulator.statistics.sizes.survival_course import NONE, Pieces
from simulator.words.vocabulary import Stream

ARMS = [SimpleNamespace(name="control", allocation=1), SimpleNamespace(name="cells", allocation=1)]
AFS = SimpleNamespace(name="afs", outcome="amputation_free_survival", test="logrank", stratified=False)


def design(*of: Stated, **changed: Any) -> Any:
    """Two arms with the statements `of`."""
    usual: dict[str, Any] = {
        "arms": ARMS,
        "stated": of,
        "endpoints": [AFS],
        "crossover": None,
        "two_stage": None,
        "randomisation": SimpleNamespace(strata=()),
        "block": 2,
        "accrual": SimpleNamespace(
            entries=lambda seed, first, trials, patients: np.tile(np.arange(patients) / 4.0, (trials, 1)),
            open_sites=lambda entries: np.ones(entries.shape, np.int64),
        ),
        "follow_up": SimpleNamespace(months=12.0, until="own"),
    }
    return SimpleNamespace(**(usual | changed))


def test_what_each_way_of_stating_means() -> None:
    """A share by a time, a median, hazards in pieces, a ratio: all as hazards a year."""
    control = Pieces((0.5,))
    one = Stated(outcome="death", event_rate=0.4, at_months=6.0).law(NONE)
    assert one.rates == pytest.approx((-log(0.6) / 0.5,))
    two = Stated(outcome="death", event_rate=[0.2, 0.4], at_months=[6.0, 24.0]).law(NONE)
    assert two.rates == pytest.approx((-log(0.8) / 0.5, log(0.8 / 0.6) / 1.5))
    assert two.until == (0.5,)
    assert Stated(outcome="death", median_months=18.0).law(NONE).rates == pytest.approx((log(2.0) / 1.5,))
    pieces = Stated(outcome="death", hazard_per_year=[0.3, 0.1], until_months=[3.0]).law(NONE)
    assert pieces == Pieces((0.3, 0.1), (0.25,))
    assert Stated(outcome="death", hazard_per_year=0.3).law(NONE) == Pieces((0.3,))
    assert Stated(outcome="death", hazard_ratio=0.6).law(control).rates == pytest.approx((0.3,))


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({"event_rate": 0.4, "at_months": 12.0}, []),
        ({"event_rate": [0.2, 0.4], "at_months": [6.0, 12.0]}, []),
        ({"hazard_per_year": [0.2, 0.1], "until_months": [6.0]}, []),
        ({"hazard_per_year": [0.2, 0.1, 0.3], "until_months": [6.0, 12.0]}, []),
        ({}, ["event_rate"]),
        ({"median_months": 3.0, "hazard_ratio": 0.5}, ["event_rate"]),
        ({"event_rate": 0.4}, ["at_months"]),
        ({"median_months": 3.0, "at_months": 6.0}, ["at_months"]),
        ({"event_rate": [0.4, 0.2], "at_months": [6.0, 12.0]}, ["at_months"]),
        ({"event_rate": [0.2, 0.4], "at_months": [12.0, 6.0]}, ["at_months"]),
        ({"event_rate": [0.2, 0.4], "at_months": [6.0, 6.0]}, ["at_months"]),
        ({"event_rate": [0.2, 0.2], "at_months": [6.0, 12.0]}, ["at_months"]),
        ({"median_months": 3.0, "until_months": [6.0]}, ["until_months"]),
        ({"hazard_per_year": [0.2, 0.1]}, ["until_months"]),
        ({"hazard_per_year": [0.2], "until_months": [6.0]}, ["until_months"]),
        ({"hazard_per_year": [0.2, 0.1, 0.3], "until_months": [12.0, 6.0]}, ["until_months"]),
        ({"hazard_per_year": [0.2, 0.1, 0.3], "until_months": [6.0, 6.0]}, ["until_months"]),
    ],
)
def test_one_way_with_its_times(given: dict[str, Any], keys: list[str]) -> None:
    """Exactly one way; shares rise with their times, hazards have one break fewer."""
    assert [key for key, _, _ in Stated(outcome="death", **given).faults()] == keys


@pytest.mark.parametrize(
    ("key", "inside", "outside"),
    [
        ("event_rate", (1e-6, 0.999999), (0.0, 1.0)),
        ("at_months", (0.03, 600.0), (0.02, 601.0)),
        ("hazard_per_year", (0.0, 1000.0), (-0.1, 1001.0)),
        ("hazard_ratio", (0.001, 1000.0), (0.0009, 1001.0)),
        ("median_months", (0.01, 6000.0), (0.009, 6001.0)),
    ],
)
def test_limits(key: str, inside: tuple[float, float], outside: tuple[float, float]) -> None:
    """The limits themselves can be stated, what lies beyond them cannot."""
    for value in inside:
        assert getattr(Stated(outcome="death", **{key: value}), key) in (value, (value,))
    for value in outside:
        with pytest.raises(ValidationError, match=key):
            Stated(outcome="death", **{key: value})


def afs(arm: str | None = None, **given: Any) -> Stated:
    """A statement about amputation-free survival."""
    return Stated(outcome="amputation_free_survival", arm=arm, **(given or {"median_months": 10.0}))


def of(outcome: Any, arm: str | None = None) -> Stated:
    """A median of an outcome."""
    return Stated(outcome=outcome, arm=arm, median_months=10.0)


@pytest.mark.parametrize(
    ("statements", "changed", "keys"),
    [
        ([afs()], {}, []),
        ([afs("control"), afs("cells", hazard_ratio=0.5)], {}, []),
        ([afs(), afs("cells", hazard_ratio=0.5)], {}, []),
        ([of("major_amputation"), of("death"), of("drop_out")], {}, []),
        ([], {"crossover": 1}, []),
        ([afs("nobody"), afs()], {}, ["stated[1].arm"]),
        ([afs("control", hazard_ratio=0.5), afs("cells")], {}, ["stated[1].arm"]),
        ([afs("cells"), afs(None, hazard_ratio=0.5)], {}, ["stated[2].arm"]),
        ([afs("cells")], {}, ["stated"]),
        ([afs("control"), afs("control"), afs("cells")], {}, ["stated"]),
        ([afs(), afs()], {}, ["stated", "stated"]),
        ([afs(), of("death")], {}, ["stated"]),
        ([afs(), of("major_amputation")], {}, ["stated"]),
        ([of("death")], {}, ["endpoints.afs.outcome"]),
        ([of("major_amputation")], {}, ["endpoints.afs.outcome"]),
        ([afs()], {"crossover": 1}, ["stated"]),
        ([afs()], {"two_stage": 1}, ["stated"]),
        ([afs()], {"randomisation": SimpleNamespace(strata=("renal",))}, ["randomisation.strata"]),
        (
            [afs()],
            {"endpoints": [AFS, SimpleNamespace(**(vars(AFS) | {"stratified": True}))]},
            ["randomisation.strata"],
        ),
        (
            [afs()],
            {"endpoints": [SimpleNamespace(**(vars(AFS) | {"test": "g_computation"}))]},
            ["endpoints.afs.test"],
        ),
        (
            [afs()],
            {"endpoints": [SimpleNamespace(**(vars(AFS) | {"outcome": "tcpo2"}))]},
            ["endpoints.afs.outcome"],
        ),
    ],
)
def test_what_cannot_be_stated(statements: list[Stated], changed: dict[str, Any], keys: list[str]) -> None:
    """Nobody's arm, a ratio to nothing, twice or not at all, two names of one event, what lives alone can tell."""
    assert [key for key, _, _ in stated_faults(design(*statements, **changed))] == keys


def test_a_statement_of_an_arm_goes_before_that_of_all() -> None:
    """Losses of the register unless stated; death stands for amputation or death; ratios are to the first arm."""
    found = stated_laws(design(afs("cells", hazard_ratio=0.5), afs(None, hazard_per_year=0.4)), 0.05)
    assert found.laws[0] == (NONE, Pieces((0.4,)), NONE, Pieces((0.05,)))
    assert found.laws[1] == (NONE, Pieces((0.2,)), NONE, Pieces((0.05,)))
    own = Stated(outcome="drop_out", hazard_per_year=0.3)
    three = [*ARMS, SimpleNamespace(name="more", allocation=1)]
    ratios = afs("cells", hazard_ratio=0.5), afs("more", hazard_ratio=2.0)
    other = stated_laws(design(*ratios, afs(None, hazard_per_year=0.4), arms=three), 0.05)
    assert [laws[1].rates for laws in other.laws] == [(0.4,), (0.2,), (0.8,)]
    whole = stated_laws(
        design(
            Stated(outcome="healing", hazard_per_year=2.0), Stated(outcome="major_amputation", hazard_per_year=0.6), own
        ),
        0.05,
    )
    assert whole.laws[0] == (Pieces((0.6,)), NONE, Pieces((2.0,)), Pieces((0.3,)))
    assert found.without_effect().laws == (found.laws[0],) * 2


LAWS = StatedLaws(((Pieces((0.5,)), Pieces((0.4,)), Pieces((2.0,)), Pieces((0.3,))),) * 2)


def test_times_are_a_patients_luck_over_the_rate() -> None:
    """Patient i of trial t has luck number t 2^20 + i of each stream: events come at luck / rate, if nothing ends it before."""
    made = stated_trials(design(), LAWS, 7, 3, 2, 40)
    for trial in range(2):
        for i in range(40):
            number = (3 + trial) * 2**20 + i
            amputated, died, healed, lost = (
                budget(np.uint64(7), number, stream, 0) / rate
                for stream, rate in zip(STREAMS, (0.5, 0.4, 2.0, 0.3), strict=True)
            )
            end = min(1.0, lost)
            died = died if died <= end else inf
            seen = min(end, died)
            assert made.died[trial, i] == pytest.approx(died)
            assert made.amputated[trial, i] == pytest.approx(amputated if amputated <= seen else inf)
            assert made.healed[trial, i] == pytest.approx(healed if healed <= seen else inf)
            assert made.lost[trial, i] == pytest.approx(lost if lost < min(1.0, died) else inf)
    assert STREAMS == (Stream.MAJOR_AMPUTATION, Stream.DISEASE_DEATH, Stream.HEALING, Stream.DROP_OUT)
    assert (np.bincount(made.arm[0]) == 20).all()  # blocks of two
    assert np.isinf(made.crossed).all() and np.isinf(made.reintervened).all() and np.isnan(made.tcpo2_entry).all()
    assert (made.screened == 1.0).all() and (made.caused == 0.0).all() and (made.stratum == 0).all()


def test_a_loss_at_the_end_is_none() -> None:
    """Whoever is lost on the day on which follow-up ends, or dies, is not lost."""
    laws = StatedLaws(((NONE, NONE, NONE, Pieces((1.0,))),) * 2)
    lost = stated_trials(design(), laws, 7, 0, 1, 30).lost[0]
    place, when = next((i, at) for i, at in enumerate(lost) if np.isfinite(at) and 12.0 * at / 12.0 == at)
    follow_up = SimpleNamespace(months=12.0 * when, until="own")
    ended = stated_trials(design(follow_up=follow_up), laws, 7, 0, 1, 30)
    assert ended.end[0, place] == when and np.isinf(ended.lost[0, place])


def test_places_of_faults_count_from_one() -> None:
    """The second statement's own fault is that of stated[2]."""
    found = list(stated_faults(design(afs(), Stated(outcome="drop_out"))))
    assert [key for key, _, _ in found] == ["stated[2].event_rate"]


def test_blocks_of_each_trial_begin_anew() -> None:
    """In blocks of four every trial has two and two of its first four, whatever the trial before left."""
    arms = stated_trials(design(block=4), LAWS, 7, 0, 40, 6).arm
    assert (arms[:, :4].sum(axis=1) == 2).all()


def test_sites_are_drawn_for_each_patient() -> None:
    """Where ten are open the sites are those of the patient's own numbers."""
    accrual = design().accrual
    accrual.open_sites = lambda entries: np.full(entries.shape, 10, np.int64)
    made = stated_trials(design(accrual=accrual), LAWS, 7, 3, 2, 5)
    assert np.array_equal(made.site, sites_of(np.uint64(7), 3, np.full((2, 5), 10, np.int64)))
    assert made.tcpo2.shape == made.walking.shape == made.walked.shape == (2, 5, 0)


def test_each_arm_has_its_own_law() -> None:
    """Nobody of the first arm dies; in the second all die when their luck, over ten a year, says."""
    laws = StatedLaws(((NONE,) * 4, (NONE, Pieces((10.0,)), NONE, NONE)))
    made = stated_trials(design(), laws, 7, 0, 1, 30)
    control = made.arm[0] == 0
    assert np.isinf(made.died[0][control]).all()
    luck = np.array([budget(np.uint64(7), i, Stream.DISEASE_DEATH, 0) for i in range(30)])
    due = luck[~control] / 10.0
    assert made.died[0][~control] == pytest.approx(np.where(due <= 1.0, due, inf))


@pytest.mark.parametrize(("until", "longer", "ends"), [("own", 0.5, [1.0] * 4), ("last", 0.5, [2.25, 2.0, 1.75, 1.5])])
def test_how_long_patients_are_followed(until: str, longer: float, ends: list[float]) -> None:
    """A year each; or, entered a quarter apart, all until a year (and what it may be longer) after the last one."""
    plan = design(follow_up=SimpleNamespace(months=12.0, until=until))
    assert stated_trials(plan, LAWS, 1, 0, 1, 4, longer).end[0] == pytest.approx(ends)
