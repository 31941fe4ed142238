"""Who gains health: QALYs by group, and what the gains are worth to a society averse to inequality of lifetime health.

Groups are those that a patient of the model has: age, sex and renal class; and hospitals, in thirds by how many limbs they lose,
where a population of hospitals has been fitted. The weight of a group is h^-epsilon, h being its
expected lifetime health (quality-adjusted years lived before referral by the population norm, and those after it under the
reference, undiscounted), scaled so that the mean weight of all people is 1. At an epsilon of 0 every QALY counts alike, and
that is the base. What is displaced elsewhere by costs is taken to be shared equally by all groups, so it has the mean weight.

Sources: Atkinson AB. On the measurement of inequality. J Econ Theory 1970;2:244-63. Asaria M, Griffin S, Cookson R.
Distributional cost-effectiveness analysis: a tutorial. Med Decis Making 2016;36:8-19.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.hospitals import load_hospitals
from simulator.evidence.posterior import parameter_draws
from simulator.questions.value.consequences.subgroups import SubgroupLives, subgroup_lives
from simulator.questions.value.sensitivity.variants import laid_over
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import Array
from simulator.valuation.deal import by_volume, treatments_each
from simulator.valuation.lives import Simulations
from simulator.valuation.quality_of_life import norm_of_both
from simulator.valuation.valuation import worth
from simulator.valuation.values import Drawn, Values

GROUPINGS = ("sex", "age", "renal class")
HOSPITAL = "hospital"
OFFSETS_BY = "hospital_amputation"
"""The offset by which hospitals are put in order."""
THIRDS = ("loses fewest limbs", "between", "loses most limbs")
BASE = 0.0


@dataclass(frozen=True, eq=False)
class Equity:
    """`groups`: grouping, level, share, age (mean, years), lifetime_health (QALYs, see the module), policy,
    incremental_effect (discounted), incremental_cost, net_health_benefit (at the first threshold). `weighted`: grouping,
    policy, epsilon, weighted_effect, net_health_benefit, ratio (of the largest weight to the smallest)."""

    groups: pd.DataFrame
    weighted: pd.DataFrame


def atkinson_weights(health: Array, share: Array, epsilon: float) -> Array:
    """health^-epsilon, scaled to a mean of 1 over people; `share` are the groups' shares of them."""
    # Relative to the mean, because powers of many years overflow.
    weights = (health / (health * share).sum()) ** -epsilon
    return np.asarray(weights / (weights * share).sum())


@dataclass(frozen=True, eq=False)
class HospitalLives:
    """Lives at hospitals drawn from the population, one in each draw, and how each loses limbs (log ratio; draws).

    `gains` are the added cost and QALYs of policies at a new hospital by the table of hospitals, which thirds add up to.
    """

    lives: SubgroupLives
    amputation: Array
    gains: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def hospital_lives(
    scenario: Scenario, draws: int, patients: int, seed: int, simulations: Simulations
) -> HospitalLives | None:
    """The scenario's people at a hospital drawn anew in each draw; None where no population of hospitals is known."""
    if load_hospitals() is None or scenario.read is None or draws < len(THIRDS):
        return None
    other = laid_over(scenario, {"evidence": {"centre": "new"}}, scenario.name)
    drawn = parameter_draws(other.register, draws, seed)
    found = subgroup_lives(other, other.parameter_draws(drawn), patients, seed, simulations)
    return HospitalLives(found, np.asarray(drawn[OFFSETS_BY], np.float64))


