"""Which choice is best where, and what a wrong one loses, from the runs of a designed sweep.

A *choice* is a policy with levels of its varied settings. The loss of a choice is how far it falls short of the best
choice in the same circumstances. All choices meet the same patients, so with two or more replicates the standard error
of a loss comes from replicate-wise differences; with one it is that of independent runs, which is too wide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from simulator.questions.sweep.clinical.policy_settings import SETTINGS
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.policy_sweep import PolicyStudy, PolicySweep
from simulator.questions.sweep.sweep import Runs

TOLD_APART = 2.0
"""Standard errors by which the best must lead for a cell of the map to count as decided."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One choice in one set of circumstances, with its `results` and their Monte Carlo errors in each replicate."""

    policy: str
    circumstances: Mapping[str, float]
    settings: Mapping[str, float]
    results: Floats
    errors: Floats

    @property
    def value(self) -> float:
        """Mean over replicates."""
        return float(self.results.mean())

    @property
    def se(self) -> float:
        """Monte Carlo standard error of the mean."""
        return float(np.sqrt((self.errors**2).sum()) / len(self.errors))

    def label(self, without: tuple[str, ...] = ()) -> str:
        """What people call it, with its settings but for those named."""
        words = [f"{called(key)} {level:g}" for key, level in self.settings.items() if key not in without]
        return self.policy + (f" ({', '.join(words)})" if words else "")


@dataclass(frozen=True, eq=False)
class Choices:
    """The tables of a designed sweep.

    `choices`: a row per circumstances and choice with its value and its loss against the best in those circumstances.
    `cells`: a row per cell of the map with its best choice, the lead over the next, whether that is decided, and the
    loss of that best against the best of all cells in the same circumstances. `losses`: the loss of each choice that
    is left in a cell, by the name it has there. `best` names the choice that loses least on average over the
    circumstances, which `equals` others do exactly as well; `at_edge` has its settings whose level is the first or last
    that was tried and where it is told apart from the next level. `undecided` counts cells.
    """

    choices: pd.DataFrame
    cells: pd.DataFrame
    losses: pd.DataFrame
    best: str
    equals: int
    undecided: int
    at_edge: Mapping[str, float]


def choose(sweep: PolicySweep, runs: Runs) -> Choices:
    """Every table of a designed sweep."""
    study = sweep.study
    sign = 1.0 if study.better == "higher" else -1.0
    every = list(_choices(study, runs))
    best = {key: _best(group, sign) for key, group in _by_circumstances(every).items()}
    rows = []
    for each in every:
        top = best[_key(each)]
        rows.append(
            {**each.circumstances, "policy": each.policy, **dict.fromkeys(_settings(study), np.nan), **each.settings}
            | {"value": each.value, "se": each.se}
            | dict(zip(("loss", "loss_se"), _lead(top, each, sign), strict=True))
            | {"best": each is top}
        )
    cells, losses = [], []
    for cell in product(*(study.vary[key] for key in study.map)):
        at = dict(zip(study.map, cell, strict=True))
        left = [each for each in every if _is_in(each, at)]
        winner = _best(left, sign)
        others = [each for each in left if each is not winner]
        lead, lead_se = _lead(winner, _best(others, sign), sign) if others else (np.inf, 0.0)
        loss, loss_se = _lead(best[_key(winner)], winner, sign)
        cells.append(
            {
                **at,
                "choice": winner.label(study.map),
                "value": winner.value,
                "se": winner.se,
                "lead": lead,
                "lead_se": lead_se,
                "decided": bool(lead > TOLD_APART * lead_se),
                "loss": loss,
                "loss_se": loss_se,
            }
        )
        for each in left:
            loss, loss_se = _lead(best[_key(each)], each, sign)
            losses.append({**at, "choice": each.label(study.map), "loss": loss, "loss_se": loss_se})
    table = pd.DataFrame(cells)
    label, equals = _on_average(every, best, sign)
    at_edge = _edges(study, every, label, sign)
    return Choices(
        choices=pd.DataFrame(rows),
        cells=table,
        losses=pd.DataFrame(losses),
        best=label,
        equals=equals,
        undecided=int((~table["decided"]).sum()),
        at_edge=at_edge,
    )


