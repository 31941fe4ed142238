"""Lines of cost and states of health of a workbook: amounts of a small ledger, and what one of each costs or is worth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator import load_scenario
from simulator.questions.value.lines import Health, Line, healths, lines_of, multipliers
from simulator.scenario.economics import Deal
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.values import Drawn, Values, values_of

TWO = ("conservative", "protocol", "arterialisation")


@cache
def base() -> tuple[Values, Any]:
    """Care, cells and a procedure by the usual payer, and two draws of the parameters."""
    scenario = load_scenario(policies=TWO)
    return values_of(scenario), np.repeat(scenario.parameter_draws()[:1], 2)


def ledgers(*rows: dict[str, float], draws: int = 1) -> Any:
    """Under each policy these columns, and in each further draw twice as much of all as in the one before."""
    found = np.zeros((draws, len(rows), len(COLUMN)))
    for draw in range(draws):
        for policy, row in enumerate(rows):
            for name, value in row.items():
                found[draw, policy, COLUMN[name]] = value * 2**draw
    return found


def line(*columns: str, part: Any = "", charged: tuple[bool, ...] = (True, True), **more: Any) -> Line:
    """A line that two policies are charged for by the same columns."""
    return Line("care", "price", (), 1.0, columns, charged, (columns, columns), part, **more)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (line("count_below_knee_amputation", "count_conversion"), "events: below knee amputation, conversion"),
        (line("time_severe_ulcer", "clock_last_year"), "years: severe ulcer, last year"),
        (line("count_conversion", "clock_last_year"), "events: conversion, last year"),
        (line("count_dose", part="first"), "people treated"),
        (line("count_dose", part="repeat"), "second and later treatments"),
    ],
)
def test_what_is_counted(given: Line, words: str) -> None:
    """Events or years by their names; of a product people and their further treatments."""
    assert given.counted == words


def test_amounts() -> None:
    """Events and years as the ledger has them, or discounted; nothing under a policy that is not charged for it."""
    row = {"count_conversion": 0.3, "cost_count_conversion": 0.2, "time_ulcer": 2.0, "cost_ulcer": 1.5}
    own = line("count_conversion", "time_ulcer")
    assert own.amount(ledgers(row, {}), discount=False).tolist() == [[2.3, 0.0]]
    assert own.amount(ledgers(row, {}), discount=True).tolist() == [[1.7, 0.0]]
    assert line("time_ulcer", charged=(False, True)).amount(ledgers(row, row), discount=False).tolist() == [[0.0, 2.0]]
    split = replace(own, under=(("count_conversion",), ("time_ulcer",)))
    assert split.amount(ledgers(row, row), discount=False).tolist() == [[0.3, 2.0]]


def test_amounts_of_a_product() -> None:
    """People treated first, then what they are given beyond that, in each of any further axes."""
    row = {"count_dose": 1.5, "count_treated": 1.0, "cost_count_dose": 1.25, "cost_count_treated": 1.0}
    first, repeat = (line("count_dose", part=part, charged=(False, True)) for part in ("first", "repeat"))
    given = ledgers({}, row, draws=2)
    assert first.amount(given, discount=False).tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert repeat.amount(given, discount=False).tolist() == [[0.0, 0.5], [0.0, 1.0]]
    assert repeat.amount(given, discount=True).tolist() == [[0.0, 0.25], [0.0, 0.5]]
    assert repeat.amount(given[None], discount=True).tolist() == [[[0.0, 0.25], [0.0, 0.5]]]


def test_an_event_may_count_for_several() -> None:
    """Sessions of each draw, also where there are fewer draws than sessions are known for."""
    row = {"count_dose": 1.0}
    own = line("count_dose", each=np.array([3.0, 5.0, 7.0]))
    assert own.amount(ledgers(row, row, draws=2), discount=False).tolist() == [[3.0, 3.0], [10.0, 10.0]]


def test_units_and_terms() -> None:
    """Price times multipliers times factor in the money of results; products by the terms of the deal, repeats by their own."""
    numbers = {"price": np.array([10.0, 20.0]), "share": np.array([0.5, 0.25])}
    deal = Deal(discount=0.2, wasted=0.5, repeat_price=0.25)
    values: Any = SimpleNamespace(money=SimpleNamespace(factor=3.0), deal=deal)
    own = Line("care", "price", ("share",), 12.0, ("count_dose",), (True,), (("count_dose",),))
    assert own.names == ("price", "share")
    assert own.unit(numbers, values).tolist() == [180.0, 180.0]
    # A fifth off, and two kits bought for one that is used.
    assert (own.terms(deal), replace(own, part="first").terms(deal)) == (1.0, pytest.approx(1.6))
    assert replace(own, part="repeat").terms(deal) == pytest.approx(0.4)
    assert replace(own, part="first").unit(numbers, values).tolist() == pytest.approx([288.0, 288.0])


def test_multipliers() -> None:
    """Every price that is drawn, and how many visits the interval between later ones makes in a year."""
    parameters: Any = {"later_visit_interval_days": np.array([365.25, 73.05])}
    found = multipliers(Drawn({"a": np.array([1.0, 2.0])}, {"b": np.array([3.0, 4.0])}), parameters)
    assert {name: each.tolist() for name, each in found.items()} == {
        "a": [1.0, 2.0],
        "later_visits_per_year": pytest.approx([1.0, 5.0]),
    }


def test_lines_of_three_policies() -> None:
    """One line for what has one price, category and multipliers; a product in two parts; a procedure by its ledger's columns."""
    values, parameters = base()
    found = lines_of(values, parameters)
    by_key = {(each.category, each.names, each.part): each for each in found}
    assert len(by_key) == len(found)
    leg = by_key["major amputation", ("major_amputation_admission",), ""]
    columns = ("count_below_knee_amputation", "count_other_limb_amputation")
    assert leg.columns == columns and leg.under == (columns,) * 3 and leg.charged == (True, True, True)
    wounds = ("time_ulcer", "time_severe_ulcer", "time_recurrent_ulcer")
    care = by_key["wound care", ("wound_all_in_month",), ""]
    assert (care.columns, care.under, care.factor, care.times) == (wounds, (wounds,) * 3, 12.0, ())
    assert by_key["major amputation", ("major_amputation_admission", "above_knee_ratio"), ""].times == (
        "above_knee_ratio",
    )
    for part in ("first", "repeat"):
        kit = by_key["cell product", ("pbmnc_kit",), part]
        assert kit.charged == (False, True, False) and kit.under == ((), ("count_dose",), ())
    device = by_key["deep vein arterialisation", ("arterialisation_device",), ""]
    assert device.columns == ("count_deep_vein_arterialisation",) and device.under == ((), (), ("count_step_1",))
    harm = by_key["deep vein arterialisation", ("arterialisation_complication",), ""]
    place = list(values.therapies).index("deep_vein_arterialisation")
    assert harm.each is not None and harm.each.tolist() == parameters["therapies"][:, place]["complication"].tolist()
    assert device.each is None and leg.each is None


