"""What a proposed trial is worth: what it would show, its luck, its cost, and the people whom its result must reach."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.living.outcomes import OUTCOMES
from simulator.questions.value.research import proposed_trial as module
from simulator.questions.value.research.proposed_trial import (
    can_be_paid,
    in_money,
    simulated_trial_worth,
    trial_lives,
    trial_worth,
)
from simulator.scenario import load_scenario

DRAWS = 3
FREE, OXYGEN = OUTCOMES.index("amputation_free_survival"), OUTCOMES.index("tcpo2_last")
EURO: Any = SimpleNamespace(currency="EUR", price_year=2024)


def lives() -> Any:
    """Two halves of 100 people: amputation-free survival of .7 and .8, TcPO2 of 30 and 40 on average, with its error."""
    halves = np.zeros((2, DRAWS, 2, len(OUTCOMES)))
    errors = np.zeros_like(halves)
    for half, sign in ((0, -1.0), (1, 1.0)):
        halves[half, :, :, FREE] = np.array([0.7, 0.8]) + sign * 0.1
        halves[half, :, :, OXYGEN] = np.array([30.0, 40.0]) + sign
    errors[..., OXYGEN] = np.array([1.0, 2.0])
    return SimpleNamespace(outcomes=halves, outcome_errors=errors, people=200)


def test_what_a_trial_would_show() -> None:
    """Shares with an event and mean TcPO2 by arm; one person's SD is the error of a mean of a hundred times ten."""
    truth, sd = module._truth(lives())
    assert truth == pytest.approx(np.array([[0.3, 0.2, 30.0, 40.0]] * DRAWS))
    assert sd == pytest.approx(np.array([[10.0, 20.0]] * DRAWS))


def test_results_have_the_luck_of_their_draw_whatever_the_size() -> None:
    """Events at the same quantile of their binomial law, means at the same normal deviate, whose error falls with the root."""
    truth, sd = module._truth(lives())
    small, large = (module._results(truth, sd, n, 5) for n in (25, 400))
    assert small.shape == (DRAWS, 4)
    deviates = (small[:, 2:] - truth[:, 2:]) / (sd / 5.0)
    assert (large[:, 2:] - truth[:, 2:]) / (sd / 20.0) == pytest.approx(deviates)
    for n, found in ((25, small), (400, large)):
        events = found[:, :2] * n
        assert events == pytest.approx(np.round(events))
    # A quantile of the larger law lies in the same place of the smaller one, within its step.
    u = binom.cdf(large[:, :2] * 400, 400, truth[:, :2])
    assert (np.abs(binom.ppf(u, 25, truth[:, :2]) - small[:, :2] * 25) <= 1.0).all()
    many = module._results(np.tile([0.3, 1.2, 30.0, 40.0], (4_000, 1)), np.array([10.0, 20.0]), 25, 5)
    assert many[:, 0].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 25 / 4_000))
    assert set(many[:, 1]) == {1.0}
    assert module._results(np.array([[-1e-12, 0.5, 30.0, 40.0]]), np.ones(2), 25, 5)[0, 0] == 0.0
    assert many[:, 2:].std(axis=0) == pytest.approx([2.0, 4.0], rel=0.06)
    assert norm.cdf(many[:, 2], 30.0, 2.0).mean() == pytest.approx(0.5, abs=0.02)


def trial(**changed: Any) -> Any:
    """A trial of 10 or 30 a side that costs a million and a thousand a patient and lasts two years."""
    usual = {"patients_per_arm": (10, 30), "fixed_cost": 1e6, "cost_per_patient": 1e3, "years": 2.0}
    return SimpleNamespace(**(usual | {"currency": "EUR", "price_year": 2024} | changed))


def test_the_money_of_a_trial() -> None:
    """As it is; from an older price year by inflation; from another currency by the exchange of its own year first."""
    assert in_money(7.0, trial(), EURO, "Italy") == 7.0
    assert in_money(7.0, trial(price_year=2021), EURO, "Italy") == inflate(7.0, "Italy", 2021, 2024) != 7.0
    dollars = exchange(7.0, "USD", "EUR", 2021)
    assert in_money(7.0, trial(currency="USD", price_year=2021), EURO, "Italy") == inflate(dollars, "Italy", 2021, 2024)
    assert in_money(7.0, trial(currency="USD"), EURO, "Italy") == exchange(7.0, "USD", "EUR", 2024) != 7.0