def equity(
    found: SubgroupLives,
    subgroups: pd.DataFrame,
    drawn: Drawn,
    scenario: Scenario,
    values: Values,
    aversions: Sequence[float],
    hospitals: HospitalLives | None = None,
) -> Equity:
    """Gains by group over the reference, and weighted by each epsilon, 0 first.

    Gains and shares are those of `subgroups` (`subgroups.subgroup_table`), so that a group has one gain everywhere; by hospital
    those of everybody in the draws of `hospitals`, with what they are short of its `gains` spread by the treatments given.
    """
    base = scenario.compare.index(scenario.reference)
    groups: list[dict[str, object]] = []
    weighted: list[dict[str, object]] = []

    def add(
        grouping: str,
        levels: Sequence[str],
        share: Array,
        ages: Array,
        health: Array,
        policy: str,
        cost: Array,
        effect: Array,
    ) -> None:
        """The gains of a policy in one grouping, and their sums by each epsilon."""
        for i, level in enumerate(levels):
            groups.append(
                {
                    "grouping": grouping,
                    "level": level,
                    "share": share[i],
                    "age": ages[i],
                    "lifetime_health": health[i],
                    "policy": policy,
                    "incremental_effect": effect[i],
                    "incremental_cost": cost[i],
                    "net_health_benefit": effect[i] - cost[i] / values.threshold,
                }
            )
        for epsilon in dict.fromkeys([BASE, *aversions]):
            weights = atkinson_weights(health, share, epsilon)
            gained = float((weights * share * effect).sum())
            weighted.append(
                {
                    "grouping": grouping,
                    "policy": policy,
                    "epsilon": epsilon,
                    "weighted_effect": gained,
                    "net_health_benefit": gained - float((share * cost).sum()) / values.threshold,
                    "ratio": float(weights.max() / weights.min()),
                }
            )

    for grouping in GROUPINGS:
        places = [g for g, (name, _) in enumerate(found.groups) if name == grouping and found.people[..., g].sum() > 0]
        levels = [found.groups[g][1] for g in places]
        people = found.people[..., places].sum(axis=(0, 1))
        share = people / people.sum()
        ages = found.ages[:, places].sum(axis=0) / people
        health = np.array(
            [lived(values, age) + left(found, g, drawn, values)[base] for age, g in zip(ages, places, strict=True)]
        )
        for p, policy in enumerate(scenario.compare):
            if p == base:
                continue
            own = subgroups[(subgroups["subgroup"] == grouping) & (subgroups["policy"] == policy)]
            own = own.set_index("level").loc[levels]
            cost, effect = (own[f"incremental_{what}"].to_numpy(dtype=np.float64) for what in ("cost", "effect"))
            add(grouping, levels, share, ages, health, policy, cost, effect)
    if hospitals is not None:
        thirds = np.array_split(np.argsort(hospitals.amputation, kind="stable"), len(THIRDS))
        volume = _volume(hospitals.lives, scenario, values)
        each = [_at(hospitals.lives, drawn, third, scenario, values, volume) for third in thirds]
        share = np.array([one.people for one in each]) / sum(one.people for one in each)
        ages, health = (np.array([getattr(one, name) for one in each]) for name in ("age", "health"))
        for p, policy in enumerate(scenario.compare):
            if p != base:
                cost, effect = (np.array([getattr(one, name)[p] for one in each]) for name in ("cost", "effect"))
                given = np.array([one.treatments[p] for one in each])
                spread = given / (share @ given) if given.any() else np.ones(len(each))
                at_once = hospitals.gains.get(policy, (share @ cost, share @ effect))
                cost, effect = (
                    own + spread * (whole - share @ own) for own, whole in zip((cost, effect), at_once, strict=True)
                )
                add(HOSPITAL, THIRDS, share, ages, health, policy, cost, effect)
    return Equity(pd.DataFrame(groups), pd.DataFrame(weighted))


@dataclass(frozen=True, eq=False)
class _Third:
    """People of a third of the hospitals: number, mean age, lifetime health under the reference, gains and treatments of each
    by policy."""

    people: float
    age: float
    health: float
    cost: Array
    effect: Array
    treatments: Array


def _volume(found: SubgroupLives, scenario: Scenario, values: Values) -> Array:
    """The share of the price that volume leaves where everybody at these hospitals has a policy, shape (1, policies)."""
    people = found.people[:, :, 0].sum(axis=0)
    ledgers = found.ledgers[:, :, :, 0].sum(axis=0) / people[:, None, None]
    return by_volume(scenario, values, treatments_each(values, ledgers).mean(axis=0, keepdims=True))


def _at(
    found: SubgroupLives, drawn: Drawn, draws: NDArray[np.int64], scenario: Scenario, values: Values, volume: Array
) -> _Third:
    """Everybody (the first group) in some of the draws, at the shares `volume` of the price."""
    base = scenario.compare.index(scenario.reference)
    some = SubgroupLives(
        found.groups,
        found.ledgers[:, draws],
        found.people[:, draws],
        found.ages[draws],
        found.parameters[draws],
        None if found.back is None else found.back[:, draws],
    )
    chosen = drawn.rows(draws)
    number = some.people[:, :, 0].sum(axis=0)
    ledgers = some.ledgers[:, :, :, 0].sum(axis=0) / number[:, None, None]
    own = worth(ledgers, some.parameters, chosen, some.on_terms(values, volume, 0))
    weight = number / number.sum()
    cost, effect = (weight @ (each - each[:, [base]]) for each in (own.cost, own.qalys))
    age = float(some.ages[:, 0].sum() / number.sum())
    health = lived(values, age) + float(left(some, 0, chosen, values)[base])
    return _Third(float(number.sum()), age, health, cost, effect, weight @ treatments_each(values, ledgers))


def lived(values: Values, age: float) -> float:
    """Quality-adjusted years before an age, by the population norm of both sexes from birth on."""
    years = np.linspace(0.0, age, 1 + 4 * int(np.ceil(age)))
    norm = np.array([norm_of_both(values.norm, float(year), values.male_share) for year in years])
    return float(np.trapezoid(np.minimum(norm, 1.0), years))


def left(found: SubgroupLives, group: int, drawn: Drawn, values: Values) -> Array:
    """Mean undiscounted QALYs of a group's people after referral under every policy, shape (policies,)."""
    number = found.people[:, :, group].sum(axis=0)
    ledgers = found.ledgers[:, :, :, group].sum(axis=0) / np.maximum(number, 1.0)[:, None, None]
    plain = worth(ledgers, found.parameters, drawn, replace(values, discounted=False))
    return np.asarray((number[:, None] * plain.qalys).sum(axis=0) / number.sum())
