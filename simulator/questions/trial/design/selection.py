"""Arms that are dropped at a look, and a trial that goes on in a subgroup alone: what a design may say of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from simulator.evidence.reading import Frozen
from simulator.questions.trial.design.endpoint import BINARY, BORROWING, CONTINUOUS, HIERARCHICAL, Endpoint
from simulator.scenario.limits import number
from simulator.scenario.policy import Fault

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

Arms = Annotated[int, BeforeValidator(number(1, 20, whole=True))]
Z = Annotated[float, BeforeValidator(number(-10.0, 10.0))]
Times = Annotated[float, BeforeValidator(number(1.0, 5.0, "times as long"))]
Tcpo2 = Annotated[float, BeforeValidator(number(1.0, 100.0, "mmHg"))]

STAGEWISE = (*(test for test in BINARY if test != BORROWING), *CONTINUOUS, *HIERARCHICAL, "logrank")
"""Tests whose stages are independent: patients read at a time, of whom each belongs to one stage, and the log-rank test, whose
increments are."""


MOST_STRATA = 50
"""Strata whose last blocks may all be unfinished."""


class Selection(Frozen):
    """Arms that go on after a look: at most the `keep` best, by their test so far, and none whose statistic is below `z`.

    Where none is left the trial stops. The arms that are left get the patients that a dropped one would have had (`patients` as
    planned), or the trial becomes smaller by them. Familywise error is kept by a closed test: `intersection` tests several arms
    in a stage together, `combination` joins the stages; Fisher's product has one interim look, which never stops for efficacy.
    """

    keep: Arms | None = None
    z: Z | None = None
    patients: Literal["as_planned", "fewer"] = "as_planned"
    intersection: Literal["dunnett", "simes", "bonferroni"] = "dunnett"
    combination: Literal["inverse_normal", "fisher"] = "inverse_normal"


class Enrichment(Frozen):
    """A subgroup by a biomarker, TcPO2 as measured on entry below `tcpo2_below`, in which alone the trial may go on after a look.

    Everybody goes on where the statistic in everybody is at least `z_everybody`; else the subgroup alone, where its statistic is
    at least `z_subgroup`; else the trial stops. In a subgroup alone the planned number of patients is recruited from the same
    stream, for at most `longest` times as long as everybody would have taken. Closed test as in a selection of arms.
    """

    tcpo2_below: Tcpo2
    z_everybody: Z
    z_subgroup: Z
    longest: Times = 2.0
    intersection: Literal["dunnett", "simes", "bonferroni"] = "dunnett"
    combination: Literal["inverse_normal", "fisher"] = "inverse_normal"


def adaptation(design: Design) -> Selection | Enrichment | None:
    """What a design drops, if anything."""
    return design.selection or design.enrichment


def going_on(rule: Selection | Enrichment, z: Array, kept: Bools) -> Bools:
    """Which hypotheses are left after a look, of those (trials, hypotheses) that were, by their statistics so far."""
    z = np.where(kept & np.isfinite(z), z, -np.inf)
    if isinstance(rule, Enrichment):
        everybody = kept[:, 0] & (z[:, 0] >= rule.z_everybody)
        subgroup = kept[:, 1] & (everybody | (z[:, 1] >= rule.z_subgroup))
        return np.column_stack([everybody, subgroup])
    left = kept.copy()
    if rule.z is not None:
        left &= z >= rule.z
    if rule.keep is not None:
        order = np.argsort(-z, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(z.shape[1]), z.shape), axis=1)
        left &= rank < rule.keep
    return left


def most_recruits(design: Design, patients: int) -> int:
    """How many recruits a trial of a size can come to go through, as far as it may grow and with those whom it passes over."""
    if design.enrichment is not None:
        return int(np.ceil(patients * design.enrichment.longest))
    if design.selection is None or design.selection.patients == "fewer":
        return int(np.ceil(patients * design.most_growth - 1e-9))
    parts = [arm.allocation for arm in design.arms]
    most = patients * sum(parts) / (parts[0] + min(parts[1:]))
    if not design.block:
        # A coin for everybody: five standard deviations.
        return int(np.ceil(most + 5.0 * np.sqrt(most)))
    strata = int(np.prod([4 if each.cut is None else 2 for each in design.randomisation.strata]))
    return int(np.ceil(most)) + design.block * min(strata, MOST_STRATA)


def selection_faults(design: Design) -> Iterator[Fault]:
    """What dropping arms or people does not go with."""
    rule = adaptation(design)
    if rule is None:
        return
    name = "selection" if design.selection is not None else "enrichment"
    if design.selection is not None and design.enrichment is not None:
        yield "enrichment", "given", "either selection or enrichment: no closed test over arms and populations is there"
    if isinstance(rule, Selection):
        if len(design.arms) < 3:
            yield name, "given", "two or more arms beside the control"
        if rule.keep is None and rule.z is None:
            yield f"{name}.keep", "missing", "keep, z or both: which arms go on"
        elif rule.keep is not None and rule.keep >= len(design.arms) - 1 and rule.z is None:
            yield f"{name}.keep", rule.keep, f"fewer than the {len(design.arms) - 1} arms beside the control"
    else:
        if len(design.arms) != 2:
            yield name, "given", "two arms"
        if design.stated:
            yield "stated", "given", "nothing with enrichment: what is stated has no biomarker"
    yield from _other_parts(design, rule, name)


def _other_parts(design: Design, rule: Selection | Enrichment, name: str) -> Iterator[Fault]:
    endpoint: Endpoint = design.primary
    if design.looks is None:
        yield "looks", "missing", f"the looks at which {name} decides"
    elif rule.combination == "fisher":
        if len(design.looks.at) != 1:
            yield f"{name}.combination", "fisher", "one interim look; inverse_normal takes several"
        for key in sorted(design.looks.model_fields_set - {"by", "at"}):
            yield f"looks.{key}", getattr(design.looks, key), "nothing with fisher, which never stops for efficacy"
    if endpoint.test not in STAGEWISE:
        allowed = f"one whose stages are independent: {', '.join(STAGEWISE)}"
        yield f"endpoints.{endpoint.name}.test", endpoint.test, allowed
    if design.multiplicity is not None:
        yield "multiplicity.rule", design.multiplicity.rule, f"nothing with {name}, whose closed test is the rule"
    if design.sides == 2:
        yield "sides", design.sides, f"1 with {name}"
    if endpoint.aim != "superiority":
        yield f"endpoints.{endpoint.name}.aim", endpoint.aim, f"superiority with {name}"
    if design.size.events is not None:
        allowed = f"nothing with {name}: events of arms or people that are dropped would end the trial"
        yield "size.events", design.size.events, allowed
    if design.looks is not None and design.looks.type == "triangular":
        yield "looks.type", "triangular", f"another type with {name}, which stops for futility by its own z"
    for key in ("futility", "reestimation", "blinded_review"):
        if getattr(design, key) is not None:
            yield key, "given", f"nothing with {name}, which stops for futility by its own z and keeps its size"
    if design.randomisation.method == "minimised":
        yield (
            "randomisation.method",
            "minimised",
            f"blocks with {name}: what is minimised would hang on who was dropped",
        )
    if design.estimands:
        yield "estimands", "given", f"none with {name}: twins are those of a trial that drops nobody"