def test_whether_it_can_be_paid() -> None:
    """In a year and currency of which nobody knows the price, it cannot."""
    perspective = SimpleNamespace(conventions=SimpleNamespace(perspective=SimpleNamespace(country="Italy")))
    values: Any = SimpleNamespace(money=EURO, perspective=perspective)
    assert can_be_paid(trial(), values) is True
    assert can_be_paid(trial(currency="XXX"), values) is False


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the worth of sampling is asked for; it is 2 a person, or nothing."""
    found: list[Any] = []

    def sampling(*given: Any, **named: Any) -> pd.DataFrame:
        found.extend((given, named))
        return pd.DataFrame({"cost": [10.0, 10.0, 10.0], "evsi": [2.0, 0.0, -1.0]})

    monkeypatch.setattr(module, "net_benefit_of_sampling", sampling)
    monkeypatch.setattr(module, "evppi", lambda benefit, truth, seed: ("perfect", benefit.shape, truth.shape, seed))
    monkeypatch.setattr(module, "evpi", lambda benefit: ("everything", benefit.shape))
    return found


def test_the_worth_of_a_proposed_trial(asked: list[Any]) -> None:
    """Sizes count both arms; what it would show without error bounds it; it must reach its cost over its value people."""
    found = trial_worth(lives(), np.zeros((DRAWS, 2)), trial(), "people", EURO, "Italy", 5)  # type: ignore[arg-type]
    (benefit, summaries, people), named = asked
    assert benefit.shape == (DRAWS, 2) and people == "people"
    truth, sd = module._truth(lives())
    assert sorted(summaries) == [20, 60]
    assert np.array_equal(summaries[60], module._results(truth, sd, 30, 5))
    perfect = ("perfect", (DRAWS, 2), (DRAWS, 4), 5)
    assert named == {"fixed_cost": 1e6, "cost_per_patient": 1e3, "years": 2.0, "at_most": perfect, "seed": 5}
    assert (found.most, found.draws, found.design) == (perfect, DRAWS, None)
    assert found.table["people_to_break_even"].iloc[0] == 5.0 and found.table["people_to_break_even"].isna().sum() == 2


def test_the_worth_of_a_simulated_trial(asked: list[Any]) -> None:
    """Only draws that both have; how long it lasts and how many enter is the simulation's, what it costs the trial's."""
    seen: Any = SimpleNamespace(
        draws=2, statistics={40: np.arange(8.0).reshape(4, 2)}, years={40: 1.5}, enrolled={40: 33.0}, label="mine"
    )
    found = simulated_trial_worth(seen, np.zeros((DRAWS, 2)), trial(price_year=2021), "people", EURO, "Italy", 5)  # type: ignore[arg-type]
    (benefit, summaries, _), named = asked
    assert benefit.shape == (2, 2) and summaries[40].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert (named["years"], named["enrolled"], named["seed"]) == ({40: 1.5}, {40: 33.0}, 5)
    assert named["fixed_cost"] == inflate(1e6, "Italy", 2021, 2024)
    assert named["cost_per_patient"] == inflate(1e3, "Italy", 2021, 2024)
    assert (found.most, found.draws, found.design) == (("everything", (2, 2)), 2, "mine")


def test_lives_of_a_proposed_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year, under the reference and the policy, of people who meet the stricter of both criteria, in the analysis's draws."""
    asked: list[Any] = []
    drawn: list[Any] = []
    monkeypatch.setattr(module, "parameter_draws", lambda *given: drawn.extend(given))
    simulations: Any = SimpleNamespace(probabilistic=lambda *given: asked.extend(given))
    base = load_scenario()
    trial_lives(base, "protocol", 4, 50, 9, simulations)
    title, scenario, parameters, patients, seed = asked
    assert (title, patients, seed) == ("Proposed trial", 50, 9)
    assert (scenario.horizon, scenario.compare) == (1.0, (base.reference, "protocol"))
    assert drawn[1:] == [4, 9] and len(parameters) == 1
    entry, own = scenario.settings.entry, base.policies["protocol"].eligibility
    assert (entry.tcpo2_below, entry.dialysis) == (own.tcpo2_below, own.dialysis)
    with pytest.raises(KeyError):
        trial_lives(base, "nothing", 4, 50, 9, simulations)
