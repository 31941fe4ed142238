"""Terms of a deal: what is left to pay of prices that fall with volume, and of treatments that failed, by hand."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log1p
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.questions.value.deal import (
    MoneyBack,
    Refunded,
    average_share,
    by_volume,
    failure,
    in_words,
    money_back,
    on_terms,
)
from simulator.questions.value.valuation import COLUMN
from simulator.scenario.economics import Deal, Volume

STEPS = (Volume(above=100, discount=0.2), Volume(above=200, discount=0.5))


@pytest.mark.parametrize(
    ("treatments", "share"),
    [(0.0, 1.0), (50.0, 1.0), (100.0, 1.0), (150.0, 140 / 150), (200.0, 180 / 200), (400.0, 280 / 400)],
)
def test_each_treatment_is_paid_by_its_step(treatments: float, share: float) -> None:
    """A hundred whole, a hundred at 80%, the rest at a half; without steps the whole price."""
    assert average_share(STEPS, treatments) == pytest.approx(share)
    assert average_share((), treatments) == 1.0


def test_what_comes_back_is_a_share_of_what_was_paid() -> None:
    """2 firsts and 1 repeat at half price are 2.5 prices; one first failed: 40% of 1 / 2.5; nobody treated: nothing."""
    deal = Deal(refund=0.4, repeat_price=0.5, discount=0.1, wasted=0.25)
    paid = np.array([[[2.0, 1.0], [0.0, 0.0]]])
    failed = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    by_age = np.array([[[[0.25, 0.5], [0.0, 0.0]]], [[[0.75, 0.0], [0.0, 0.0]]]])
    back = MoneyBack(deal, paid, failed, by_age)
    assert back.share.tolist() == [[pytest.approx(0.4 / 2.5), 0.0]]
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
    found = Refunded("limb_lost", 1.0, 0.03, (0.5, 0.75, 2.0))._sums(cohort, np.zeros(1)[0])
    early = exp(-0.03 * 0.75)
    # Paid for (discounted), paid back (discounted), paid back by half a year, three quarters and two years.
    assert found[0] == pytest.approx([0.9 + 0.8 + 0.7, 1.0 * early, 0.0, 1.0, 1.0])
    assert found[1] == pytest.approx([0.8, 1.0 * early, 0.0, 1.0, 1.0])


def test_results_of_other_terms_have_other_names() -> None:
    """By when, within, rate and ends."""
    base = ("limb_lost", 1.0, 0.03, (0.5, 1.5))
    names = {Refunded(*base).__name__}
    for k, other in enumerate(("tcpo2_not_risen", 2.0, 0.04, (0.5,))):
        names.add(Refunded(*base[:k], other, *base[k + 1 :]).__name__)  # type: ignore[arg-type]
    assert len(names) == 5


def test_a_year_in_which_everybody_has_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 people with one and a half treatments are 450, of which 250 can be given; nobody is given none."""
    monkeypatch.setattr("simulator.questions.value.deal.treatments_each", lambda *_: np.array([0.0, 1.5]))
    for most, share in ((None, (100 + 80 + 125) / 450), (250.0, (100 + 80 + 25) / 250)):
        economics = SimpleNamespace(
            population=SimpleNamespace(per_year=300.0), budget=SimpleNamespace(treatments_per_year=most)
        )
        scenario = SimpleNamespace(settings=SimpleNamespace(economics=economics))
        found = by_volume(scenario, SimpleNamespace(deal=Deal(volume=STEPS)), None)  # type: ignore[arg-type]
        assert found == pytest.approx(np.array([[1.0, share]]))


def test_terms_in_words() -> None:
    """Those that there are, in one sentence; none where the price is the list price."""
    assert in_words(Deal()) == ""
    deal = Deal(discount=0.1, wasted=0.25, repeat_price=0.5, volume=STEPS[:1], refund=0.4, refund_within_years=2.0)
    assert in_words(deal) == (
        "Terms of the deal on the cell product: 10.0% off the list price; 25.0% of bought kits treat nobody; "
        "repeats at 50.0% of the first; 20.0% less beyond 100 treatments a year; "
        "40.0% paid back where the treated limb is lost within 2 years. Value-based prices are list prices under them."
    )
    assert failure(Deal(refund_when="tcpo2_not_risen")) == "measured TcPO2 has not risen after the last treatment"
    assert in_words(Deal(refund=1.0)).count(";") == 0


