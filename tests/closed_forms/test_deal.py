"""Terms of a deal: what is left to pay of prices that fall with volume, and of treatments that failed, by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf, log1p
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rules.people import a_life, values

from simulator.rules.pathway.life import LIFE
from simulator.scenario.economics import Deal, Volume
from simulator.valuation.deal import (
    SUMS,
    MoneyBack,
    Refunded,
    average_share,
    by_volume,
    check_no_lives,
    left_to_pay,
    measured_after,
    money_back,
    on_terms,
    share_back,
)
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.values import LeftToPay
from simulator.words.errors import BadInput

STEPS = (Volume(above=100, discount=0.2), Volume(above=200, discount=0.5))


@pytest.mark.parametrize(
    ("treatments", "share"),
    [(0.0, 1.0), (50.0, 1.0), (100.0, 1.0), (150.0, 140 / 150), (200.0, 180 / 200), (400.0, 280 / 400)],
)
def test_each_treatment_is_paid_by_its_step(treatments: float, share: float) -> None:
    """A hundred whole, a hundred at 80%, the rest at a half; without steps the whole price."""
    assert average_share(STEPS, treatments) == pytest.approx(share)
    assert average_share((), treatments) == 1.0
    assert average_share((Volume(above=0.5, discount=0.5),), 0.75) == pytest.approx((0.5 + 0.125) / 0.75)


def test_what_comes_back_is_a_share_of_what_was_paid() -> None:
    """2 firsts and 1 repeat at half price are 2.5 prices; one first failed: 40% of 1 / 2.5; nobody treated: nothing."""
    deal = Deal(refund=0.4, repeat_price=0.5, discount=0.1, wasted=0.25)
    paid = np.array([[[2.0, 1.0], [0.0, 0.0]]])
    failed = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    by_age = np.array([[[[0.25, 0.5], [0.0, 0.0]]], [[[0.75, 0.0], [0.0, 0.0]]]])
    # Undiscounted, 4 firsts and 2 repeats are paid for, and a first and a repeat come back: 40% of 1.5 / 5.
    plain = 2.0 * paid, np.array([[[1.0, 1.0], [0.0, 0.0]]])
    counts = np.stack([paid, failed, *plain], axis=-1)
    back = MoneyBack(deal, counts, by_age)
    assert back.paid.tolist() == paid.tolist() and back.failed.tolist() == failed.tolist()
    assert share_back(deal, back.paid, back.failed).tolist() == [[pytest.approx(0.4 / 2.5), 0.0]]
    left = left_to_pay(deal, np.array([[0.5, 0.8]]), back.counts)
    assert left.share(discounted=True).tolist() == [[pytest.approx(0.5 * (1.0 - 0.4 / 2.5)), 0.8]]
    assert left.share(discounted=False).tolist() == [[pytest.approx(0.5 * (1.0 - 0.4 * 1.5 / 5.0)), 0.8]]
    assert left_to_pay(deal, np.array([[0.5, 0.8]]), None).share(discounted=True).tolist() == [[0.5, 0.8]]
    # List prices: 0.9 / 0.75 kits for each first.
    assert back.by_age == pytest.approx(np.array([[[0.5 * 0.4 * 1.2, 0.0]], [[0.75 * 0.4 * 1.2, 0.0]]]))


def life(doses: int, first: float, amputated: float, row: dict[str, float]) -> tuple[tuple[float, ...], np.ndarray]:
    """Somebody with these treatments, and a ledger with these columns."""
    ledger = np.zeros(len(COLUMN))
    for name, value in row.items():
        ledger[COLUMN[name]] = value
    return (doses, first, amputated), ledger


def test_limbs_lost_within_a_year_of_the_first_treatment() -> None:
    """Four people: lost half a year after it, lost too late, never lost, never treated; the first had two treatments."""
    people = [
        life(2, 0.25, 0.75, {"count_treated": 1, "cost_count_treated": 0.9, "count_dose": 2, "cost_count_dose": 1.7}),
        life(1, 0.25, 1.5, {"count_treated": 1, "cost_count_treated": 0.8, "count_dose": 1, "cost_count_dose": 0.8}),
        life(1, 0.25, inf, {"count_treated": 1, "cost_count_treated": 0.7, "count_dose": 1, "cost_count_dose": 0.7}),
        life(0, inf, inf, {}),
    ]
    lives = np.array([one for one, _ in people], [("doses", int), ("first_dose_at", float), ("amputated_at", float)])
    cohort = SimpleNamespace(lives=lives, ledgers=np.array([ledger for _, ledger in people]))
    found = Refunded("limb_lost", 1.0, 0.03, (0.5, 0.75, 2.0)).of_each(cohort, np.zeros(1)[0])
    early = exp(-0.03 * 0.75)
    # Paid for and paid back (discounted, then not), then paid back by half a year, three quarters and two years.
    assert found[0].tolist() == [
        pytest.approx([0.9, 1.0 * early, 1.0, 1.0, 0.0, 1.0, 1.0]),
        pytest.approx([0.8, 1.0 * early, 1.0, 1.0, 0.0, 1.0, 1.0]),
    ]
    nothing = [0.0] * 4
    assert found[1].tolist() == [[0.8, 0.0, 1.0, *nothing], [0.0] * 7]
    assert found[2].tolist() == [[0.7, 0.0, 1.0, *nothing], [0.0] * 7]
    assert not found[3].any()
    # On the last day of the year.
    lives["amputated_at"][0] = 1.25
    assert Refunded("limb_lost", 1.0, 0.03, ()).of_each(cohort, np.zeros(1)[0])[0, 0, 3] == 1.0


def test_results_of_other_terms_have_other_names() -> None:
    """By when, within, rate and ends."""
    base = ("limb_lost", 1.0, 0.03, (0.5, 1.5))
    names = {Refunded(*base).__name__}
    for k, other in enumerate(("tcpo2_not_risen", 2.0, 0.04, (0.5,))):
        names.add(Refunded(*base[:k], other, *base[k + 1 :]).__name__)  # type: ignore[arg-type]
    assert len(names) == 5


def test_a_year_in_which_everybody_has_the_policy() -> None:
    """300 people with one and a half treatments are 450, of which 250 can be given; nobody is given none. Each draw apart."""
    for most, share in ((None, (100 + 80 + 125) / 450), (250.0, (100 + 80 + 25) / 250)):
        economics = SimpleNamespace(
            population=SimpleNamespace(per_year=300.0), budget=SimpleNamespace(treatments_per_year=most)
        )
        scenario = SimpleNamespace(settings=SimpleNamespace(economics=economics))
        found = by_volume(scenario, SimpleNamespace(deal=Deal(volume=STEPS)), np.array([[0.0, 1.5], [0.5, 0.0]]))  # type: ignore[arg-type]
        # Half a treatment each is 150.
        assert found == pytest.approx(np.array([[1.0, share], [140 / 150, 1.0]]))


def test_tcpo2_that_has_not_risen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known six months after the last treatment, or at death or amputation before; as high as before is not risen."""
    kinds = [(name, float) for name in ("doses", "amputated_at", "died_at", "last_dose_at")]
    lives = np.array(
        [(1, inf, inf, 0.1), (1, inf, inf, 0.1), (1, 0.3, inf, 0.1), (2, inf, 0.4, 0.1), (0, inf, inf, inf)], kinds
    )
    patients = np.array([(30.0,), (30.0,), (30.0,), (30.0,), (30.0,)], [("tcpo2_measured", float)])
    seen = [30.0, 30.5, 20.0, 20.0, 20.0]

    def measured(out: np.ndarray, of: np.ndarray, params: object) -> None:
        assert of is lives and params == {"last_tcpo2_days": 365.25 / 2.0}
        out[:] = seen

    monkeypatch.setattr("simulator.valuation.deal.measured_after", measured)
    reduce = Refunded("tcpo2_not_risen", 1.0, 0.0, ())
    cohort = SimpleNamespace(lives=lives, patients=patients)
    known = reduce._failed_at(cohort, {"last_tcpo2_days": 365.25 / 2.0})  # type: ignore[arg-type]
    assert known.tolist() == pytest.approx([0.6, inf, 0.3, 0.4, inf])


