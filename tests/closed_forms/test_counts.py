"""Counts of published studies as predictions are scored on them, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scenario.policy import CellTherapy
from simulator.studies.counts import (
    arm_of,
    as_scored,
    count_of,
    kind_of_care,
    published_counts,
    scorable,
    what_is_counted,
)
from simulator.studies.naive import Count
from simulator.studies.study import Care, Quantity, Study

CARE, CELLS = Care(), Care(cell_therapy=CellTherapy(doses=1))
BOTH, THERAPY = (Care.model_construct(cell_therapy=each.cell_therapy, therapies=("pta",)) for each in (CELLS, CARE))


def quantity(**written: Any) -> Quantity:
    """3 deaths of 10 people in a year, unless `written` otherwise."""
    plain = {"name": "q", "measure": "death", "groups": ("a",), "at_years": 1.0, "events": 3, "n": 10}
    return Quantity(**plain | {"evidence": "published"} | written)


def study(*quantities: Quantity, grade: str = "A", **cares: Care) -> Study:
    """A study with a group for each of the `cares`."""
    return Study(
        **{"label": "s", "grade": grade, "kind": "single arm", "citation": "c", "description": "d"},  # type: ignore[arg-type]
        **{"follow_up_years": 9.0, "life_table": {"country": "Italy", "period": "2015-20"}},  # type: ignore[arg-type]
        groups={name: {"n": 10, "care": care} for name, care in (cares or {"a": CARE}).items()},  # type: ignore[misc]
        quantity=quantities,
    )


@pytest.mark.parametrize(
    ("grade", "written", "scored"),
    [
        ("A", {}, True),
        ("B", {}, True),
        ("C", {}, False),
        ("D", {}, False),
        ("C", {"grade": "B"}, True),
        ("A", {"grade": "C"}, False),
        ("A", {"evidence": "derived"}, True),
        ("A", {"evidence": "recalled"}, False),
        ("A", {"usable": False, "note": "n"}, False),
        ("A", {"events": None, "value": 0.3}, True),
        ("A", {"events": None, "value": 0.3, "n": None}, False),
        ("A", {"measure": "tcpo2", "events": None, "value": 30.0}, False),
    ],
)
def test_which_numbers_are_scored(grade: str, written: dict[str, Any], scored: bool) -> None:
    """Usable counts of grade A or B, a number's own grade first, that were read and not recalled."""
    assert scorable(quantity(**written), study(grade=grade)) is scored


@pytest.mark.parametrize(
    ("cares", "kind"),
    [
        ([CARE], "conservative"),
        ([], "conservative"),
        ([CARE, CELLS], "cells"),
        ([CELLS, BOTH], "therapy"),
        ([THERAPY], "therapy"),
    ],
)
def test_what_people_received(cares: list[Care], kind: str) -> None:
    """Another therapy, also with cells; cells, where anybody has a dose; else conservative care."""
    assert kind_of_care(cares) == kind


def test_the_arm_of_a_number() -> None:
    """Of the groups that it is about, and not of the study's others."""
    two = study(quantity(groups=("a",)), a=CARE, b=CELLS)
    assert arm_of(two, two.quantity[0]) == "conservative"
    assert arm_of(two, quantity(groups=("b",))) == arm_of(two, quantity(groups=("a", "b"))) == "cells"


def test_under_which_outcome_a_measure_is_pooled() -> None:
    """Survival without amputation counts those without amputation or death."""
    assert what_is_counted("amputation_free_survival") == ("amputation or death", True)
    assert what_is_counted("amputation_or_death") == ("amputation or death", False)
    assert what_is_counted("primary_healing") == ("healing", False)


def test_a_count_as_it_is_averaged() -> None:
    """In the middle of its times, limbs as people, with the denominators that it names."""
    plain = count_of("s", study(), quantity())
    assert plain == Count("s", "death", "conservative", 1.0, 3, 10, False)
    assert count_of("s", study(), quantity(at_years=(1.0, 4.0))).years == 2.5
    assert count_of("s", study(), quantity(at_years=0.0)).years == 0.001
    limbs = count_of("s", study(), quantity(events=8, n=12, people=6))
    assert (limbs.events, limbs.n) == (4, 6)
    named = count_of("s", study(), quantity(measure="amputation_free_survival", among=("alive", "with_wound")))
    assert (named.outcome, named.survived) == ("amputation or death among alive among with_wound", True)
    unknown = count_of("s", study(), quantity(events=None, value=0.3, n=None))
    assert (unknown.events, unknown.n) == (0, 1)


def test_large_counts_are_scored_as_smaller_ones() -> None:
    """Up to 2,000 as they are, rounded; 1,001 of 4,000 as 500 of 2,000."""
    assert as_scored(3.6, 2_000) == (4, 2_000)
    assert as_scored(1_001, 4_000) == (500, 2_000)
    assert as_scored(600.0, 2_001) == (600, 2_000)


def test_counts_of_studies() -> None:
    """Of every study, those that are scored, in the order of the files."""
    two = {
        "one": study(quantity(), quantity(name="r", evidence="recalled"), quantity(name="t", events=4)),
        "two": study(quantity(n=20), b=CELLS, a=CELLS),
    }
    found = [(each.study, each.arm, each.events, each.n) for each in published_counts(two)]
    assert found == [("one", "conservative", 3, 10), ("one", "conservative", 4, 10), ("two", "cells", 3, 20)]
