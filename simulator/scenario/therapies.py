"""Policies and the therapies that they name: whether they fit, and what reports call what was given."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from simulator.evidence.register import Register
from simulator.evidence.therapies.therapy import CELLS, Therapy
from simulator.evidence.therapies.therapy_numbers import RISES
from simulator.rules.pathway.life import MOST_RAMPS
from simulator.scenario.policy import Criteria, Fault, Policy, stricter
from simulator.words.errors import nearest
from simulator.words.vocabulary import Event

RAMPS_OF_CELLS = 2
"""The natural change, or what a dose adds, each with its waning."""
RAMPS_TO_SPARE = 4
"""Ramps that a trial's crossover to another policy may add."""


def policy_faults(policy: Policy, register: Register, faulty: Collection[str] = ()) -> Iterator[Fault]:
    """What is wrong between a policy and the therapies that it names, but for those `faulty` ones that are told apart."""
    therapies = register.therapies
    cells = policy.cell_therapy
    parts = [("cell_therapy.product", cells.product, "cell_product"), ("cell_therapy.route", cells.route, "cell_route")]
    parts += [("therapies", name, "procedure") for name in policy.given]
    for key, name, kind in parts:
        usable = [each for each, therapy in therapies.items() if therapy.record.kind == kind]
        if name in faulty:
            continue
        if name == CELLS:
            allowed = "procedures; cells are given by [cell_therapy], and `start` of either says what comes after which"
            yield key, repr(name), allowed
            continue
        if name not in usable:
            yield key, repr(name), nearest(name, usable)
            continue
        if kind == "procedure":
            yield from _nobody(policy, name, therapies[name])
    for step in policy.therapies:
        start = step.start
        before = None if start is None or start.when != "loss" else therapies.get(start.after)
        if before is not None and not before.parameters("loss_rate"):
            allowed = f"'no_response': {before.name} has no loss_rate, so that nothing of it is ever lost"
            yield f"therapies.{step.therapy}.start.when", "loss", allowed
    needed = ramps_of(policy, register)
    if needed + RAMPS_TO_SPARE > MOST_RAMPS:
        room = MOST_RAMPS - RAMPS_TO_SPARE
        yield "therapies", f"{needed} changes of TcPO2 at most", f"therapies that change TcPO2 {room} times at most"


def _nobody(policy: Policy, name: str, therapy: Therapy) -> Iterator[Fault]:
    """Criteria of a policy and of a therapy that it gives which nobody can meet together."""
    wanted, who = str(therapy.record.eligibility.get("angioplasty_suitable", "any")), policy.eligibility
    if "any" not in (wanted, who.angioplasty_suitable) and wanted != who.angioplasty_suitable:
        allowed = f"{wanted!r} or 'any', because {name} is offered"
        yield "eligibility.angioplasty_suitable", who.angioplasty_suitable, allowed
    try:
        own = Criteria.model_validate(therapy.record.eligibility)
    except ValueError:
        return
    both = stricter(who, own)
    if any(True for each in (who, own) for _ in each.faults()) or both.ankle_pressure_counts:
        return
    for key, value, allowed in both.faults():
        yield f"eligibility.{key}", f"{value:g} with the criteria of {name}", allowed


def ramps_of(policy: Policy, register: Register) -> int:
    """Ramps of TcPO2 that a life under a policy may need: a rise and a fall for each time that a therapy may be done."""
    ramps = RAMPS_OF_CELLS * (1 + policy.cell_therapy.doses)
    for name in policy.given:
        therapy = register.therapies.get(name)
        if therapy is not None and any(map(therapy.parameters, RISES)):
            times = max((register[each].range[1] for each in therapy.parameters("most")), default=1.0)
            ramps += int(times) * (2 if therapy.parameters("loss_rate") else 1)
    return ramps


def event_word(event: Event, therapy: Therapy) -> str:
    """What an event history calls an event that a therapy brings about: by the therapy's name."""
    words = {
        Event.PROCEDURE: therapy.name,
        Event.REPEAT_PROCEDURE: f"repeat_{therapy.name}",
        Event.LOSS: therapy.lost,
        Event.EFFECT_ENDS: f"{therapy.name}_effect_ends",
    }
    return words.get(event, event.name.lower())


def step_columns(policy: Policy) -> Mapping[str, str]:
    """Names by therapy of a ledger's columns by step, `count_step_1` -> `count_angioplasty`, for the steps in use."""
    return _step_columns(policy.given)


@lru_cache
def _step_columns(given: tuple[str, ...]) -> Mapping[str, str]:
    # Asked again for every price of every analysis.
    names = {}
    for k, name in enumerate(given):
        for kind in ("count", "cost_count", "effect_count"):
            for often in ("", "repeat_"):
                names[f"{kind}_{often}step_{k + 1}"] = f"{kind}_{often}{name}"
    return MappingProxyType(names)
