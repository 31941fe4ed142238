"""Errors that decision analyses print, on net benefits whose means, chances and values of information are known exactly.

Two options are compared. Costs, effects and treatments paid for are linear in three independent standard normal parameters, so
that the net benefit of the second over the first is normal, and so is what is left of it once some parameters, or a study of
them, are known: every value of information is a unit normal loss. One more net benefit is curved in a parameter.
`interval_coverage.py` counts how often the intervals hold these truths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import norm

from simulator.questions.value.research.sampling import net_benefit_of_sampling
from simulator.statistics.decision import voi
from simulator.statistics.decision.incremental import incremental_analysis
from simulator.statistics.decision.net_benefit import acceptability, net_monetary_benefit
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.price import value_based_price
from simulator.statistics.decision.results import CostEffectResults

Array = NDArray[np.float64]
Found = dict[str, tuple[float, float]]
"""By name, a value and its standard error."""
Answer = tuple[Found, dict[str, float]]
"""What was found, and by the same names what is true."""

THRESHOLD = 30_000.0
COST, COSTS = 9_000.0, np.array([2_000.0, 1_500.0, 500.0])
EFFECTS = np.array([0.18, -0.08, 0.05])
"""What the second option costs and does beyond the first on average, and per standard deviation of each parameter."""
TREATMENTS, MORE_TREATMENTS = 1.8, np.array([0.0, 0.1, 0.3])
"""Treatments paid for with the second option; the first needs none."""
STUDY_SD = 6.0
"""Standard deviation of a study's single observation of the first parameter."""
STUDY_SIZES = (20, 80)
PEOPLE = Population(1_000.0, 10.0, 0.03)
FIXED, EACH = 100_000.0, 500.0


@dataclass(frozen=True)
class Choice:
    """How far the mean net benefit of the second option lies from nought, in its own standard deviations."""

    behind: float

    @property
    def slopes(self) -> Array:
        """What a standard deviation of each parameter adds to net benefit."""
        return np.asarray(THRESHOLD * EFFECTS - COSTS)

    @property
    def mean(self) -> float:
        """Mean net benefit of the second option over the first."""
        return float(self.behind * np.hypot.reduce(self.slopes))

    @property
    def effect(self) -> float:
        """Mean effect of the second option over the first."""
        return (self.mean + COST) / THRESHOLD

    def results(self, parameters: Array) -> tuple[CostEffectResults, Array]:
        """Costs and effects of both options, and treatments paid for, at draws of the parameters (draws, 3)."""
        nothing = np.zeros(len(parameters))
        cost = np.stack([nothing, COST + parameters @ COSTS], axis=1)
        effect = np.stack([nothing, self.effect + parameters @ EFFECTS], axis=1)
        return (
            CostEffectResults(("first", "second"), cost, effect, pd.DataFrame(parameters, columns=["a", "b", "c"])),
            np.stack([nothing, TREATMENTS + parameters @ MORE_TREATMENTS], axis=1),
        )

    def worth(self, spread: float) -> float:
        """What it is worth to know all of the net benefit but what has not this standard deviation."""
        gain = spread * norm.pdf(self.mean / spread) + self.mean * norm.cdf(self.mean / spread)
        return float(gain - max(0.0, self.mean))

    def learnt(self, patients: int) -> float:
        """Standard deviation of the net benefit that is expected once a study of the first parameter is known."""
        return float(abs(self.slopes[0]) / math.sqrt(1.0 + STUDY_SD**2 / patients))


@cache
def curved_worth(choice: Choice) -> float:
    """What it is worth to know the first parameter where net benefit goes by its square."""
    slope = choice.slopes[0] / math.sqrt(2.0)
    worth = quad(lambda z: max(0.0, choice.mean + slope * (z * z - 1.0)) * norm.pdf(z), -9, 9, limit=400)[0]
    return float(worth) - max(0.0, choice.mean)


