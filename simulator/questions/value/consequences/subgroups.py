"""What treating is worth by subgroup, and what deciding by subgroup is worth over one decision for all.

Subgroups are told at baseline. As everywhere, each draw's patients have two halves, here the even and the odd ones, so
that a subgroup's few patients are not mistaken for uncertainty about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.reporting import divided
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import FIELDS, STEP_COUNTS
from simulator.rules.population.patient import PATIENT
from simulator.run.result import Result
from simulator.scenario.economics import HALVES
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import INTERVAL, Array, standard_error
from simulator.valuation.deal import PARTS, SUMS, Refunded, left_to_pay
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.lives import Simulations
from simulator.valuation.valuation import worth
from simulator.valuation.values import Drawn, Values
from simulator.words.vocabulary import Renal

MOST_LUCK = 0.9
"""Share of the variance between draws beyond which patients' luck hides what parameters do."""

TREATMENTS = [COLUMN[f"count_{name}"] for name in ("dose", *STEP_COUNTS)]

Members = dict[tuple[str, str], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class SubgroupLives:
    """Sums over patients: ledgers (halves, draws, policies, groups, fields), people (halves, draws, groups) and their ages at
    referral (years; draws, groups). `back`: what is paid for and paid back (halves, draws, policies, groups, parts, SUMS; see
    `deal.MoneyBack`), None where no money comes back."""

    groups: tuple[tuple[str, str], ...]
    ledgers: Array
    people: Array
    ages: Array
    parameters: NDArray[np.void]
    back: Array | None = None

    def on_terms(self, values: Values, volume: Array, group: int, half: int | slice = slice(None)) -> Values:
        """The values with what is left to pay in a group's lives, of one half or of both, at the shares `volume` of the price."""
        if not values.deal.needs_lives:
            return values
        counts = None if self.back is None else self.back[half, :, :, group]
        if counts is not None and isinstance(half, slice):
            counts = counts.sum(axis=0)
        return values.with_left(left_to_pay(values.deal, volume, counts))


def members(patients: NDArray[np.void]) -> Members:
    """Who belongs to which level of which subgroup, by (subgroup, level)."""
    found: Members = {("everybody", "all"): np.ones(len(patients), np.bool_)}
    for renal in Renal:
        found["renal class", renal.name.lower()] = patients["renal"] == renal.value
    male = patients["male"] > 0.5
    found |= {("sex", "women"): ~male, ("sex", "men"): male}
    found |= _bands("age", patients["age"], divided("age_classes"))
    found |= _bands("measured TcPO2, mmHg", patients["tcpo2_measured"], divided("tcpo2_classes"))
    for stage in (4, 5, 6):
        found["Rutherford class", str(stage)] = patients["rutherford"] == stage
    high = patients["small_ev_high"] > 0.5
    found |= {("small vesicles", "low"): ~high, ("small vesicles", "high"): high}
    carrier = (patients["leiden"] > 0.5) | (patients["mthfr"] > 0.5)
    return found | {("thrombophilia", "none"): ~carrier, ("thrombophilia", "carrier"): carrier}


def subgroup_lives(
    scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int, simulations: Simulations
) -> SubgroupLives:
    """Ledgers by subgroup of every policy, each draw in patients of its own."""
    names = tuple(members(np.zeros(0, PATIENT)))
    shapes: dict[str, tuple[int, ...]] = {
        "ledgers": (HALVES, len(scenario.compare), len(names), len(FIELDS)),
        "people": (HALVES, len(names)),
        "ages": (len(names),),
    }
    refunded = Refunded.under(scenario)
    if refunded is not None:
        shapes["back"] = (HALVES, len(scenario.compare), len(names), PARTS, SUMS)
    arrays = simulations.reduced("Subgroups", scenario, draws, patients, seed, SubgroupSums(refunded), shapes)
    found = {name: np.moveaxis(arrays[name], 0, 1) for name in shapes if name != "ages"}
    return SubgroupLives(names, found["ledgers"], found["people"], arrays["ages"], draws, found.get("back"))


def subgroup_table(
    found: SubgroupLives, drawn: Drawn, scenario: Scenario, values: Values, whole: Array
) -> pd.DataFrame:
    """One line per subgroup, level and policy other than the reference.

    `whole` holds the base case's increments of costs and QALYs, shape (2, draws, policies). Subgroups are told in fewer
    draws than the base case has. What everybody's increments differ by is spread over the levels by the treatments that they
    are given, so that levels, weighted by their shares, add up to the base case, and untreated ones stay at nothing.

    Columns: subgroup, level, share (of people), policy, incremental_cost, incremental_effect, net_benefit (at the first
    threshold), se, low, high, probability (that net benefit is above zero), best (the policy of highest net benefit there),
    draws. The interval and the probability are those of the parameters: the variance of patients' luck is taken out of the
    draws. They are missing where luck hides it.
    """
    benefit, cost, effect = _by_group(found, drawn, scenario, values)
    people = found.people.sum(axis=0)
    base_cost, base_effect = whole.mean(axis=1)
    given = found.ledgers[..., TREATMENTS].sum(axis=(0, 1, -1)) / np.maximum(people.sum(axis=0), 1.0)
    rows = []
    for g, (subgroup, level) in enumerate(found.groups):
        if people[:, g].sum() == 0:
            continue
        own: dict[str, dict[str, object]] = {}
        for p, policy in enumerate(scenario.compare):
            part = given[p, g] / given[p, 0] if given[p, 0] > 0 else 1.0
            at_cost, at_effect = (
                _ratio(each[:, :, p, g], found.people[:, :, g])
                + part * (base[p] - _ratio(each[:, :, p, 0], found.people[:, :, 0]))
                for each, base in ((cost, base_cost), (effect, base_effect))
            )
            own[policy] = {
                "subgroup": subgroup,
                "level": level,
                "share": people[:, g].sum() / people[:, 0].sum(),
                "policy": policy,
                "incremental_cost": at_cost,
                "incremental_effect": at_effect,
                "net_benefit": values.threshold * at_effect - at_cost,
                **_uncertainty(benefit[:, :, p, g], found.people[:, :, g], values.threshold * at_effect - at_cost),
            }
        best = max(own, key=lambda policy: float(str(own[policy]["net_benefit"])))
        draws = len(found.parameters)
        rows += [row | {"best": best, "draws": draws} for name, row in own.items() if name != scenario.reference]
    return pd.DataFrame(rows)


def stratified_value(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    """What it is worth to choose by subgroup: subgroup, choices, one_for_all, by_subgroup, gain (per person).

    `one_for_all` is the net benefit of the one policy that is best for everybody, the same for every subgroup;
    `by_subgroup` that of the best policy of each level, weighted by its share. Source: Espinoza MA et al. The value of
    heterogeneity for cost-effectiveness subgroup analysis. Med Decis Making 2014;34:951-64 (static value).
    """
    everybody = table[table["subgroup"] == "everybody"].set_index("policy")["net_benefit"]
    one, for_all = (str(everybody.idxmax()), float(everybody.max())) if everybody.max() > 0 else (reference, 0.0)
    rows = []
    for subgroup, own in table.groupby("subgroup", sort=False):
        if subgroup == "everybody":
            continue
        wide = own.pivot_table(index="level", columns="policy", values="net_benefit", sort=False)
        wide.insert(0, reference, 0.0)
        share = own.groupby("level", sort=False)["share"].first().loc[wide.index]
        best = wide.idxmax(axis=1)
        # The same to the last digit where no level chooses otherwise.
        gain = float(((wide.max(axis=1) - wide[one]) * share).sum() / share.sum())
        rows.append(
            {
                "subgroup": subgroup,
                "choices": "; ".join(f"{level}: {policy}" for level, policy in best.items()),
                "one_for_all": for_all,
                "by_subgroup": for_all + gain,
                "gain": gain,
            }
        )
    return pd.DataFrame(rows)


def _bands(name: str, numbers: Array, cuts: tuple[float, ...]) -> Members:
    place = np.searchsorted(cuts, numbers, side="right")
    edges = [f"below {cuts[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(cuts))]
    edges.append(f"{cuts[-1]:g} and above")
    return {(name, edge): place == k for k, edge in enumerate(edges)}


@dataclass(frozen=True)
class SubgroupSums:
    """Sums by draw (first axis) and half of a result that kept its patients; with `refunded` what is paid for and back, too."""

    refunded: Refunded | None = None

    @property
    def __name__(self) -> str:
        """Tells results of different terms apart in the store."""
        return "sums_by_subgroup" + ("" if self.refunded is None else f"_{self.refunded.__name__}")

    def __call__(self, result: Result) -> Mapping[str, Array]:
        """ledgers, people, ages and, on terms, back; see `SubgroupLives`, with draws before halves."""
        groups = members(np.zeros(0, PATIENT))
        shape = len(result.draw_ids), HALVES, len(result.policies), len(groups)
        ledgers, people = np.zeros((*shape, len(FIELDS))), np.zeros((shape[0], HALVES, len(groups)))
        ages, back = np.zeros((shape[0], len(groups))), np.zeros((*shape, PARTS, SUMS))
        for kept in result.kept:
            if not isinstance(kept.what, Followed):
                continue
            policy = result.policies.index(kept.policy)
            odd = (np.arange(len(kept.what.ledgers)) % HALVES).astype(np.bool_)
            each = None if self.refunded is None else self.refunded.of_each(kept.what, result.parameters[kept.draw])
            for g, belongs in enumerate(members(kept.what.patients).values()):
                if policy == 0:
                    ages[kept.draw, g] += kept.what.patients["age"][belongs].sum()
                for half, chosen in enumerate((belongs & ~odd, belongs & odd)):
                    ledgers[kept.draw, half, policy, g] += kept.what.ledgers[chosen].sum(axis=0)
                    if each is not None:
                        back[kept.draw, half, policy, g] += each[chosen].sum(axis=0)
                    if policy == 0:
                        people[kept.draw, half, g] += chosen.sum()
        found = {"ledgers": ledgers, "people": people, "ages": ages}
        return found if self.refunded is None else found | {"back": back}


def _by_group(found: SubgroupLives, drawn: Drawn, scenario: Scenario, values: Values) -> tuple[Array, Array, Array]:
    """Incremental net benefit, cost and effect of each half, shape (halves, draws, policies, groups)."""
    base = [scenario.compare.index(scenario.reference)]
    shape = (*found.ledgers.shape[:3], len(found.groups))
    # Whoever is treated pays the price of everybody's treatments.
    volume = np.ones((1, 1)) if values.left is None else values.left.by_volume
    cost, effect = np.zeros(shape), np.zeros(shape)
    for half in range(HALVES):
        for g in range(len(found.groups)):
            number = np.maximum(found.people[half, :, None, None, g], 1.0)[..., 0]
            terms = found.on_terms(values, volume, g, half)
            own = worth(found.ledgers[half, :, :, g] / number[..., None], found.parameters, drawn, terms)
            cost[half, :, :, g], effect[half, :, :, g] = own.cost, own.qalys
    cost, effect = (each - each[:, :, base] for each in (cost, effect))
    return values.threshold * effect - cost, cost, effect


def _ratio(values: Array, people: Array) -> float:
    """The mean over all people of all draws of means per draw and half, both of shape (halves, draws)."""
    return float((values * people).sum() / people.sum())


def _uncertainty(benefit: Array, people: Array, centre: float) -> dict[str, float]:
    """Monte Carlo error, and interval and probability of the parameters, of a net benefit whose mean is `centre`."""
    seen = people.sum(axis=0) > 0
    both = (benefit * people).sum(axis=0)[seen] / people.sum(axis=0)[seen]
    halved = (people > 0).all(axis=0)
    draws = _without_luck(both, benefit[:, halved])
    if draws is None:
        return {"se": standard_error(both), "low": np.nan, "high": np.nan, "probability": np.nan}
    draws = draws - both.mean() + centre
    low, high = np.quantile(draws, INTERVAL)
    return {
        "se": standard_error(both),
        "low": float(low),
        "high": float(high),
        "probability": float((draws > 0).mean()),
    }


def _without_luck(draws: Array, halves: Array) -> Array | None:
    """The draws pulled towards their mean until their variance is that of the parameters alone; None if luck hides it."""
    if len(draws) < 2:
        return None
    variance = draws.var(ddof=1)
    noise = float(((halves[0] - halves[1]) ** 2).mean() / 4.0) if halves.shape[1] else np.inf
    if variance <= 0.0:
        return draws
    if noise > MOST_LUCK * variance:
        return None
    return np.asarray(draws.mean() + np.sqrt(1.0 - noise / variance) * (draws - draws.mean()))
