"""What is charged: which price, times what, for how long, under which policy; read item by item."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from simulator import load_scenario
from simulator.living.ledger import COUNTS
from simulator.scenario.economics import Deal
from simulator.scenario.scenario import Scenario
from simulator.valuation import cost_items as module
from simulator.valuation.cost_items import (
    ALL_IN,
    SPLIT,
    WIDEST,
    CostItem,
    Scope,
    cost_items,
    discounted,
    known_prices,
    main_treatment,
    makes_cells,
    product_price,
    treatments,
)


@cache
def scenario() -> Scenario:
    """Every policy of the base scenario."""
    return load_scenario()


def items(way: str = ALL_IN, scope: Scope | None = None, **more: Any) -> dict[tuple[str, tuple[str, ...]], CostItem]:
    """Items by price and columns."""
    found = cost_items(way, scope or Scope(), scenario().register.therapies, **more)
    by_key = {(item.money, item.columns): item for item in found if not item.therapy}
    assert len(by_key) == sum(not item.therapy for item in found), "no price is charged twice for the same columns"
    return by_key


def told(item: CostItem) -> tuple[Any, ...]:
    """Multipliers, factor, state and kind."""
    return item.times, item.factor, item.state, item.kind


def test_operations() -> None:
    """Each amputation one admission, above the knee and conversions dearer by their ratio."""
    found = items()
    assert told(found["minor_amputation", ("count_minor_amputation",)]) == ((), 1.0, "event", "one-off")
    below = found["major_amputation_admission", ("count_below_knee_amputation", "count_other_limb_amputation")]
    assert told(below) == ((), 1.0, "event", "one-off") and below.category == "major amputation"
    above = found["major_amputation_admission", ("count_above_knee_amputation", "count_conversion")]
    assert told(above) == (("above_knee_ratio",), 1.0, "event", "one-off")
    assert above.names == ("major_amputation_admission", "above_knee_ratio")


def test_years_without_a_leg() -> None:
    """The first, second and each later year have prices of their own; so have years of dialysis and the last year of life."""
    found = items()
    for price, clock in (("year_1", "year_1"), ("year_2", "year_2"), ("later_year", "later")):
        item = found[f"rehabilitation_{price}", (f"clock_amputee_{clock}",)]
        assert told(item) == ((), 1.0, "after_major_amputation", "running")
    assert told(found["dialysis_year", ("clock_dialysis",)]) == ((), 1.0, "any", "running")
    assert told(found["final_year_increment", ("clock_last_year",)]) == ((), 1.0, "any", "running")


WOUNDS = ("ulcer", "severe_ulcer", "recurrent_ulcer")
OTHERS = (
    "rest_pain",
    "healed",
    "healed_after_minor",
    "below_knee",
    "below_knee_walking",
    "above_knee",
    "above_knee_walking",
)


def test_wounds_priced_all_in() -> None:
    """Twelve months a year of an open wound; where none is open visits at the later interval; no admissions apart."""
    found = items()
    for state in WOUNDS:
        item = found["wound_all_in_month", (f"time_{state}",)]
        assert told(item) == ((), 12.0, state, "running")
        assert ("tcpo2_visit", (f"time_{state}",)) not in found
    for state in OTHERS:
        item = found["tcpo2_visit", (f"time_{state}",)]
        assert told(item) == (("later_visits_per_year",), 1.0, state, "running") and item.category == "visits"
    assert not {"wound_outpatient_month", "wound_admission"} & {money for money, _ in found}


def test_wounds_priced_apart() -> None:
    """Outpatient months, admissions at their yearly rate, and every visit by itself."""
    found = items(SPLIT)
    for state in WOUNDS:
        assert told(found["wound_outpatient_month", (f"time_{state}",)]) == ((), 12.0, state, "running")
        admission = found["wound_admission", (f"time_{state}",)]
        assert told(admission) == (("wound_admissions_per_year",), 1.0, state, "running")
        assert admission.category == "wound admissions"
    assert told(found["tcpo2_visit", ("count_visit",)]) == ((), 1.0, "any", "running")
    assert [money for money, _ in found].count("tcpo2_visit") == 1
    assert "wound_all_in_month" not in {money for money, _ in found}


def test_what_the_payer_bears_beside() -> None:
    """Institutions: 365.25 days of the share who live there; carers: hours a week times 52.18 weeks; infarctions and strokes."""
    narrow = {money for money, _ in items(scope=Scope(vascular_events=False))}
    assert not {"institutional_care_day", "informal_care_hour", "infarction", "after_stroke_year"} & narrow
    found = items(scope=WIDEST)
    clocks = ("clock_amputee_year_1", "clock_amputee_year_2", "clock_amputee_later")
    institution = found["institutional_care_day", clocks]
    assert told(institution) == (("institutional_share",), 365.25, "after_major_amputation", "running")
    for hours, states in {
        "wound": WOUNDS,
        "walking": ("below_knee_walking", "above_knee_walking"),
        "not_walking": ("below_knee", "above_knee"),
    }.items():
        for state in states:
            item = found["informal_care_hour", (f"time_{state}",)]
            assert item.times == (f"informal_hours_{hours}",) and item.factor == pytest.approx(365.25 / 7.0)
            assert item.state == state and item.running
    for event in ("infarction", "stroke"):
        assert told(found[event, (f"count_{event}",)]) == ((), 1.0, "event", "one-off")
        assert told(found[f"after_{event}_year", (f"clock_after_{event}",)]) == ((), 1.0, "any", "running")
    assert {"infarction", "stroke"} <= {money for money, _ in items(scope=Scope())}
    assert Scope() == Scope(institutional_care=False, informal_care=False, vascular_events=True)


def test_categories_that_are_left_out() -> None:
    """What is left out is not charged, and nothing else is missing."""
    whole, part = items(), items(leave_out=("dialysis", "minor amputation"))
    assert {item.category for item in whole.values()} - {item.category for item in part.values()} == {
        "dialysis",
        "minor amputation",
    }
    assert len(whole) - len(part) == 2


def charge(price: str, per: str, category: str = "", times: tuple[str, ...] = ()) -> Any:
    """A charge of a therapy's file."""
    return SimpleNamespace(price=price, per=per, category=category, times=times)