def test_tcpo2_that_has_not_risen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known six months after the last treatment, or at death or amputation before; as high as before is not risen."""
    kinds = [(name, float) for name in ("doses", "amputated_at", "died_at", "last_dose_at")]
    lives = np.array(
        [(1, inf, inf, 0.1), (1, inf, inf, 0.1), (1, 0.3, inf, 0.1), (2, inf, 0.4, 0.1), (0, inf, inf, inf)], kinds
    )
    patients = np.array([(30.0,), (30.0,), (30.0,), (30.0,), (30.0,)], [("tcpo2_measured", float)])
    seen = [30.0, 30.5, 20.0, 20.0, 20.0]

    def measured(out: np.ndarray, *_: object) -> None:
        out[:] = seen

    monkeypatch.setattr("simulator.questions.value.deal.measured_after", measured)
    reduce = Refunded("tcpo2_not_risen", 1.0, 0.0, ())
    cohort = SimpleNamespace(lives=lives, patients=patients)
    known = reduce._failed_at(cohort, {"last_tcpo2_days": 365.25 / 2.0})  # type: ignore[arg-type]
    assert known.tolist() == pytest.approx([0.6, inf, 0.3, 0.4, inf])


def test_lives_are_averaged_by_draw_and_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over what was kept, divided by its people; what is no cohort of lives is passed over."""

    class Cohort:
        def __init__(self, people: int, total: float) -> None:
            self.lives, self.total = range(people), total

    monkeypatch.setattr("simulator.questions.value.deal.Followed", Cohort)
    monkeypatch.setattr(Refunded, "_sums", lambda _self, cohort, params: np.full((2, 3), cohort.total * params))
    kept = [
        SimpleNamespace(what=Cohort(2, 3.0), draw=0, policy="new"),
        SimpleNamespace(what=Cohort(2, 5.0), draw=0, policy="new"),
        SimpleNamespace(what=Cohort(1, 7.0), draw=0, policy="old"),
        SimpleNamespace(what="nothing", draw=0, policy="old"),
    ]
    result = SimpleNamespace(draw_ids=[0], policies=["old", "new"], kept=kept, parameters=[10.0])
    found = Refunded("limb_lost", 1.0, 0.0, (0.5,))(result)["refunded"]  # type: ignore[arg-type]
    assert found.shape == (1, 2, 2, 3)
    assert found[0, 0] == pytest.approx(np.full((2, 3), 70.0)) and found[0, 1] == pytest.approx(np.full((2, 3), 20.0))


def test_what_is_paid_back_comes_from_lives_on_the_terms_of_the_deal() -> None:
    """Two budget years: counts by age are the differences of what was paid back by half a year and by one and a half."""
    seen: dict[str, object] = {}

    def reduced(what: str, *given: object) -> dict[str, np.ndarray]:
        seen["what"], seen["reduce"], seen["shapes"] = what, given[4], given[5]
        return {"refunded": np.array([[[[2.0, 1.0, 0.25, 0.75], [1.0, 0.5, 0.0, 0.5]]] * 2])}

    economics = SimpleNamespace(budget=SimpleNamespace(uptake=(0.5, 1.0)))
    settings = SimpleNamespace(economics=economics, discounting=SimpleNamespace(costs=0.03))
    scenario = SimpleNamespace(settings=settings, compare=("old", "new"))
    deal = Deal(refund=0.5)
    back = money_back(scenario, deal, None, 10, 1, SimpleNamespace(reduced=reduced))  # type: ignore[arg-type]
    assert back.paid.tolist() == [[[2.0, 1.0]] * 2] and back.failed.tolist() == [[[1.0, 0.5]] * 2]
    assert back.failed_by_age.tolist() == [[[[0.25, 0.0]] * 2], [[[0.5, 0.5]] * 2]]
    assert seen["reduce"] == Refunded("limb_lost", 1.0, log1p(0.03), (0.5, 1.5))
    assert seen["shapes"] == {"refunded": (2, 2, 4)}


@dataclass(frozen=True)
class Terms:
    deal: Deal
    policies: tuple[str, ...] = ("old", "new")
    product_share: np.ndarray | None = None


def test_volume_and_money_back_both_leave_a_share_to_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """80% by volume and a quarter paid back are 60%; each alone; nothing changes without terms."""
    back = SimpleNamespace(share=np.array([[0.0, 0.25]]))
    monkeypatch.setattr("simulator.questions.value.deal.by_volume", lambda *_: np.array([[1.0, 0.8]]))
    monkeypatch.setattr("simulator.questions.value.deal.money_back", lambda *_: back)
    lives = SimpleNamespace(parameters=None)

    def left(**deal: object) -> tuple[object, object]:
        values, paid_back = on_terms(None, Terms(Deal(**deal)), lives, 10, 1, None)  # type: ignore[arg-type]
        return None if values.product_share is None else values.product_share.tolist(), paid_back

    assert left() == (None, None)
    assert left(volume=STEPS) == ([[1.0, 0.8]], None)
    assert left(refund=0.5) == ([[1.0, 0.75]], back)
    assert left(volume=STEPS, refund=0.5) == ([[1.0, pytest.approx(0.6)]], back)
