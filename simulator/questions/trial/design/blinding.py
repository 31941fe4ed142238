"""Who knows a patient's arm, and what that changes: decisions, withdrawal and reports, never the limb."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from simulator.compiling import compiled
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import Probability
from simulator.scenario.policy import Fault
from simulator.words.label import Label

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design


SHAM = "sham"
"""The therapy that does nothing but what it hurts."""


class Blinding(Frozen):
    """From whom the arm is hidden, and the share of patients of whom it comes out all the same.

    Open (``nobody``): patients and surgeons know. ``patients``: surgeons, who decide about amputation, know. ``everybody``:
    double-blind. What knowing changes are numbers of the register (`known_control_amputation_hr`,
    `known_control_withdrawal_hr`, `expected_walking_report`). `control` names the arm that counts as not treated; default:
    the first of several. A design without this table leaves all of it out.
    """

    hidden_from: Literal["nobody", "patients", "everybody"]
    found_out: Probability = 0.0
    control: Label | None = None


class Knowledge(NamedTuple):
    """What recruits need of it: the shares of patients and of their surgeons who know the arm, which arms (arms,) are the
    control's (0 or 1), and the chance of having been treated as patients are told it. All are 0 where it does not count."""

    patients: float
    surgeons: float
    control: Any
    chance: float


def knowledge_of(design: Design) -> Knowledge:
    """The design's blinding as recruits need it."""
    blinding, arms = design.blinding, design.arms
    control = np.zeros(len(arms))
    if blinding is None:
        return Knowledge(0.0, 0.0, control, 0.0)
    for place, arm in enumerate(arms):
        named = arm.name == blinding.control
        control[place] = named or (blinding.control is None and place == 0 and len(arms) > 1)
    parts = np.array([float(arm.allocation) for arm in arms])
    chance = float(parts[control < 0.5].sum() / parts.sum())
    hidden = {"nobody": (1.0, 1.0), "patients": (blinding.found_out, 1.0), "everybody": (blinding.found_out,) * 2}
    patients, surgeons = hidden[blinding.hidden_from]
    return Knowledge(patients, surgeons, control, chance)


@compiled
def decision_ratio(control: float, known: bool, params: Any) -> float:
    """Hazard ratio of major amputation: a surgeon who knows that nothing was given decides earlier. `control` is 0 or 1."""
    return float(params.known_control_amputation_hr) if known and control > 0.5 else 1.0


@compiled
def withdrawal_ratio(control: float, known: bool, params: Any) -> float:
    """Ratio of the rate of loss: a patient who knows to have been given nothing leaves sooner."""
    return float(params.known_control_withdrawal_hr) if known and control > 0.5 else 1.0


@compiled
def reports_walking(control: float, known: bool, chance: float, params: Any, luck: float) -> bool:
    """Whether a patient would report to walk without doing so, in proportion to how sure they are of having been treated.

    Whoever does not know the arm has only the `chance` that they were told.
    """
    sure = 1.0 - control if known else chance
    return bool(luck < params.expected_walking_report * sure)


def blinding_faults(design: Design) -> Iterator[Fault]:
    """What cannot be blind, or is blind for nothing; whether a control gets anything, its policy says (`sham_faults`)."""
    blinding = design.blinding
    if blinding is None:
        return
    names = [arm.name for arm in design.arms]
    if blinding.control is not None and blinding.control not in names:
        yield "blinding.control", blinding.control, f"one of {', '.join(names)}"
    if blinding.hidden_from == "nobody" and "found_out" in blinding.model_fields_set:
        yield "blinding.found_out", blinding.found_out, "only where the arm is hidden from somebody"
    if blinding.hidden_from != "nobody" and len(names) < 2:
        yield "blinding.hidden_from", blinding.hidden_from, "nobody, because there is one arm"
    if design.crossover is not None and blinding.hidden_from != "nobody":
        allowed = "nobody, because whoever may cross over learns what was given before"
        yield "blinding.hidden_from", blinding.hidden_from, allowed
    if design.stated:
        yield "blinding", blinding.hidden_from, "a design without stated rates, in which nobody decides anything"


def sham_faults(design: Design, treating: set[str], shams: set[str]) -> Iterator[Fault]:
    """Blinding against what policies give: `treating` give a procedure, a sham or a dose, `shams` nothing but a sham."""
    blinding = design.blinding
    hidden = blinding is not None and blinding.hidden_from != "nobody"
    for arm in design.arms:
        if hidden and arm.policy not in treating:
            allowed = "a policy with a procedure, such as sham: patients who are given nothing know it"
            yield f"arms.{arm.name}.policy", arm.policy, allowed
        if arm.policy in shams and not hidden:
            yield f"arms.{arm.name}.policy", arm.policy, "a sham only with [blinding] hidden_from patients or everybody"
