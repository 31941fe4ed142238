"""Checks of every therapy that a scenario knows, its own included: each alone, in everybody who may have it.

What a therapy's numbers say must show in lives, whatever the therapy is: without them nothing, with more of them more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.therapies.therapy import Therapy
from simulator.evidence.therapies.therapy_numbers import DIRECT, RISES
from simulator.living.outcomes import OUTCOMES
from simulator.questions.verify.outcomes.value import priced
from simulator.questions.verify.subject.check import (
    DESIGN,
    SINGLE,
    TECH_VER,
    Domain,
    Found,
    NotApplicable,
    equal,
    none_of,
)
from simulator.questions.verify.subject.subject import NOTHING, Subject
from simulator.scenario import Policy, Scenario
from simulator.valuation.valuation import item_costs
from simulator.words.vocabulary import Event

THERAPIES = Domain("Therapies", "T")
ALONE = "(one therapy)"
MOST = 2_000
"""Patients of each run: there are many."""
CLINICAL = [k for k, name in enumerate(OUTCOMES) if name != "doses"]
HARMLESS = {
    "sessions",
    "course_days",
    "completion",
    "complication",
    "complication_utility_loss",
    "complication_utility_loss_days",
    "utility_loss",
    "utility_loss_days",
    "most",
}
"""Numbers that change no life."""
HARMS = ("procedural_death", "minor_amputation", "major_amputation")
MORE: Mapping[str, tuple[str, int]] = {
    "loss_rate": ("procedures", 1),
    "repetition": ("procedures", 1),
    "amputation_hr": ("amputated", 1),
    "healing_hr": ("healed", 1),
    "death_hr": ("died", 1),
    "plateau": ("amputated", -1),
    "rise": ("amputated", -1),
    "rise_days": ("amputated", 1),
    "loss_share": ("amputated", 1),
    "response_or": ("gained", 1),
    "procedural_death": ("died", 1),
    "minor_amputation": ("minor", 1),
    "major_amputation": ("amputated", 1),
}
"""Number -> what rises (1) or falls (-1) on average where it is raised; losses are met again by repetition."""
AS_THE_EFFECT = ("success", "success_or_dialysis", "success_or_severe", "completion", "effect_days")
"""Numbers with more of which there is more of what the therapy does, for good or ill."""


def procedures(subject: Subject) -> dict[str, Therapy]:
    """Every therapy that is no cell product or route."""
    known = subject.scenario.register.therapies
    return {name: each for name, each in known.items() if each.record.kind == "procedure"}


def cells(subject: Subject) -> dict[str, Therapy]:
    """Every cell product and route."""
    known = subject.scenario.register.therapies
    return {name: each for name, each in known.items() if each.record.kind != "procedure"}


def given(name: str, therapy: Therapy) -> Policy:
    """A policy that gives one therapy to everybody who may have it: a cell product or route in one dose."""
    if therapy.record.kind == "procedure":
        return Policy.model_validate({"therapies": [name]})
    part = "product" if therapy.record.kind == "cell_product" else "route"
    return Policy.model_validate({"cell_therapy": {"doses": 1, part: name}})


def way_of(scenario: Scenario, therapy: Therapy, number: str) -> tuple[str, int] | None:
    """What a number raises (1) or lowers (-1); None if no direction is known, or the outcome hides it."""
    if number == "loss_rate" and therapy.parameter("repetition", scenario.view) is None:
        return None
    if number not in AS_THE_EFFECT:
        return MORE.get(number)
    if any(map(therapy.parameters, RISES)):
        return MORE["rise"]
    for ratio in (*DIRECT, "death_hr"):
        name = therapy.parameter(ratio, scenario.view)
        if name is not None and scenario.register[name].value != 1.0:
            field, way = MORE[ratio]
            return field, way if scenario.register[name].value > 1.0 else -way
    return None


def alone(subject: Subject, name: str, therapy: Therapy | None = None) -> Scenario:
    """The scenario with a policy that gives one therapy to everybody who may have it, or a changed one in its place."""
    record = therapy or subject.scenario.register.therapies[name]
    scenario = subject.changed(policies={ALONE: given(name, record)})
    if therapy is None:
        return scenario
    register = replace(scenario.register, therapies={**scenario.register.therapies, name: therapy})
    return replace(scenario, register=register)


def outcomes(
    subject: Subject, scenario: Scenario, values: Mapping[str, float] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Clinical outcomes of the same people under one therapy and under none, shape (patients, times, outcomes)."""
    lives = subject.lives(values, scenario, [NOTHING, ALONE], n=min(subject.n, MOST), times=subject.times)
    return lives[ALONE].outcomes[:, :, CLINICAL], lives[NOTHING].outcomes[:, :, CLINICAL]