def test_lines_do_not_depend_on_the_deal() -> None:
    """Its terms are multiplied with later, and would otherwise count twice."""
    values, parameters = base()
    cheap = replace(values, deal=Deal(discount=0.5, repeat_price=0.5))
    assert lines_of(cheap, parameters) == lines_of(values, parameters)


def test_numbers_of_a_therapy_are_multiplied() -> None:
    """What is charged by several numbers counts for their product, and a therapy apart from another of the same price."""
    values, parameters = base()
    therapies = [*values.therapies]
    own = parameters.copy()
    for name in ("deep_vein_arterialisation", "pbmnc"):
        own["therapies"]["complication"][:, therapies.index(name)] = [0.5, 0.25]

    def item(therapy: str, *numbers: str) -> Any:
        column = ("count_dose",)
        return SimpleNamespace(
            **{"category": "harm", "money": "bed", "names": ("bed",), "times": (), "factor": 1.0, "therapy": therapy},
            **{
                "numbers": numbers,
                "columns": column,
                "columns_under": lambda _: column,
                "charged_under": lambda _: True,
            },
        )

    def lines(*items: Any) -> list[Line]:
        class Given(Values):
            @property
            def items(self) -> Any:
                return items

        given = Given(**{name: getattr(values, name) for name in Values.__dataclass_fields__})
        return lines_of(given, own)

    (twice,) = lines(item("pbmnc", "complication", "complication"))
    assert twice.each is not None and twice.each.tolist() == [0.25, 0.0625]
    apart = lines(item("pbmnc", "complication"), item("deep_vein_arterialisation", "complication"))
    assert [each.columns for each in apart] == [("count_dose",), ("count_dose",)]
    # Without numbers of its own it does not matter whose the charge is.
    (joined,) = lines(item("pbmnc"), item("deep_vein_arterialisation"))
    assert joined.columns == ("count_dose", "count_dose") and joined.under == (("count_dose", "count_dose"),) * 3


