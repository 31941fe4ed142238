"""What is charged: every cost as columns of the ledger times a price.

A cost is money price * multipliers * factor * (sum of ledger columns). Running costs are charged for time in a state
or on a clock, one-off costs for an event. Open wounds are priced in one of two ways, never in both: *all_in*, one
monthly price that holds admissions and visits, or *split*, outpatient months, admissions and visits apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from simulator.evidence.therapies.therapy import Therapy
from simulator.scenario.economics import Deal
from simulator.scenario.policy import Policy
from simulator.scenario.therapies import step_columns
from simulator.words.vocabulary import DAYS_PER_YEAR, State

MONTHS_PER_YEAR = 12.0
ALL_IN, SPLIT = "all_in", "split"

OPEN_WOUND = (State.ULCER, State.SEVERE_ULCER, State.RECURRENT_ULCER)
AMPUTEE_CLOCKS = ("clock_amputee_year_1", "clock_amputee_year_2", "clock_amputee_later")
LATER_VISITS = "later_visits_per_year"
"""A multiplier that is no price: visits a year after the first, from the register's interval."""

ANY, AMPUTEE, EVENT = "any", "after_major_amputation", "event"
"""States of costs that belong to all states, to those after a major amputation, or to an event."""

PRODUCT = "cell product"
"""Category of what a treatment's product costs."""
TEST_PRICES = {"small_ev": "small_ev_test", "thrombophilia": "thrombophilia_test"}
SITE_PRICES = ("gmp_validation", "gmp_media_fill")
"""Paid once by a centre that makes cells under good manufacturing practice; charged in the budget, to no patient."""

HELD_BY_WOUND_PRICE = ("angioplasty", "minor amputation", "major amputation")
"""Categories that an all-in wound price partly holds already."""
DIALYSIS = "dialysis"
INFORMAL = "informal care"
VASCULAR = "infarction and stroke"
CARED_FOR = {
    "informal_hours_wound": OPEN_WOUND,
    "informal_hours_walking": (State.BELOW_KNEE_WALKING, State.ABOVE_KNEE_WALKING),
    "informal_hours_not_walking": (State.BELOW_KNEE, State.ABOVE_KNEE),
}
"""States in which others care unpaid, by the hours a week that they do."""

BOUGHT = ("procedure", "session", "limb")
SESSIONS = "sessions"
"""The number of a therapy that those who do not complete a course have on average half of."""

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
class Scope:
    """What is charged beside the care of the limb: institutional and informal care after the loss of a leg and with a wound, and
    infarctions and strokes short of death."""

    institutional_care: bool = False
    informal_care: bool = False
    vascular_events: bool = True


WIDEST = Scope(institutional_care=True, informal_care=True, vascular_events=True)


@dataclass(frozen=True)
class CostItem:
    """One cost. `therapy` and `marker` limit it to policies that use them.

    `numbers` are a therapy's own that multiply its price, such as the sessions of a course; a therapy's `columns` are by
    its name, and `columns_under` has them as the ledger does.
    """

    category: str
    money: str
    columns: tuple[str, ...]
    times: tuple[str, ...] = ()
    factor: float = 1.0
    state: str = EVENT
    running: bool = False
    therapy: str = ""
    marker: str = ""
    numbers: tuple[str, ...] = ()

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
        if self.marker:
            return policy.selection.marker == self.marker
        return not self.therapy or self.therapy in treatments(policy)

    def columns_under(self, policy: Policy) -> tuple[str, ...]:
        """The ledger's columns under a policy that can incur it."""
        own = {by_name: column for column, by_name in step_columns(policy).items()}
        return tuple(own.get(column, column) for column in self.columns)


def discounted(column: str) -> str:
    """The discounted twin of a column of costs: count_dose -> cost_count_dose, time_ulcer -> cost_ulcer."""
    return f"cost_{column.removeprefix('time_')}"


def treatments(policy: Policy) -> tuple[str, ...]:
    """Names of everything that a policy gives: product and route of its cells, and its therapies."""
    cells = policy.cell_therapy
    return (*((cells.product, cells.route) if cells.doses > 0 else ()), *policy.given)


def main_treatment(policy: Policy) -> str | None:
    """What a policy's price is about: its cell product, else its first therapy; None where it gives nothing."""
    return next(iter(treatments(policy)), None)


def product_price(therapy: Therapy) -> str | None:
    """The price of what is bought for a therapy: the first that it charges for a limb, a procedure or a session."""
    return next((charge.price for charge in therapy.record.charges if charge.per in BOUGHT), None)