def therapy(kind: str, *charges: Any, made_on_site: bool = False) -> Any:
    """A therapy named thing."""
    return SimpleNamespace(
        name="thing", label="A Thing", record=SimpleNamespace(kind=kind, charges=charges, made_on_site=made_on_site)
    )


def charged(of: Any, deal: Deal | None = None) -> list[tuple[Any, ...]]:
    """What is charged for a therapy."""
    found = module._of_therapy(of, deal or Deal())
    return [(i.category, i.money, i.columns, i.times, i.factor, i.therapy, i.numbers) for i in found]


def test_a_procedure_is_charged_each_time() -> None:
    """By session times sessions, by complication times its chance, for every time; for a limb the first time only."""
    found = charged(
        therapy(
            "procedure",
            charge("stay", "procedure", times=("days",)),
            charge("hour", "session", "oxygen"),
            charge("harm", "complication"),
            charge("start", "limb"),
        )
    )
    both = ("count_thing", "count_repeat_thing")
    assert found == [
        ("a thing", "stay", both, ("days",), 1.0, "thing", ()),
        ("oxygen", "hour", both, (), 1.0, "thing", ("sessions",)),
        ("a thing", "harm", both, (), 1.0, "thing", ("complication",)),
        ("a thing", "start", ("count_thing",), (), 1.0, "thing", ()),
    ]


def test_a_cell_product_is_charged_by_dose_and_by_the_deal() -> None:
    """A tenth off, a quarter wasted: 1.2 list prices; repeats at 60%: .72 a dose and .48 more for everybody treated."""
    cells = therapy("product", charge("kit", "procedure", "cell product"), charge("theatre", "procedure"))
    plain = charged(cells)
    assert plain == [
        ("cell product", "kit", ("count_dose",), (), 1.0, "thing", ()),
        ("a thing", "theatre", ("count_dose",), (), 1.0, "thing", ()),
    ]
    found = charged(cells, Deal(discount=0.1, wasted=0.25, repeat_price=0.6))
    assert [row[:3] for row in found] == [
        ("cell product", "kit", ("count_dose",)),
        ("cell product", "kit", ("count_treated",)),
        ("a thing", "theatre", ("count_dose",)),
    ]
    assert [row[4] for row in found] == pytest.approx([0.72, 0.48, 1.0])
    free = charged(cells, Deal(repeat_price=0.0))
    assert [row[4] for row in free] == [0.0, 1.0, 1.0]