def test_years_of_health() -> None:
    """Of a state with the fall by age; of a loss less than nothing; of a therapy what its courses take."""
    row = {"effect_ulcer": 2.0, "effect_age_ulcer": 10.0, "effect_age2_ulcer": 100.0, "time_ulcer": 3.0}
    row |= {"effect_clock_dialysis": 0.5, "clock_dialysis": 0.75, "count_dose": 2.0, "effect_count_dose": 1.5}
    given, ratio = ledgers({}, row), np.array([1.0, -0.01, 0.001])
    state = Health("ulcer", "ulcer")
    assert state.weighted(given, ratio, discount=True).tolist() == [[0.0, pytest.approx(2.0)]]
    assert state.weighted(given, np.array([1.0, -0.1, 0.0]), discount=True).tolist() == [[0.0, 1.0]]
    assert state.weighted(given, ratio, discount=False).tolist() == [[0.0, 3.0]]
    loss = Health("on_dialysis", "on_dialysis", "clock_dialysis")
    assert loss.weighted(given, ratio, discount=True).tolist() == [[0.0, -0.5]]
    assert loss.weighted(given, ratio, discount=False).tolist() == [[0.0, -0.75]]
    counted: Any = {True: [(), ("effect_count_dose",)], False: [(), ("count_dose", "count_dose")]}
    course = Health("sessions", course=np.array([0.5]), counted=counted)
    assert course.weighted(given, ratio, discount=True).tolist() == [[0.0, -0.75]]
    assert course.weighted(given, ratio, discount=False).tolist() == [[0.0, -2.0]]
    assert (state.loss, loss.loss, course.loss) == (False, True, True)


def test_levels_of_health() -> None:
    """The utility; where sets hold decrements what they leave of the top, but of a loss the loss; of a course one."""
    drawn = {"ulcer": np.array([0.5, 0.25])}
    assert Health("x", "ulcer").level(drawn, None).tolist() == [0.5, 0.25]
    assert Health("x", "ulcer").level(drawn, 0.875).tolist() == [0.375, 0.625]
    assert Health("x", "ulcer", "clock_dialysis").level(drawn, 0.875).tolist() == [0.5, 0.25]
    assert Health("x", course=np.ones(2)).level(drawn, 0.875).tolist() == [1.0]


def test_what_is_valued() -> None:
    """Ten states, four losses or two where infarctions and strokes are left out, and the courses of two therapies."""
    values, parameters = base()
    found = {each.name: each for each in healths(values, parameters)}
    assert [*found][:2] == ["rest_pain", "ulcer"] and len(found) == 16
    assert (found["recurrent_ulcer"].utility, found["recurrent_ulcer"].clock) == ("ulcer", "")
    assert (found["after_stroke"].utility, found["after_stroke"].clock) == ("after_stroke", "clock_after_stroke")
    course = found["sessions of into the muscle (years lost)"]
    assert course.counted == {True: [(), ("effect_count_dose",), ()], False: [(), ("count_dose",), ()]}
    assert course.course is not None and course.course.shape == (2,) and not course.utility
    narrow = replace(values, scope=replace(values.scope, vascular_events=False))
    left = {each.name for each in healths(narrow, parameters)}
    assert {*found} - left == {"after_infarction", "after_stroke"}
