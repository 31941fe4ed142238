"""Hospitals: offsets of the rates, and what a hospital's own counts say of them."""

from __future__ import annotations

from dataclasses import replace
from math import log

from simulator.centre.own import at_its_centre
from simulator.evidence.hospitals import FIELDS, RATES, load_hospitals
from simulator.living.outcomes import OUTCOMES
from simulator.questions.verify.outcomes.uncertainty import UNCERTAINTY
from simulator.questions.verify.subject.check import DESIGN, TECH_VER, Found, NotApplicable, equal, none_of
from simulator.questions.verify.subject.subject import NOTHING, Subject
from simulator.scenario.settings import OwnCounts

__all__ = ["UNCERTAINTY"]  # here the domain has all its checks

FEW, MANY = 12, 600
"""People whom a hospital has counted: hardly more than nothing, and so many that the population has nothing to add."""
LIVES = 8_000
"""People whose shares are compared, whatever the number that other checks take."""
CLOSE = 0.05
"""Share of people by which a hospital may lie beside its own counts of many: two standard errors of `MANY` people, and of the
lives that read them."""


@UNCERTAINTY.check(DESIGN, "offsets of the hospital zero", "the founding hospital, bit for bit")
def founding_hospital(subject: Subject) -> Found:
    """A hospital without offsets is the one that the rates were fitted at."""
    fitted = {name: subject.scenario.register[name].value for rates in RATES.values() for name in rates}
    here = subject.scenario.params(dict.fromkeys(FIELDS.values(), 0.0))
    return equal([float(here[name]) for name in fitted], list(fitted.values()), "rates")


@UNCERTAINTY.check(TECH_VER, "offsets of the hospital log 2", "its rates double, and no other changes")
def doubled_rates(subject: Subject) -> Found:
    """An offset multiplies the rates that it is about and no others."""
    found: list[bool] = []
    nothing = dict.fromkeys(FIELDS.values(), 0.0)
    before = subject.scenario.params(nothing)
    for offset, rates in RATES.items():
        after = subject.scenario.params({**nothing, FIELDS[offset]: log(2.0)})
        for name in {name for each in RATES.values() for name in each}:
            wanted = (2.0 if name in rates else 1.0) * float(before[name])
            top = subject.scenario.register[name].range[1]
            found.append(abs(float(after[name]) - min(wanted, top)) > 1e-9 * max(wanted, 1.0))
    return none_of(found, "rates that moved otherwise")


@UNCERTAINTY.check(
    DESIGN,
    f"own counts of {FEW} and of {MANY} people, who lose the leg as where its rate is doubled",
    "the more were counted, the nearer the hospital lies to its own numbers",
)
def own_counts_dominate(subject: Subject) -> Found:
    """A hospital's own counts outweigh what is known of others as they grow."""
    scenario = subject.scenario
    if load_hospitals() is None or scenario.register.joint or scenario.horizon < 1.0:
        raise NotApplicable("no hospital can be placed by counts in this scenario")

    def shares(offsets: dict[str, float]) -> tuple[float, float]:
        """Shares amputated and dead by one year without treatment."""
        mean = subject.run(offsets, policies=(NOTHING,), n=LIVES, times=(1.0,)).outcome_estimates.mean[0, 0]
        return float(mean[OUTCOMES.index("major_amputation")]), float(mean[OUTCOMES.index("death")])

    truth = shares({**dict.fromkeys(FIELDS.values(), 0.0), FIELDS["amputation"]: log(2.0)})
    gaps = []
    for n in (FEW, MANY):
        amputations, deaths = (round(share * n) for share in truth)
        counts = OwnCounts(amputations=(amputations, n), deaths=(deaths, n))
        evidence = scenario.settings.evidence.model_copy(update={"centre": counts})
        placed = at_its_centre(replace(scenario, settings=scenario.settings.model_copy(update={"evidence": evidence})))
        found = shares({name: placed.register[name].value for name in FIELDS.values()})
        gaps.append(max(abs(a - b) for a, b in zip(found, truth, strict=True)))
    passed = gaps[1] <= CLOSE and gaps[1] <= gaps[0] + CLOSE / 2.0
    return Found(bool(passed), f"beside its counts by {100 * gaps[0]:.1f} and {100 * gaps[1]:.1f} points")
