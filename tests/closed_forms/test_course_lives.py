"""Figures of the course are formed from histories: six lives written down, and what is read of them."""

from __future__ import annotations

from math import inf, nan
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.course.figures import Among
from simulator.questions.course.lives import AMPUTATED, AMPUTATION_OR_DEATH, EVENTS, HEALED, OPEN, STATES, Lives
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

WORDS = [event.name.lower() for event in Event]
STORIES: dict[int, tuple[tuple[float, str], ...]] = {
    # An ulcer that heals, comes again and costs the leg, whose stump heals and is converted.
    3: (
        *((0.0, "referral"), (0.25, "visit"), (0.4, "healed"), (1.0, "new_wound"), (1.5, "below_knee_amputation")),
        *((2.0, "stump_healed"), (2.2, "walks"), (2.5, "conversion"), (5.0, "horizon")),
    ),
    # An ulcer with a minor amputation, healed then, until death.
    4: (
        *((0.0, "referral"), (0.2, "minor_amputation"), (0.25, "visit"), (0.6, "healed")),
        *((3.0, "walks_no_more"), (4.0, "disease_death")),
    ),
    # Rest pain, relieved, with a wound later that never heals.
    7: ((0.0, "referral"), (0.25, "visit"), (0.3, "pain_relieved"), (2.0, "new_wound"), (5.0, "horizon")),
    # Rest pain only; the other leg is lost.
    8: ((0.0, "referral"), (0.25, "visit"), (1.0, "other_limb_amputation"), (5.0, "horizon")),
    # An ulcer above which the leg is lost at once; dead of the operation.
    9: ((0.0, "referral"), (0.1, "above_knee_amputation"), (0.25, "visit"), (0.5, "postoperative_death")),
    # An ulcer that stays open.
    12: ((0.0, "referral"), (0.25, "visit"), (5.0, "horizon")),
}
PEOPLE = pd.DataFrame(
    {
        "patient": list(STORIES),
        "rutherford": [5, 6, 4, 4, 5, 5],
        "renal": ["normal", "dialysis", "normal", "severe", "dialysis", "moderate"],
        "beyond_salvage": [False, False, False, False, True, False],
        "male": [True, False, True, False, True, False],
        "age": [60.0, 70.0, 80.0, 69.9, 75.0, 90.0],
        "walks": [True, True, False, True, True, False],
        "tcpo2_measured": [10.0, 20.0, 30.0, 40.0, 5.0, 15.0],
    }
)
SEEN = {3: 12.0, 4: 22.0, 7: 32.0, 8: 42.0, 9: 7.0, 12: 17.0}
"""TcPO2 at the visit after a quarter of a year."""


@pytest.fixture
def lives() -> Lives:
    """The six."""
    rows = [(who, t, word) for who, story in STORIES.items() for t, word in story]
    events = pd.DataFrame(rows, columns=["patient", "time_years", "event"])
    events["event"] = pd.Categorical(events["event"], categories=WORDS)
    events["tcpo2"] = [SEEN[who] if word == "visit" else nan for who, _, word in rows]
    scenario = SimpleNamespace(horizon=5.0, life_table="a life table")
    return Lives(SimpleNamespace(patients=PEOPLE, events=events, scenario=scenario))  # type: ignore[arg-type]


def close(found: Any, wanted: list[float]) -> bool:
    """Alike to the last digit, where nothing and never are alike too."""
    return bool(np.allclose(found, wanted, rtol=0.0, atol=0.0, equal_nan=True))


def test_first_and_last_times(lives: Lives) -> None:
    """First: infinite if never; after a time: later than it. Last: up to and at a time; minus infinity if none."""
    assert (len(lives), lives.horizon, lives.life_table) == (6, 5.0, "a life table")
    assert close(lives.first(("healed",)), [0.4, 0.6, inf, inf, inf, inf])
    assert close(lives.first(("new_wound",), np.full(6, 1.0)), [inf, inf, 2.0, inf, inf, inf])
    assert close(lives.first(("new_wound",), np.full(6, 0.9)), [1.0, inf, 2.0, inf, inf, inf])
    assert close(lives.last(("healed", "new_wound"), np.full(6, 1.0)), [1.0, 0.6, -inf, -inf, -inf, -inf])
    assert close(lives.last(("healed", "new_wound"), np.full(6, 0.9)), [0.4, 0.6, -inf, -inf, -inf, -inf])


def test_what_happens_since_a_time(lives: Lives) -> None:
    """Primary healing is healing before any amputation; amputation or death whichever comes first."""
    zero = np.zeros(6)
    assert close(lives.happening("amputation_or_death", zero), [1.5, 4.0, inf, inf, 0.1, inf])
    assert close(lives.happening("primary_healing", zero), [0.4, inf, inf, inf, inf, inf])
    assert close(lives.happening("death", zero), [inf, 4.0, inf, inf, 0.5, inf])
    assert close(lives.happening("amputation_of_either_leg", zero), [1.5, 0.2, inf, 1.0, 0.1, inf])
    assert close(lives.happening("any_amputation", np.full(6, 2.0)), [2.5, inf, inf, inf, inf, inf])


