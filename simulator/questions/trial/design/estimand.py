"""Estimands as a design writes them (ICH E9(R1)): an outcome at a time, and what each intercurrent event means for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from simulator.evidence.reading import Frozen
from simulator.questions.trial.design.endpoint import Months
from simulator.scenario.policy import Fault
from simulator.words.label import Label

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design


class Estimand(Frozen):
    """The difference of the shares who have had `outcome` by `at_months`, the other arm less the control.

    `death` before that: ``composite`` (a failure: it counts as the event, for healing as none), ``while_alive`` (the event
    counts if it comes first) or ``principal_stratum`` (among those who would be alive then in either arm). `crossover`:
    ``treatment_policy`` (whatever happens afterwards counts), ``composite`` (a failure) or ``hypothetical`` (as if nobody could
    switch). `rescue`, a reintervention: ``treatment_policy`` or ``composite``. `loss`: ``hypothetical`` (as if nobody were
    lost) or ``composite`` (a failure).
    """

    name: Label
    outcome: Literal["major_amputation", "death", "healing"]
    at_months: Months
    death: Literal["composite", "while_alive", "principal_stratum", "treatment_policy", "hypothetical"] | None = None
    crossover: Literal["treatment_policy", "composite", "hypothetical", "while_alive", "principal_stratum"] | None = (
        None
    )
    rescue: Literal["treatment_policy", "composite", "hypothetical", "while_alive", "principal_stratum"] = (
        "treatment_policy"
    )
    loss: Literal["hypothetical", "composite", "treatment_policy", "while_alive", "principal_stratum"] = "hypothetical"

    @property
    def at(self) -> float:
        """Years after entry."""
        return self.at_months / 12.0

    @property
    def good(self) -> bool:
        """Whether the outcome is good for patients."""
        return self.outcome == "healing"


def estimand_faults(design: Design) -> Iterator[Fault]:
    """What cannot be, or not be estimated honestly, with the reason."""
    for estimand in design.estimands:
        for key, value, allowed in _faults(estimand, design):
            yield f"estimands.{estimand.name}.{key}", value, allowed
    if design.estimands and len(design.arms) == 1:
        yield "estimands", len(design.estimands), "a trial that compares arms"
    if design.estimands and design.stated:
        yield (
            "estimands",
            len(design.estimands),
            "a design without stated rates: only simulated lives have twins",
        )
    names = [each.name for each in design.estimands]
    if len(set(names)) < len(names):
        yield "estimands.name", names, "each name once"


def _faults(estimand: Estimand, design: Design) -> Iterator[Fault]:
    if estimand.at_months > design.follow_up.months:
        yield "at_months", estimand.at_months, f"at most follow_up.months = {design.follow_up.months:g}"
    yield from _death(estimand)
    crossing = design.crossover
    if crossing is None and estimand.crossover is not None:
        yield "crossover", estimand.crossover, "only with [crossover]: here nobody can switch"
    if crossing is not None:
        if estimand.crossover is None:
            yield (
                "crossover",
                "missing",
                "treatment_policy, composite or hypothetical, because control patients may switch",
            )
        elif estimand.crossover in ("while_alive", "principal_stratum"):
            yield "crossover", estimand.crossover, "treatment_policy, composite or hypothetical"
        elif estimand.crossover == "hypothetical" and not 0.0 < crossing.share < 1.0:
            allowed = "treatment_policy or composite: if everybody who may switch does, nobody shows what would have come without"
            yield "crossover", estimand.crossover, allowed
        elif estimand.crossover == "hypothetical" and crossing.tcpo2_below is not None:
            allowed = "treatment_policy or composite: who may switch hangs on a TcPO2 that the trial's data do not hold"
            yield "crossover", estimand.crossover, allowed
    if estimand.rescue not in ("treatment_policy", "composite"):
        allowed = "treatment_policy or composite: who is dilated again hangs on perfusion, which no visit records at that time"
        yield "rescue", estimand.rescue, allowed
    if estimand.loss not in ("hypothetical", "composite"):
        yield "loss", estimand.loss, "hypothetical or composite: what is not seen cannot count whatever it is"


def _death(estimand: Estimand) -> Iterator[Fault]:
    if estimand.outcome == "death":
        if estimand.death is not None:
            yield "death", estimand.death, "nothing: it is the outcome"
        return
    if estimand.death is None:
        yield "death", "missing", "composite, while_alive or principal_stratum"
    elif estimand.death == "treatment_policy":
        yield (
            "death",
            estimand.death,
            "composite, while_alive or principal_stratum: nothing happens to a limb after death",
        )
    elif estimand.death == "hypothetical":
        allowed = "composite, while_alive or principal_stratum: no treatment brings about a world without death"
        yield "death", estimand.death, allowed
    elif estimand.death == "while_alive" and estimand.good:
        yield "death", estimand.death, "composite, which for healing says the same"