def cost_items(
    wound_costs: str,
    scope: Scope,
    therapies: Mapping[str, Therapy],
    leave_out: Iterable[str] = (),
    deal: Deal | None = None,
) -> tuple[CostItem, ...]:
    """Every cost that is charged under one way of pricing wounds, without the categories in `leave_out`.

    A deal changes what a treatment's product costs.
    """
    items = [
        *_treatment(therapies, deal or Deal()),
        *_operations(),
        *_after_amputation(),
        *_wounds(wound_costs),
        *_others(),
    ]
    if scope.institutional_care:
        share = ("institutional_share",)
        items.append(_running("institutional care", "institutional_care_day", AMPUTEE_CLOCKS, share, DAYS_PER_YEAR))
    if scope.informal_care:
        items += _informal_care()
    if scope.vascular_events:
        items += _vascular()
    dropped = set(leave_out)
    return tuple(item for item in items if item.category not in dropped)


def makes_cells(policy: Policy, therapies: Mapping[str, Therapy]) -> bool:
    """Whether centres make the cells of a policy themselves, under good manufacturing practice."""
    return policy.cell_therapy.doses > 0 and therapies[policy.cell_therapy.product].record.made_on_site


def known_prices(therapies: Mapping[str, Therapy]) -> frozenset[str]:
    """Every price that the model can charge, in whatever way wounds are priced."""
    items = [item for way in (ALL_IN, SPLIT) for item in cost_items(way, WIDEST, therapies)]
    return frozenset(name for item in items for name in item.names if name != LATER_VISITS) | set(SITE_PRICES)


def _treatment(therapies: Mapping[str, Therapy], deal: Deal) -> list[CostItem]:
    tests = [CostItem("selection test", price, ("count_marker_test",), marker=m) for m, price in TEST_PRICES.items()]
    return [*(item for therapy in therapies.values() for item in _of_therapy(therapy, deal)), *tests]


def _of_therapy(therapy: Therapy, deal: Deal) -> Iterator[CostItem]:
    """What a therapy's file charges: by dose for cells, else for the first and each further time that it is done.

    The deal is about a cell product. Everybody who is treated pays a first treatment: all treatments at the price of repeats,
    and for the first the rest.
    """
    cells = therapy.record.kind != "procedure"
    of_limb = ("count_dose",) if cells else (f"count_{therapy.name}",)
    always = of_limb if cells else (*of_limb, f"count_repeat_{therapy.name}")
    for charge in therapy.record.charges:
        numbers = {"session": (SESSIONS,), "complication": ("complication",)}.get(charge.per, ())
        columns = of_limb if charge.per == "limb" else always
        category = charge.category or therapy.label.lower()
        parts = [(columns, 1.0)]
        if category == PRODUCT:
            repeats = deal.kits * deal.repeat_price
            parts = [(columns, repeats), (("count_treated",), deal.kits * (1.0 - deal.repeat_price))]
        for of, factor in parts:
            if factor or of == columns:
                yield CostItem(category, charge.price, of, charge.times, factor, therapy=therapy.name, numbers=numbers)


def _operations() -> list[CostItem]:
    admission = "major_amputation_admission"
    above = ("count_above_knee_amputation", "count_conversion")
    return [
        CostItem("minor amputation", "minor_amputation", ("count_minor_amputation",)),
        CostItem("major amputation", admission, ("count_below_knee_amputation", "count_other_limb_amputation")),
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


def _informal_care() -> Iterator[CostItem]:
    """Hours of unpaid carers of people with an open wound, or without a leg, by whether they walk."""
    for hours, states in CARED_FOR.items():
        for state in states:
            name = state.name.lower()
            weeks = DAYS_PER_YEAR / 7.0
            yield CostItem(INFORMAL, "informal_care_hour", (f"time_{name}",), (hours,), weeks, name, running=True)


def _vascular() -> Iterator[CostItem]:
    """An infarction or a stroke when it happens, and each year lived after it."""
    for event in ("infarction", "stroke"):
        yield CostItem(VASCULAR, event, (f"count_{event}",))
        yield CostItem(VASCULAR, f"after_{event}_year", (f"clock_after_{event}",), state=ANY, running=True)


def _others() -> list[CostItem]:
    return [
        CostItem(DIALYSIS, "dialysis_year", ("clock_dialysis",), state=ANY, running=True),
        CostItem("end of life", "final_year_increment", ("clock_last_year",), state=ANY, running=True),
    ]