@pytest.mark.parametrize(
    ("since", "wanted"),
    [
        ("referral", [0.0] * 6),
        ("primary_healing", [0.4, inf, inf, inf, inf, inf]),
        ("healing_after_minor", [inf, 0.6, inf, inf, inf, inf]),
        ("healing_after_amputation", [inf, 0.6, inf, inf, inf, inf]),
        ("first_amputation", [1.5, 0.2, inf, inf, 0.1, inf]),
        ("open_wound", [inf, inf, inf, inf, inf, 0.7]),
        ("stump_healing", [2.0, inf, inf, inf, inf, inf]),
    ],
)
def test_when_time_begins_to_count(lives: Lives, since: str, wanted: list[float]) -> None:
    """Whose time never begins has it at infinity; an open wound is counted at 0.7 years."""
    assert close(lives.start(since, 0.7), wanted)


def test_who_has_an_open_wound(lives: Lives) -> None:
    """Ulcers at referral until they heal or the leg is lost, whoever is dead, and new wounds from the day on which they open."""
    assert lives.wound_open(0.05).tolist() == [True, True, False, False, True, True]
    assert lives.wound_open(0.5).tolist() == [False, True, False, False, False, True]
    assert lives.wound_open(1.0).tolist() == [True, False, False, False, False, True]
    assert lives.wound_open(1.5).tolist() == [False, False, False, False, False, True]
    assert lives.wound_open(2.0).tolist() == [False, False, True, False, False, True]


def test_what_is_measured(lives: Lives) -> None:
    """At referral in all; at a visit within half a day, in those alive with their leg; at no visit in nobody."""
    assert close(lives.measured(0.0), PEOPLE["tcpo2_measured"].to_list())
    seen = [12.0, 22.0, 32.0, 42.0, nan, 17.0]
    assert close(lives.measured(0.25), seen)
    assert close(lives.measured(0.25 + 0.4 / DAYS_PER_YEAR), seen)
    assert close(lives.measured(0.25 + 0.6 / DAYS_PER_YEAR), [nan] * 6)


def test_who_walks(lives: Lives) -> None:
    """From referral or a prosthesis on, until the leg, the other one, the ability or life is lost."""
    assert lives.walking(np.full(6, 0.05)).tolist() == [True, True, False, True, True, False]
    assert lives.walking(np.full(6, 1.0)).tolist() == [True, True, False, False, False, False]
    assert lives.walking(np.full(6, 2.3)).tolist() == [True, True, False, False, False, False]
    assert lives.walking(np.full(6, 3.0)).tolist() == [False] * 6


@pytest.mark.parametrize(
    ("among", "who"),
    [
        ({}, [3, 4, 7, 8, 9, 12]),
        ({"rutherford": (4,)}, [7, 8]),
        ({"rutherford": (5, 6)}, [3, 4, 9, 12]),
        ({"dialysis": True}, [4, 9]),
        ({"dialysis": False}, [3, 7, 8, 12]),
        ({"beyond_salvage": False}, [3, 4, 7, 8, 12]),
        ({"male": True}, [3, 7, 9]),
        ({"age": (70.0, 90.0)}, [4, 7, 9]),
        ({"tcpo2": (12.0, 32.0)}, [3, 4, 12]),
        ({"tcpo2": (12.0, 32.0), "rutherford": (6,)}, [4]),
    ],
)
def test_who_is_counted(lives: Lives, among: dict[str, Any], who: list[int]) -> None:
    """Upper limits are left out; TcPO2 is that of the visit, which the leg that is gone does not have."""
    assert PEOPLE["patient"][lives.chosen(Among(**among), 0.25)].to_list() == who


def test_spells_of_each_life(lives: Lives) -> None:
    """From referral with a wound open or none, to healing, a new wound, the loss of the leg, and death or the horizon."""
    spells = lives.spells
    columns = (spells.row, spells.state, spells.start, spells.stop, spells.died)
    found = list(zip(*(each.tolist() for each in columns), strict=True))
    assert found == [
        (0, OPEN, 0.0, 0.4, False),
        (0, HEALED, 0.4, 1.0, False),
        (0, OPEN, 1.0, 1.5, False),
        (0, AMPUTATED, 1.5, 5.0, False),
        (1, OPEN, 0.0, 0.6, False),
        (1, HEALED, 0.6, 4.0, True),
        (2, HEALED, 0.0, 2.0, False),
        (2, OPEN, 2.0, 5.0, False),
        (3, HEALED, 0.0, 5.0, False),
        (4, OPEN, 0.0, 0.1, False),
        (4, AMPUTATED, 0.1, 0.5, True),
        (5, OPEN, 0.0, 5.0, False),
    ]


def test_words_of_figures() -> None:
    """Every event that a figure names is an event of histories; states tell the three kinds of spell apart."""
    assert {word for words in EVENTS.values() for word in words} <= set(WORDS)
    assert set(AMPUTATION_OR_DEATH) == {word for word in WORDS if word.endswith(("_death", "knee_amputation"))} - {
        "procedural_death"
    }
    assert STATES == {"open": (0,), "healed": (1,), "limb_kept": (0, 1), "amputated": (2,)}