def decision(choice: Choice, draws: int, seed: int) -> Answer:
    """What tables of a decision say of some draws, and what is true."""
    results, treatments = choice.results(np.random.default_rng([seed, draws]).standard_normal((draws, 3)))
    spread = float(np.hypot.reduce(choice.slopes))
    ratio = incremental_analysis(results).set_index("option").to_dict("index")["second"]
    curve = acceptability(results, [THRESHOLD]).set_index("option").to_dict("index")
    # Costs are without a price: what treatments may cost is what is left of the net benefit.
    price = value_based_price(results, treatments, THRESHOLD, "first").set_index("option").to_dict("index")["second"]
    found: Found = {}
    for name in ("incremental_cost", "incremental_effect", "icer"):
        found[name] = float(ratio[name]), float(ratio[f"{name}_se"])
    for option in results.options:
        for name in ("probability", "net_benefit", "expected_loss"):
            if (name, option) != ("net_benefit", "first"):
                found[f"{name} {option}"] = float(curve[option][name]), float(curve[option][f"{name}_se"])
    found["price"] = float(price["price"]), float(price["se"])
    perfect = voi.evpi(net_monetary_benefit(results, THRESHOLD))
    found["evpi"] = perfect.value, perfect.se
    chance = float(norm.cdf(choice.mean / spread))
    loss = choice.worth(spread) + max(0.0, choice.mean)
    truths = {
        "incremental_cost": COST,
        "incremental_effect": choice.effect,
        "icer": COST / choice.effect,
        "probability first": 1.0 - chance,
        "probability second": chance,
        "net_benefit second": choice.mean,
        "expected_loss first": loss,
        "expected_loss second": loss - choice.mean,
        "price": choice.mean / TREATMENTS,
        "evpi": choice.worth(spread),
    }
    # An option on neither side of the frontier has no ratio to the one before it.
    return {name: each for name, each in found.items() if math.isfinite(each[0])}, truths


def information(choice: Choice, draws: int, seed: int) -> Answer:
    """What partial and sample information are said to be worth, and are."""
    rng = np.random.default_rng([seed, draws, 7])
    parameters = rng.standard_normal((draws, 3))
    benefit = net_monetary_benefit(choice.results(parameters)[0], THRESHOLD)
    slopes = choice.slopes
    estimates = {
        "evppi a": voi.evppi(benefit, parameters[:, 0], seed=seed),
        "evppi b": voi.evppi(benefit, parameters[:, 1], seed=seed),
        "evppi a, b": voi.evppi(benefit, parameters[:, :2], seed=seed),
    }
    truths = {
        "evppi a": choice.worth(abs(slopes[0])),
        "evppi b": choice.worth(abs(slopes[1])),
        "evppi a, b": choice.worth(float(np.hypot(slopes[0], slopes[1]))),
        "evppi curved": curved_worth(choice),
    }
    curved = benefit.copy()
    curved[:, 1] += slopes[0] * ((parameters[:, 0] ** 2 - 1.0) / math.sqrt(2.0) - parameters[:, 0])
    estimates["evppi curved"] = voi.evppi(curved, parameters[:, 0], seed=seed)
    found = {name: (each.value, each.se) for name, each in estimates.items()}
    summaries = {n: parameters[:, 0] + rng.normal(0.0, STUDY_SD / math.sqrt(n), draws) for n in STUDY_SIZES}
    studies = net_benefit_of_sampling(
        benefit, summaries, PEOPLE, fixed_cost=FIXED, cost_per_patient=EACH, at_most=estimates["evppi a"], seed=seed
    )
    for of in studies.to_dict("records"):
        patients = int(of["patients"])
        worth = choice.worth(choice.learnt(patients))
        truths |= {f"evsi {patients}": worth, f"enbs {patients}": worth * PEOPLE.size() - FIXED - EACH * patients}
        found |= {
            f"evsi {patients}": (float(of["evsi"]), float(of["se"])),
            f"enbs {patients}": (float(of["enbs"]), float(of["population_se"])),
        }
    return found, truths


def rare(name: str, choice: Choice, draws: int, fewest: int) -> bool:
    """Whether fewer draws than that decide a value: those in which what would be known turns the choice."""
    known = {"evppi a": slice(0, 1), "evppi b": slice(1, 2), "evppi a, b": slice(0, 2)}
    if name.startswith(("evsi", "enbs")):
        turned = norm.cdf(-abs(choice.mean) / choice.learnt(int(name.split()[1])))
    elif name == "evppi curved":
        # Above its mean, or below it, by so much that the mean is made up for.
        by = -choice.mean * math.sqrt(2.0) / choice.slopes[0] + 1.0
        turned = 2.0 * norm.cdf(-math.sqrt(by)) if by > 0.0 else 1.0
        turned = min(turned, 1.0 - turned)
    else:
        turned = norm.cdf(-abs(choice.mean) / float(np.hypot.reduce(choice.slopes[known.get(name, slice(None))])))
    plain = name.startswith(("incremental", "icer", "net_benefit", "price"))
    return bool(not plain and draws * turned < fewest)
