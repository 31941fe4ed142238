"""What a calculator answers: a size or a power by every formula that fits, its curve, and what was assumed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.statistics.sequential.stopping_plan import Plan
from simulator.statistics.sizes.formula import Formula, design_effect
from simulator.words.errors import BadInput, Problem

Inputs = Mapping[str, Any]
"""Numbers, and text for what may come in pieces."""
AIMS = ("superiority", "non-inferiority", "equivalence")
POWERS = np.linspace(0.5, 0.98, 49)


class Note(dict[str, Any]):
    """An assumption: its `name`, and the numbers that a sentence about it needs."""

    def __init__(self, name: str, **numbers: Any) -> None:
        super().__init__(name=name, **numbers)


@dataclass(frozen=True)
class Answer:
    """What a calculator found.

    `table` has a row per method, with the citation of its formula; `curve` is (method, patients, power); `detail` is a
    further table of a single-arm design, or None; `notes` are the assumptions, each a name with its numbers.
    """

    design: str
    table: pd.DataFrame
    curve: pd.DataFrame
    notes: tuple[Note, ...] = ()
    detail: pd.DataFrame | None = None


def as_options(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of a formula's inputs as problems of the options that gave them."""
    return [replace(p, file="command line", key=option(p.key)) if p.file == "design" else p for p in problems]


def option(name: str) -> str:
    """The command line's spelling of an input."""
    return "--" + {"members": "cluster-size", "correlation_within": "icc"}.get(name, name).replace("_", "-")


def inflation(values: Inputs) -> tuple[float, list[Note]]:
    """How many times the patients of independent ones in a trial without looks, and what made it so."""
    factor, problems = 1.0, []
    notes: list[Note] = []
    looks, boundary = values.get("looks"), values.get("boundary")
    if boundary is not None and looks is None:
        problems.append(Problem("command line", "--boundary", str(boundary), "only with --looks"))
    elif looks is not None:
        from simulator.statistics.sequential.boundary_search import solve

        information = tuple((k + 1) / looks for k in range(int(looks)))
        found = solve(Plan(information, values["alpha"], boundary or "ld-obf", power=values["power"]), "command line")
        factor *= found.inflation
        notes.append(Note("looks", looks=int(looks), boundary=boundary or "ld-obf", factor=found.inflation))
    members, within = values.get("members"), values.get("correlation_within")
    if (members is None) != (within is None):
        key = "--icc" if within is None else "--cluster-size"
        problems.append(Problem("command line", key, "missing", "a number; --cluster-size and --icc go together"))
    elif members is not None and within is not None:
        effect = design_effect(members, within)
        factor *= effect / members
        notes.append(Note("clusters", members=members, within=within, effect=effect, factor=effect / members))
    if problems:
        raise BadInput(problems)
    return factor, notes


def answered(design: str, formulas: Sequence[Formula], values: Inputs, notes: Iterable[Note]) -> Answer:
    """The table, the curve and what is to be said of some formulas."""
    alpha, ratio, lost = values["alpha"], values["ratio"], values.get("lost", 0.0)
    factor, inflated = inflation(values)
    formulas = [each.inflated(factor) for each in formulas]
    counts = formulas[0].counts
    if counts == "events" and (lost or "lost" in values):
        allowed = (
            "only where patients are counted: give --median-0 (or --hazard-0, --rate-0), --accrual and --follow-up"
        )
        raise BadInput([Problem("command line", "--lost", f"{lost:g}", allowed)])
    rows = []
    for each in formulas:
        row: dict[str, Any] = {"method": each.name}
        if "n" in values:
            n = values["n"] * (1.0 - lost)
            row |= {counts: values["n"], "power": each.power(n)}
        else:
            row |= _rounded(each, values["power"], counts, ratio, lost)
        rows.append(row | {"citation": each.citation})
    powers = [float(power) for power in POWERS if power > alpha]
    curves = [
        pd.DataFrame({"method": each.name, counts: [each.size(p) / (1.0 - lost) for p in powers], "power": powers})
        for each in formulas
        if not each.exact
    ]
    said = [*notes, *inflated, Note("one_sided", alpha=alpha)]
    if lost > 0.0:
        said.append(Note("lost", share=lost))
    return Answer(design, pd.DataFrame(rows), pd.concat(curves, ignore_index=True), tuple(said))


def _rounded(each: Formula, power: float, counts: str, ratio: float, lost: float) -> dict[str, Any]:
    """Size of a formula, each arm rounded up after making good the share that is lost."""
    n = each.size(power)
    if counts == "events" or not math.isfinite(n):
        return {counts: math.ceil(n - 1e-9) if math.isfinite(n) else math.inf, "unrounded": n}
    arms = [math.ceil(n / (1.0 - lost) * share / (1.0 + ratio) - 1e-9) for share in (1.0, ratio)]
    return {"patients": sum(arms), "patients_arm_0": arms[0], "patients_arm_1": arms[1], "unrounded": n}
