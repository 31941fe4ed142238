"""Terms of a deal: what is left to pay of prices that fall with volume, and of treatments that failed, by hand."""

from __future__ import annotations

from math import exp, inf
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.questions.value.deal import MoneyBack, Refunded, average_share, by_volume, failure, in_words
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