def every(found: Mapping[str, Found]) -> Found:
    """The checks of single therapies as one, which names those that failed."""
    if not found:
        raise NotApplicable("no therapy of this kind")
    failed = [f"{name}: {each.what}" for name, each in found.items() if not each.passed]
    return Found(not failed, "; ".join(failed) or f"so in {len(found)}: {', '.join(found)}")


@THERAPIES.check(TECH_VER, "every number of a therapy left out", "it equals no care in every life, to the last bit")
def without_numbers(subject: Subject) -> Found:
    """A therapy that is done and does nothing."""
    found = {}
    for name, therapy in procedures(subject).items():
        own, none = outcomes(subject, alone(subject, name, replace(therapy, names={})))
        found[name] = equal(own, none, "outcomes")
    return every(found)


@THERAPIES.check(
    TECH_VER, "every number of a cell product or route left out", "it equals the product and route of reference"
)
def cells_without_numbers(subject: Subject) -> Found:
    """Cells whose odds ratio of recovery is left out are the founding study's, to the last bit."""
    found = {}
    plain = subject.changed(policies={ALONE: Policy.model_validate({"cell_therapy": {"doses": 1}})})
    usual, _ = outcomes(subject, plain)
    for name, therapy in cells(subject).items():
        own, _ = outcomes(subject, alone(subject, name, replace(therapy, names={})))
        found[name] = equal(own, usual, "outcomes")
    return every(found)


@THERAPIES.check(DESIGN, "a sham as it is", "it equals no care in every life, to the last bit")
def shams(subject: Subject) -> Found:
    """Therapies that have sessions, complications and lost utility, but no effect."""
    found = {}
    for name, therapy in procedures(subject).items():
        if set(therapy.names) <= HARMLESS:
            own, none = outcomes(subject, alone(subject, name))
            found[name] = equal(own, none, "outcomes")
    return every(found)


@THERAPIES.check(TECH_VER, "no procedure succeeds, and none harms", "it equals no care in every life, to the last bit")
def certain_failure(subject: Subject) -> Found:
    """Success 0 and harms 0, where their ranges allow it."""
    found = {}
    for name, therapy in procedures(subject).items():
        wanted = {therapy.names[key]: 0.0 for key in ("success", *HARMS) if key in therapy.names}
        if "success" in therapy.names and _inside(subject, wanted):
            own, none = outcomes(subject, alone(subject, name), wanted)
            found[name] = equal(own, none, "outcomes")
    return every(found)


@THERAPIES.check(TECH_VER, "every procedure succeeds", "each that is done raises TcPO2, if that is what it does")
def certain_success(subject: Subject) -> Found:
    """Success 1: as many rises as procedures."""
    found = {}
    for name, therapy in procedures(subject).items():
        wanted = {therapy.names[key]: 1.0 for key in ("success", "completion") if key in therapy.names}
        wanted |= {therapy.names[key]: 0.0 for key in HARMS if key in therapy.names} | {"attributable_share": 1.0}
        if not set(therapy.names).intersection(RISES) or not _inside(subject, wanted):
            continue
        lives = subject.lives(wanted, alone(subject, name), [NOTHING, ALONE], n=min(subject.n, MOST))
        each = 2 if "loss_rate" in therapy.names else 1
        more = lives[ALONE].lives["ramps"] - lives[NOTHING].lives["ramps"]
        found[name] = none_of(more != each * lives[ALONE].lives["step_done"][:, 0], "lives")
    return every(found)


