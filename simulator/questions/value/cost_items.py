"""What is charged: every cost as columns of the ledger times a price.

A cost is money price * multipliers * factor * (sum of ledger columns). Running costs are charged for time in a state
or on a clock, one-off costs for an event. Open wounds are priced in one of two ways, never in both: *all_in*, one
monthly price that holds admissions and visits, or *split*, outpatient months, admissions and visits apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.scenario.policy import Policy
from simulator.words.vocabulary import DAYS_PER_YEAR, State

MONTHS_PER_YEAR = 12.0
ALL_IN, SPLIT = "all_in", "split"

OPEN_WOUND = (State.ULCER, State.SEVERE_ULCER, State.RECURRENT_ULCER)
AMPUTEE_CLOCKS = ("clock_amputee_year_1", "clock_amputee_year_2", "clock_amputee_later")
LATER_VISITS = "later_visits_per_year"
"""A multiplier that is no price: visits a year after the first, from the register's interval."""

ANY, AMPUTEE, EVENT = "any", "after_major_amputation", "event"
"""States of costs that belong to all states, to those after a major amputation, or to an event."""

PRODUCT_PRICES = {"pbmnc": "pbmnc_kit", "bmmnc": "bmmnc_point_of_care", "mobilised_pbmnc": "gmp_dose"}
TEST_PRICES = {"small_ev": "small_ev_test", "thrombophilia": "thrombophilia_test"}
SITE_PRICES = ("gmp_validation", "gmp_media_fill")
"""Paid once by a centre that makes cells under good manufacturing practice; charged in the budget, to no patient."""

SITE_PRODUCT = "mobilised_pbmnc"

PROCEDURES = ("angioplasty", "minor amputation", "major amputation")
"""Categories that an all-in wound price partly holds already."""
DIALYSIS = "dialysis"

INCLUDED = {
    "treated": "its doses are charged one by one",
    "death": "the last year of life is charged by the time lived in it",
    "prosthesis_below_knee": "inside rehabilitation",
    "prosthesis_above_knee": "inside rehabilitation",
    "new_wound": "its time is charged",
    "healed": "costs nothing by itself",
    "stump_healed": "inside rehabilitation",
    "visit": "charged by time, and inside the wound's price, where wounds are priced all-in",
}
"""Events of the ledger without a price of their own, and why."""


@dataclass(frozen=True)
class CostItem:
    """One cost. `product` and `marker` limit it to policies that use them."""

    category: str
    money: str
    columns: tuple[str, ...]
    times: tuple[str, ...] = ()
    factor: float = 1.0
    state: str = EVENT
    running: bool = False
    product: str = ""
    marker: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The price and its multipliers."""
        return (self.money, *self.times)

    @property
    def kind(self) -> str:
        """Running or one-off."""
        return "running" if self.running else "one-off"

    def charged_under(self, policy: Policy) -> bool:
        """Whether people can incur it under a policy."""
        needs = {
            "count_dose": policy.cell_therapy.doses > 0,
            "count_angioplasty": policy.angioplasty.offered,
            "count_marker_test": policy.selection.marker != "none",
        }
        matches = self.product in ("", policy.cell_therapy.product) and self.marker in ("", policy.selection.marker)
        return matches and needs.get(self.columns[0], True)


def discounted(column: str) -> str:
    """The discounted twin of a column of costs: count_dose -> cost_count_dose, time_ulcer -> cost_ulcer."""
    return f"cost_{column.removeprefix('time_')}"


def cost_items(wound_costs: str, strict_payer: bool, leave_out: Iterable[str] = ()) -> tuple[CostItem, ...]:
    """Every cost that is charged under one way of pricing wounds, without the categories in `leave_out`.

    The strict payer bears no institutional care.
    """
    items = [*_treatment(), *_operations(), *_after_amputation(), *_wounds(wound_costs), *_others()]
    if not strict_payer:
        share = ("institutional_share",)
        items.append(_running("institutional care", "institutional_care_day", AMPUTEE_CLOCKS, share, DAYS_PER_YEAR))
    dropped = set(leave_out)
    return tuple(item for item in items if item.category not in dropped)


def makes_cells(policy: Policy) -> bool:
    """Whether centres make the cells of a policy themselves, under good manufacturing practice."""
    return policy.cell_therapy.product == SITE_PRODUCT and policy.cell_therapy.doses > 0


def known_prices() -> frozenset[str]:
    """Every price that the model can charge, in whatever way wounds are priced."""
    items = [item for way in (ALL_IN, SPLIT) for item in cost_items(way, strict_payer=False)]
    return frozenset(name for item in items for name in item.names if name != LATER_VISITS) | set(SITE_PRICES)


def _treatment() -> list[CostItem]:
    dose = ("count_dose",)
    products = [CostItem("cell product", price, dose, product=product) for product, price in PRODUCT_PRICES.items()]
    tests = [CostItem("selection test", price, ("count_marker_test",), marker=m) for m, price in TEST_PRICES.items()]
    theatre = CostItem("cell procedure", "theatre_hour", dose, ("theatre_hours_per_treatment",))
    return [*products, theatre, CostItem("cell procedure", "anaesthesia_per_treatment", dose), *tests]


def _operations() -> list[CostItem]:
    admission = "major_amputation_admission"
    above = ("count_above_knee_amputation", "count_conversion")
    return [
        CostItem("angioplasty", "angioplasty", ("count_angioplasty", "count_repeat_angioplasty")),
        CostItem("minor amputation", "minor_amputation", ("count_minor_amputation",)),
        CostItem("major amputation", admission, ("count_below_knee_amputation",)),
        CostItem("major amputation", admission, above, ("above_knee_ratio",)),
    ]


def _after_amputation() -> list[CostItem]:
    prices = ("rehabilitation_year_1", "rehabilitation_year_2", "rehabilitation_later_year")
    pairs = zip(prices, AMPUTEE_CLOCKS, strict=True)
    return [_running("rehabilitation and prosthesis", price, (clock,)) for price, clock in pairs]


def _running(
    category: str, money: str, columns: tuple[str, ...], times: tuple[str, ...] = (), factor: float = 1.0
) -> CostItem:
    return CostItem(category, money, columns, times, factor, AMPUTEE, running=True)


def _wounds(wound_costs: str) -> list[CostItem]:
    items = []
    for state in State:
        name = state.name.lower()
        column = (f"time_{name}",)
        if state not in OPEN_WOUND:
            if wound_costs == ALL_IN:
                items.append(CostItem("visits", "tcpo2_visit", column, (LATER_VISITS,), 1.0, name, running=True))
        elif wound_costs == ALL_IN:
            items.append(CostItem("wound care", "wound_all_in_month", column, (), MONTHS_PER_YEAR, name, running=True))
        else:
            rate = ("wound_admissions_per_year",)
            items += [
                CostItem("wound care", "wound_outpatient_month", column, (), MONTHS_PER_YEAR, name, running=True),
                CostItem("wound admissions", "wound_admission", column, rate, 1.0, name, running=True),
            ]
    if wound_costs != ALL_IN:
        items.append(CostItem("visits", "tcpo2_visit", ("count_visit",), state=ANY, running=True))
    return items


def _others() -> list[CostItem]:
    return [
        CostItem(DIALYSIS, "dialysis_year", ("clock_dialysis",), state=ANY, running=True),
        CostItem("end of life", "final_year_increment", ("clock_last_year",), state=ANY, running=True),
    ]
