"""Non-inferiority and equivalence: the level on the margin, the power of arms alike, and who may ask for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.design.endpoint import MARGINS, TESTS
from simulator.questions.trial.results.operating import share_and_se, succeeded
from simulator.questions.trial.simulation.margin import evened
from simulator.questions.trial.study import study_design
from simulator.statistics.endpoints.binary_tests import Counts, risk_difference, risk_ratio
from simulator.words.errors import BadInput

TRIALS = 2_000
AFS: dict[str, Any] = {"name": "p", "outcome": "amputation_free_survival", "aim": "non_inferiority"}
STATED: dict[str, Any] = {
    "stated": [
        {"outcome": "amputation_free_survival", "event_rate": 0.3, "at_months": 12.0},
        {"outcome": "healing", "event_rate": 0.5, "at_months": 12.0},
    ],
    "size": {"patients": 400},
    "drop_out": {"per_year": 0.05},
}


def test_on_a_margin_a_ratio_of_shares_is_slightly_liberal_exactly() -> None:
    """Every table of 200 against 200 at 70% and 70/1.2%: 2.65% of trials reject at 2.5%, which a note of the level says; a
    difference on its margin rejects 2.52%."""
    n = 200
    x0, x1 = (each.ravel() for each in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
    table = Counts(x0, np.full_like(x0, n), x1, np.full_like(x1, n))
    exact = {}
    for test, loss, rate in ((risk_ratio, np.log(1.2), 0.7 / 1.2), (risk_difference, 0.1, 0.6)):
        effect = test(table)
        chance = binom.pmf(x0, n, 0.7) * binom.pmf(x1, n, rate)
        exact[test] = chance[effect.z_above(effect.estimate + loss) > 1.959964].sum()
    assert exact[risk_ratio] == pytest.approx(0.02648, abs=5e-6)
    assert exact[risk_difference] == pytest.approx(0.02521, abs=5e-6)


def test_the_pool_is_made_worse_evenly() -> None:
    """Luck that is used keeps its order and lies at even quantiles; other luck stays what it was."""
    luck = np.random.default_rng(2).exponential(size=(1, 50))
    use = np.arange(50)[None] % 3 > 0
    even = evened(luck, use)
    assert (even[~use] == luck[~use]).all()
    assert (np.argsort(even[use]) == np.argsort(luck[use])).all()
    assert np.sort(-np.expm1(-even[use])) == pytest.approx((np.arange(33) + 0.5) / 33)


@pytest.mark.parametrize(
    ("endpoint", "margin"),
    [
        ({"test": "risk_difference", "at_months": 12.0}, 0.1),
        ({"test": "risk_ratio", "at_months": 12.0}, 1.2),
        ({"test": "cox"}, 1.3),
        ({"test": "rmst", "at_months": 12.0}, 1.0),
        ({"test": "cox", "outcome": "healing"}, 1.3),
        ({"test": "km_difference", "at_months": 12.0}, 0.1),
        ({"test": "km_ratio", "at_months": 12.0}, 1.15),
        ({"test": "cumulative_incidence", "at_months": 12.0, "outcome": "healing"}, 0.1),
        ({"test": "fine_gray", "outcome": "healing"}, 1.3),
        ({"test": "risk_difference", "at_months": 12.0, "outcome": "healing"}, 0.1),
    ],
)
def test_alpha_is_kept_on_the_margin(tmp_path: Path, endpoint: dict[str, Any], margin: float) -> None:
    """With the loss exactly at the margin the mean estimate is the margin, and trials succeed as often as alpha says."""
    sim = simulation(tmp_path, TRIALS, endpoints=[AFS | endpoint | {"margin": margin}], **STATED)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("stated_null"), [conduct])[0]
    value, _ = share_and_se(succeeded(conduct, columns))
    assert value == pytest.approx(0.025, abs=4.0 * math.sqrt(0.025 * 0.975 / TRIALS))
    primary, estimates = sim.design.primary, columns["estimate_at_end:p"]
    loss = -estimates if primary.good else estimates
    assert loss.mean() == pytest.approx(primary.loss, abs=4.0 * loss.std() / math.sqrt(TRIALS) + 0.02 * primary.loss)


def test_arms_alike_have_the_formulas_power(tmp_path: Path) -> None:
    """Power of a risk difference on stated rates is that of the normal formula; equivalence needs both of its tests."""
    found = {}
    for aim in ("non_inferiority", "equivalence"):
        endpoint = AFS | {"test": "risk_difference", "at_months": 12.0, "aim": aim, "margin": 0.15, "lost": "excluded"}
        sim = simulation(tmp_path, TRIALS, endpoints=[endpoint], **(STATED | {"drop_out": {"per_year": 0.0}}))
        conduct = sim.conduct()
        found[aim] = share_and_se(succeeded(conduct, sim.run(sim.truth("stated"), [conduct])[0]))[0]
    reach = 0.15 / math.sqrt(0.3 * 0.7 * 4.0 / 400.0) - 1.959964
    error = 4.0 * math.sqrt(0.1 / TRIALS)
    assert found["non_inferiority"] == pytest.approx(float(ndtr(reach)), abs=error)
    assert found["equivalence"] == pytest.approx(2.0 * float(ndtr(reach)) - 1.0, abs=error)


def test_the_margin_is_reached_with_lives_too(tmp_path: Path) -> None:
    """Simulated lives are made worse to the margin, deaths and amputations both, and nobody heals after death."""
    endpoint = AFS | {"test": "risk_difference", "at_months": 12.0, "margin": 0.1}
    sim = simulation(tmp_path, 300, endpoints=[endpoint])
    conduct = sim.conduct()
    columns = sim.run(sim.truth("null"), [conduct])[0]
    estimate = columns["estimate_at_end:p"]
    assert estimate.mean() == pytest.approx(-0.1, abs=4.0 * estimate.std() / math.sqrt(300))
    worse = sim.lives(sim.truth("null"), 0, 20, 120)
    alike = sim.lives(sim.truth("alike"), 0, 20, 120)
    control = worse.arm == 0
    assert np.array_equal(worse.died[control], alike.died[control])
    assert (np.minimum(worse.died, worse.amputated) <= np.minimum(alike.died, alike.amputated)).all()
    healed = np.isfinite(worse.healed)
    assert (worse.healed[healed] <= worse.died[healed]).all()
    study = study_design(sim, ("null", "alike"), quick=True)
    measures = study.characteristics.set_index(["truth", "measure"])["value"]
    assert ("at_margin", "type_i_error") in measures.index and ("alike", "power") in measures.index


@pytest.mark.parametrize("test", sorted(set(TESTS) - set(MARGINS) - {"exact_binomial"}))
def test_tests_without_a_margin_refuse_it_by_name(tmp_path: Path, test: str) -> None:
    """A margin with any test that has none is refused, and the tests that have one are named."""
    outcome = {"win_ratio": "hierarchy", "win_odds": "hierarchy", "net_benefit": "hierarchy"}.get(test, "healing")
    endpoint = {
        "name": "p",
        "outcome": outcome,
        "test": test,
        "aim": "non_inferiority",
        "margin": 0.1,
        "at_months": 6.0,
    }
    endpoint |= {"order": ["death"]} if outcome == "hierarchy" else {}
    with pytest.raises(
        BadInput, match=r"a margin needs risk_difference, risk_ratio, cox|use (risk_difference|cox|fine_gray)"
    ) as caught:
        planned(tmp_path, endpoints=[endpoint])
    assert "endpoints.p.aim" in {problem.key for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"endpoints": [AFS | {"test": "cox", "margin": 0.9}]}, "endpoints.p.margin"),
        ({"endpoints": [AFS | {"test": "cox"}]}, "endpoints.p.margin"),
        ({"endpoints": [AFS | {"test": "cox", "margin": 1.3}], "sides": 2}, "sides"),
        ({"endpoints": [TWO_ARMS["endpoints"][0], AFS | {"test": "cox", "margin": 1.3}]}, "endpoints.aim"),
        (
            {
                "endpoints": [AFS | {"test": "cox", "margin": 1.3, "aim": "equivalence"}],
                "looks": {"by": "events", "at": [20]},
                "size": {"patients": 120, "events": 40},
            },
            "looks",
        ),
    ],
)
def test_impossible_margins_are_explained(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """No margin, one on the wrong side, two sides or looks for equivalence are refused by their key."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **changed)
    assert key in {problem.key for problem in caught.value.problems}, caught.value