def test_what_a_policy_is_charged() -> None:
    """Tests by their marker, therapies by who gives them, all else everywhere."""
    chosen = scenario().policies
    cells, plain = chosen["protocol"], chosen["conservative"]
    assert treatments(plain) == () and main_treatment(plain) is None
    assert treatments(cells)[:2] == ("pbmnc", "intramuscular") and main_treatment(cells) == "pbmnc"
    therapies = scenario().register.therapies
    assert product_price(therapies["pbmnc"]) == "pbmnc_kit"
    nothing = therapy("product", charge("harm", "complication"), charge("bag", "session"))
    assert product_price(nothing) == "bag" and product_price(therapy("product", charge("harm", "complication"))) is None
    everywhere = CostItem("x", "x", ("count_dose",))
    assert everywhere.charged_under(plain) and everywhere.charged_under(cells)
    kit = CostItem("x", "x", ("count_dose",), therapy="pbmnc")
    assert kit.charged_under(cells) and not kit.charged_under(plain)
    for marker, price in (("small_ev", "small_ev_test"), ("thrombophilia", "thrombophilia_test")):
        test = items()[price, ("count_marker_test",)]
        assert (test.category, test.marker) == ("selection test", marker)
        using: Any = SimpleNamespace(selection=SimpleNamespace(marker=marker))
        other: Any = SimpleNamespace(selection=SimpleNamespace(marker="none"))
        assert test.charged_under(using) and not test.charged_under(other)


def test_who_makes_cells() -> None:
    """A policy that gives a product which centres make; one without doses makes none."""
    cells: Any = SimpleNamespace(cell_therapy=SimpleNamespace(doses=2, product="thing"))
    none: Any = SimpleNamespace(cell_therapy=SimpleNamespace(doses=0, product="thing"))
    made, bought = ({"thing": therapy("product", made_on_site=here)} for here in (True, False))
    assert makes_cells(cells, made)
    assert not makes_cells(cells, bought) and not makes_cells(none, made)


def test_columns_of_the_ledger() -> None:
    """The discounted twin of a column; a therapy's columns by the step that it is under a policy."""
    assert discounted("count_dose") == "cost_count_dose"
    assert discounted("time_ulcer") == "cost_ulcer"
    item = CostItem("x", "x", ("count_angioplasty", "count_dose"), therapy="angioplasty")
    assert item.columns_under(scenario().policies["pta"]) == ("count_step_1", "count_dose")
    assert item.columns_under(scenario().policies["protocol"]) == item.columns


def test_every_price_that_can_be_charged() -> None:
    """Of both ways of pricing wounds and the widest scope, and those of sites; no multiplier that is no price."""
    known = known_prices(scenario().register.therapies)
    assert {"wound_all_in_month", "wound_admission", "informal_care_hour", "gmp_validation", "pbmnc_kit"} <= known
    assert {"above_knee_ratio", "institutional_share", "stroke"} <= known
    assert "later_visits_per_year" not in known


def test_one_dose_is_a_treatment() -> None:
    """A policy of a single dose gives its product and route, and makes its cells where those are made on site."""
    single = scenario().policies["single_dose"]
    assert single.cell_therapy.doses == 1
    assert treatments(single) == (single.cell_therapy.product, single.cell_therapy.route)
    on_site = {name: SimpleNamespace(record=SimpleNamespace(made_on_site=True)) for name in treatments(single)}
    assert makes_cells(single, on_site)  # type: ignore[arg-type]


def test_events_that_no_item_charges_are_told() -> None:
    """What is included elsewhere is an event of the ledger that nothing charges; a wound's price holds categories there are."""
    found = cost_items(ALL_IN, WIDEST, scenario().register.therapies)
    assert set(module.INCLUDED) < set(COUNTS)
    assert {f"count_{name}" for name in module.INCLUDED}.isdisjoint(column for item in found for column in item.columns)
    assert set(module.HELD_BY_WOUND_PRICE) <= {item.category for item in found}