def test_lives_are_averaged_by_draw_and_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over what was kept, divided by its people; what is no cohort of lives is passed over."""

    class Cohort:
        def __init__(self, people: int, total: float) -> None:
            self.lives, self.total = range(people), total

    monkeypatch.setattr("simulator.valuation.deal.Followed", Cohort)
    monkeypatch.setattr(
        Refunded,
        "of_each",
        # Of each person as much of the total.
        lambda _self, cohort, params: np.full((len(cohort.lives), 2, 5), cohort.total * params / len(cohort.lives)),
    )
    kept = [
        SimpleNamespace(what=Cohort(2, 3.0), draw=0, policy="new"),
        SimpleNamespace(what=Cohort(2, 5.0), draw=0, policy="new"),
        SimpleNamespace(what=Cohort(1, 7.0), draw=0, policy="old"),
        SimpleNamespace(what="nothing", draw=0, policy="old"),
    ]
    result = SimpleNamespace(draw_ids=[0], policies=["old", "new"], kept=kept, parameters=[10.0])
    found = Refunded("limb_lost", 1.0, 0.0, (0.5,))(result)["refunded"]  # type: ignore[arg-type]
    assert found.shape == (1, 2, 2, SUMS + 1)
    assert found[0, 0] == pytest.approx(np.full((2, 5), 70.0)) and found[0, 1] == pytest.approx(np.full((2, 5), 20.0))


def test_what_is_paid_back_comes_from_lives_on_the_terms_of_the_deal() -> None:
    """Two budget years: counts by age are the differences of what was paid back by half a year and by one and a half; of
    twins nothing by age is asked, and their lives are those that are kept."""
    seen: dict[str, object] = {}
    counted = [[2.0, 1.0, 2.5, 1.25], [1.0, 0.5, 1.5, 0.75]]

    def reduced(what: str, *given: object, fresh: bool) -> dict[str, np.ndarray]:
        seen.update(what=what, reduce=given[4], shapes=given[5], fresh=fresh)
        by_age = [[0.25, 0.75], [0.0, 0.5]] if fresh else [[], []]
        return {"refunded": np.array([[[[*a, *b] for a, b in zip(counted, by_age, strict=True)]] * 2])}

    budget = SimpleNamespace(uptake=(0.5, 1.0))
    deal = Deal(refund=0.5)
    economics = SimpleNamespace(budget=budget, deal=deal)
    settings = SimpleNamespace(economics=economics, discounting=SimpleNamespace(costs=0.03))
    scenario = SimpleNamespace(settings=settings, compare=("old", "new"))
    given = scenario, deal, None, 10, 1, SimpleNamespace(reduced=reduced)
    back = money_back(*given)  # type: ignore[arg-type]
    assert back is not None
    assert back.counts.tolist() == [[counted] * 2]
    assert back.paid.tolist() == [[[2.0, 1.0]] * 2] and back.failed.tolist() == [[[1.0, 0.5]] * 2]
    assert back.failed_by_age.tolist() == [[[[0.25, 0.0]] * 2], [[[0.5, 0.5]] * 2]]
    assert seen["reduce"] == Refunded("limb_lost", 1.0, log1p(0.03), (0.5, 1.5))
    assert seen["shapes"] == {"refunded": (2, 2, SUMS + 2)} and seen["fresh"] is True
    twins = money_back(*given, twins=True)  # type: ignore[arg-type]
    assert twins is not None and twins.counts.tolist() == back.counts.tolist() and twins.failed_by_age.shape[0] == 0
    assert seen["reduce"] == Refunded("limb_lost", 1.0, log1p(0.03), ())
    assert seen["shapes"] == {"refunded": (2, 2, SUMS)} and seen["fresh"] is False
    economics.deal = Deal()
    assert money_back(*given) is None  # type: ignore[arg-type]


@dataclass(frozen=True)
class Terms:
    deal: Deal
    policies: tuple[str, ...] = ("old", "new")
    left: LeftToPay | None = None

    def with_left(self, left: Any) -> Any:
        """The same with another share left to pay."""
        return replace(self, left=left)


def test_volume_and_money_back_both_leave_a_share_to_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """80% by volume and a quarter paid back are 60%, undiscounted a half and 40%; each alone; nothing changes without terms.
    Draws of one population have the volume of their mean, and of twins each its own."""
    counts = np.zeros((2, 2, 2, SUMS))
    counts[:, :, 0, :3:2] = 1.0
    counts[:, 1, 0, 1], counts[:, 1, 0, 3] = 0.5, 1.0
    back = MoneyBack(Deal(refund=0.5), counts, np.zeros((0, 2, 2, 2)))
    asked: list[list[list[float]]] = []

    def volume(_scenario: object, values: Terms, treatments: np.ndarray) -> np.ndarray:
        asked.append(treatments.tolist())
        return np.array([[1.0, 0.8 if values.deal.volume else 1.0]] * len(treatments))

    module = "simulator.valuation.deal"
    monkeypatch.setattr(f"{module}.by_volume", volume)
    monkeypatch.setattr(f"{module}.treatments_each", lambda _values, ledgers: ledgers)
    monkeypatch.setattr(f"{module}.money_back", lambda _scenario, deal, *_, **__: back if deal.refund > 0.0 else None)
    lives = SimpleNamespace(parameters=None, ledgers=np.array([[0.0, 1.0], [0.0, 2.0]]))

    def shares(*, twins: bool = False, **deal: object) -> tuple[object, object, object]:
        values, paid_back = on_terms(None, Terms(Deal(**deal)), lives, 10, 1, None, twins=twins)  # type: ignore[arg-type]
        if values.left is None:
            return None, None, paid_back
        return *(values.left.share(discounted=each).tolist() for each in (True, False)), paid_back  # type: ignore[return-value]

    assert shares() == (None, None, None) and not asked
    assert shares(volume=STEPS) == ([[1.0, 0.8]], [[1.0, 0.8]], None)
    assert asked[-1] == [[0.0, 1.5]]
    assert shares(volume=STEPS, twins=True) == ([[1.0, 0.8]] * 2, [[1.0, 0.8]] * 2, None)
    assert asked[-1] == lives.ledgers.tolist()
    assert shares(refund=0.5) == ([[1.0, 0.75]] * 2, [[1.0, 0.5]] * 2, back)
    both = [[1.0, pytest.approx(0.6)]] * 2, [[1.0, pytest.approx(0.4)]] * 2, back
    assert shares(volume=STEPS, refund=0.5) == both


@pytest.mark.parametrize(
    ("deal", "told"),
    [
        (Deal(refund=0.4), ["refund = 0.4"]),
        (Deal(volume=STEPS), ["volume = 2 steps"]),
        (Deal(refund=0.4, volume=STEPS[:1]), ["refund = 0.4", "volume = 1 steps"]),
        (Deal(discount=0.1, repeat_price=0.5), []),
    ],
)
def test_terms_that_need_lives_are_refused_where_none_are_asked(deal: Deal, told: list[str]) -> None:
    """Money back and prices by volume, with file, key, value and where they are charged; a discount needs no life."""
    scenario = SimpleNamespace(name="ours", settings=SimpleNamespace(economics=SimpleNamespace(deal=deal)))
    problems: list[str] = []
    try:
        check_no_lives(scenario, "a sweep")  # type: ignore[arg-type]
    except BadInput as bad:
        problems = [str(problem) for problem in bad.problems]
    allowed = "none in a sweep, which charges terms by the treatment alone; clti economics charges all"
    assert problems == [f"ours: [economics.deal]: {each}; allowed: {allowed}" for each in told]


def test_what_is_measured_after_the_last_treatment_is_each_persons_own() -> None:
    """Limbs that rise by 10 mmHg a year from 20 and from 30, measured 73 days after treatments at 1 and at 2 years."""
    params = values(last_tcpo2_days=73.05, measurement_sd=0.0)
    rising = {"tcpo2_slope": 10.0, "doses": 1}
    lives = np.empty(2, LIFE)
    lives[0] = a_life(tcpo2_start=20.0, first_dose_at=1.0, last_dose_at=1.0, **rising)
    lives[1] = a_life(tcpo2_start=30.0, first_dose_at=2.0, last_dose_at=2.0, **rising)
    seen = np.full(2, np.nan)
    measured_after(seen, lives, params)
    assert seen.tolist() == pytest.approx([32.0, 52.0])


@pytest.mark.parametrize(("twins", "each"), [(False, [[1.5, 3.0]]), (True, [[1.0, 2.0], [2.0, 4.0]])])
def test_draws_are_one_population_and_twins_each_their_own(
    twins: bool, each: list[list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Treatments are undiscounted, their price by volume that of the mean of draws or of each twin; money back is that of the
    same lives."""

    @dataclass
    class Valued:
        deal: Deal
        discounted: bool = True
        left: object = None

        def with_left(self, left: Any) -> Any:
            """The same with another share left to pay."""
            return replace(self, left=left)

    asked: dict[str, object] = {}

    def given(ledgers: object, valued: Valued) -> np.ndarray:
        asked.update(ledgers=ledgers, discounted=valued.discounted)
        return np.array([[1.0, 2.0], [2.0, 4.0]])

    def priced(scenario: object, valued: Valued, treatments: np.ndarray) -> np.ndarray:
        asked.update(treatments=treatments.tolist())
        return np.full(treatments.shape, 0.9)

    def back(*told: object, twins: bool) -> None:
        asked.update(told=told, twins=twins)

    for name, instead in (("times_given", given), ("by_volume", priced), ("money_back", back)):
        monkeypatch.setattr(f"simulator.valuation.deal.{name}", instead)
    lives, deal = SimpleNamespace(ledgers="books", parameters="draws"), Deal(volume=STEPS)
    how = {"twins": True} if twins else {}
    found, money = on_terms("ours", Valued(deal), lives, 100, 7, "lives", **how)  # type: ignore[arg-type]
    assert money is None and found.left is not None
    assert found.left.share(discounted=True) == pytest.approx(np.full(np.shape(each), 0.9))
    assert asked == {
        "ledgers": "books",
        "discounted": False,
        "treatments": each,
        "told": ("ours", deal, "draws", 100, 7, "lives"),
        "twins": twins,
    }


def test_without_money_back_volume_alone_is_left_to_pay() -> None:
    """Whatever number of policies there is."""
    left = left_to_pay(Deal(volume=STEPS), np.array([[1.0, 0.8, 0.9]]), None)
    assert left.share(discounted=True).tolist() == left.share(discounted=False).tolist() == [[1.0, 0.8, 0.9]]