@THERAPIES.check(TECH_VER, "what was gained is lost at the highest rate", "nearly everybody loses it who lives a year")
def certain_loss(subject: Subject) -> Found:
    """The loss rate at the end of its range; a loss that came is an event of the history."""
    found = {}
    for name, therapy in procedures(subject).items():
        if "loss_rate" not in therapy.names:
            continue
        highest = subject.scenario.register[therapy.names["loss_rate"]].range[1]
        wanted = {therapy.names["loss_rate"]: highest}
        wanted |= {therapy.names[key]: 0.0 for key in HARMS if key in therapy.names}
        wanted |= {therapy.names[key]: 1.0 for key in ("success", "completion") if key in therapy.names}
        lives = subject.lives(wanted, alone(subject, name), [ALONE], n=min(subject.n, MOST), events=True)[ALONE]
        kept = (np.minimum(lives.lives["died_at"], lives.lives["amputated_at"]) > 1.0) & (
            lives.lives["step_done"][:, 0] > 0
        )
        rows = lives.history[lives.history["event"] == Event.LOSS]["patient"] - lives.lives["patient"][0].astype(
            np.int64
        )
        lost = np.bincount(rows.astype(np.int64), minlength=len(lives.lives)) > 0
        share = float(lost[kept].mean()) if kept.any() else 1.0
        shape = subject.scenario.register[therapy.names["loss_shape"]].value if "loss_shape" in therapy.names else 1.0
        found[name] = Found(share >= 1.0 - 2.0 * np.exp(-(highest**shape)) - 0.02, f"{share:.3f} lose it")
    return every(found)


@THERAPIES.check(TECH_VER, "each number with a known direction raised, same luck", "its outcome moves that way (4 SE)")
def directions(subject: Subject) -> Found:
    """More loss, more procedures; a higher ratio of amputation, more amputations; and so on for every therapy."""
    found = {}
    for name, therapy in (procedures(subject) | cells(subject)).items():
        scenario = alone(subject, name)
        for key, parameter in therapy.names.items():
            number = key.removesuffix(f"_{scenario.view}")
            known = way_of(scenario, therapy, number)
            if known is None:
                continue
            field, way = known
            entry = scenario.register[parameter]
            high = min(entry.range[1], entry.value + 0.5 * (min(entry.range[1], 2.0 * entry.value + 0.5) - entry.value))
            if high <= entry.value:
                continue
            before, after = (_measured(subject, scenario, field, {parameter: value}) for value in (entry.value, high))
            moved = way * (after - before)
            se = float(moved.std() / np.sqrt(len(moved)))
            found[f"{name}, {number}"] = Found(
                float(moved.mean()) >= -SINGLE * se, f"{way * moved.mean():+.4f} (SE {se:.2g})"
            )
    return every(found)


@THERAPIES.check(TECH_VER, "the prices of a policy's therapies at 0", "they cost nothing")
def free(subject: Subject) -> Found:
    """Every price that a therapy of the policies compared charges."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    items = [place for place, item in enumerate(values.items) if item.therapy]
    if not items:
        raise NotApplicable("no policy gives a therapy that is charged")
    prices = {name: 0.0 * amount for name, amount in drawn.prices.items()}
    free_of = replace(
        drawn, prices={**drawn.prices, **{values.items[k].money: prices[values.items[k].money] for k in items}}
    )
    costs = item_costs(books, parameters, free_of, values)[..., items]
    return equal(costs, np.zeros_like(costs), "costs")


def _inside(subject: Subject, values: Mapping[str, float]) -> bool:
    register = subject.scenario.register
    ranges = {name: register[name].range if name in register else (0.0, 1.0) for name in values}
    return all(ranges[name][0] <= value <= ranges[name][1] for name, value in values.items())


def _measured(subject: Subject, scenario: Scenario, field: str, values: Mapping[str, float]) -> NDArray[np.float64]:
    """One number for each life under the therapy."""
    lives = subject.lives(values, scenario, [ALONE], n=min(subject.n, MOST), times=subject.times[-1:])[ALONE].lives
    if field == "gained":
        return np.asarray(lives["given_gain"], np.float64)
    if field == "procedures":
        return np.asarray(lives["step_done"][:, 0], np.float64)
    times = {"amputated": "amputated_at", "healed": "healed_at", "died": "died_at", "minor": "minor_amputation_at"}
    within = np.minimum(subject.times[-1], 5.0)
    return np.asarray(lives[times[field]] <= within, np.float64)