def called(key: str) -> str:
    """An input in words: of a setting, the last part of its key."""
    name = key.rpartition(".")[2] if key.partition(".")[2] in SETTINGS else key
    return name.replace("_", " ")


def _choices(study: PolicyStudy, runs: Runs) -> Iterator[Choice]:
    shape = tuple(len(levels) for levels in study.vary.values())
    place = {key: axis for axis, key in enumerate(study.vary)}
    rows = np.arange(int(np.prod(shape))).reshape(shape)
    for number, policy in enumerate(study.policies):
        results, errors = runs.of_output(number)
        axes = (*study.circumstances, *study.own(policy))
        for levels in product(*(range(len(study.vary[key])) for key in axes)):
            at = dict(zip(axes, levels, strict=True))
            index = [0] * len(shape)
            for key, level in at.items():
                index[place[key]] = level
            row = rows[tuple(index)]
            given = {key: study.vary[key][level] for key, level in at.items()}
            yield Choice(
                policy,
                {key: given[key] for key in study.circumstances},
                {key: given[key] for key in study.own(policy)},
                results[:, row],
                errors[:, row],
            )


def _key(choice: Choice) -> tuple[float, ...]:
    return tuple(choice.circumstances.values())


def _by_circumstances(every: list[Choice]) -> dict[tuple[float, ...], list[Choice]]:
    groups: dict[tuple[float, ...], list[Choice]] = {}
    for each in every:
        groups.setdefault(_key(each), []).append(each)
    return groups


def _best(choices: list[Choice], sign: float) -> Choice:
    """The first of the best, so that a choice which adds nothing is not preferred to a simpler one before it."""
    return max(choices, key=lambda each: sign * each.value)


def _lead(better: Choice, other: Choice, sign: float) -> tuple[float, float]:
    """How much better one choice is than another, and the standard error of that."""
    if better is other:
        return 0.0, 0.0
    apart = sign * (better.results - other.results)
    if len(apart) > 1:
        return float(apart.mean()), float(apart.std(ddof=1) / np.sqrt(len(apart)))
    return float(apart[0]), float(np.hypot(better.se, other.se))


def _is_in(choice: Choice, cell: Mapping[str, float]) -> bool:
    """Whether a choice is left in a cell: settings of other policies do not concern it."""
    own = {**choice.circumstances, **choice.settings}
    return all(own.get(key, level) == level for key, level in cell.items())


def _on_average(every: list[Choice], best: Mapping[tuple[float, ...], Choice], sign: float) -> tuple[str, int]:
    """The choice that loses least on average over the circumstances, each of the same weight, and how many equal it."""
    losses: dict[str, float] = {}
    for each in every:
        losses[each.label()] = losses.get(each.label(), 0.0) + _lead(best[_key(each)], each, sign)[0]
    least = min(losses, key=lambda label: losses[label])
    return least, sum(loss == losses[least] for loss in losses.values()) - 1


def _edges(study: PolicyStudy, every: list[Choice], label: str, sign: float) -> dict[str, float]:
    """Settings of the best choice at the end of their levels, from which the next level inward is worse for certain."""
    own = [each for each in every if each.label() == label]
    edges = {}
    for key, level in own[0].settings.items():
        levels = study.vary[key]
        if level not in (levels[0], levels[-1]):
            continue
        inward = levels[1] if level == levels[0] else levels[-2]
        beside = [
            other
            for each in own
            for other in every
            if other.policy == each.policy
            and other.circumstances == each.circumstances
            and other.settings == {**each.settings, key: inward}
        ]
        leads = [_lead(each, other, sign) for each, other in zip(own, beside, strict=True)]
        if all(lead > TOLD_APART * se for lead, se in leads):
            edges[key] = level
    return edges


def _settings(study: PolicyStudy) -> list[str]:
    return [key for key in study.vary if key not in study.circumstances]
