"""Formulas for a time to an event, from a course: events, and the patients among whom they happen.

A `margin` is the hazard ratio (arm 1 over arm 0) of the null hypothesis; 1 is superiority.
"""

from __future__ import annotations

import math

from simulator.statistics.sizes.formula import Formula, for_equivalence, normal, two_spreads
from simulator.statistics.sizes.samplesize import event_probability
from simulator.statistics.sizes.survival_course import Course

SCHOENFELD = "Schoenfeld DA. Biometrics 1983;39:499-503, doi 10.2307/2531021"
FREEDMAN = "Freedman LS. Stat Med 1982;1:121-129, doi 10.1002/sim.4780010204"
LACHIN = "Lachin JM, Foulkes MA. Biometrics 1986;42:507-519, doi 10.2307/2531201"
LAKATOS = "Lakatos E. Biometrics 1988;44:229-241, doi 10.2307/2531910"
RMST = "Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152, doi 10.1186/1471-2288-13-152"
KAPLAN_MEIER = (
    "Greenwood's variance; Klein JP, Logan B, Harhoff M, Andersen PK. Stat Med 2007;26:4505-4519, doi 10.1002/sim.2864"
)


def schoenfeld_events(hazard_ratio: float, alpha: float, ratio: float = 1.0, margin: float = 1.0) -> Formula:
    """Events d = ((z_alpha + z_beta) / (ln HR - ln margin))^2 / (q (1 - q)), q the share of patients in arm 1."""
    q = ratio / (1.0 + ratio)
    drift = abs(math.log(hazard_ratio / margin)) * math.sqrt(q * (1.0 - q))
    return normal("Schoenfeld", SCHOENFELD, drift, alpha, "events")


def freedman_events(hazard_ratio: float, alpha: float, ratio: float = 1.0) -> Formula:
    """Events d = (z_alpha + z_beta)^2 (1 + r HR)^2 / (r (1 - HR)^2), r patients in arm 1 per patient in arm 0."""
    drift = math.sqrt(ratio) * abs(1.0 - hazard_ratio) / (1.0 + ratio * hazard_ratio)
    return normal("Freedman", FREEDMAN, drift, alpha, "events")


def equivalence_events(hazard_ratio: float, margin: float, alpha: float, ratio: float = 1.0) -> Formula:
    """Events to show that the hazard ratio lies between 1 / margin and margin, by two one-sided tests."""
    q, limit, log = ratio / (1.0 + ratio), abs(math.log(margin)), math.log(hazard_ratio)
    spread = 1.0 / math.sqrt(q * (1.0 - q))
    return for_equivalence("two one-sided log-rank tests", SCHOENFELD, limit + log, limit - log, spread, alpha)


def among_patients(events: Formula, course: Course) -> Formula:
    """Patients from events: divided by the mean probability of an event while being followed."""
    q = course.shares
    chance = q[0] * course.event_probability(0) + q[1] * course.event_probability(1)
    return Formula(
        events.name, events.citation, lambda p: events.size(p) / chance, lambda n: events.power(n * chance), "patients"
    )


def lachin_foulkes(course: Course, alpha: float) -> Formula | None:
    """Lachin and Foulkes' patients, for constant hazards, equal drop-out and steady accrual; None for other courses."""
    hazards, dropout = course.hazards, course.dropout
    pieces = (*hazards, *dropout, course.accrual)
    if any(each.until for each in pieces) or dropout[0] != dropout[1] or course.own or hazards[0] == hazards[1]:
        return None
    h0, h1, gone = hazards[0].rates[0], hazards[1].rates[0], dropout[0].rates[0]
    q = course.shares[1]

    def phi(hazard: float) -> float:
        return hazard**2 / event_probability(hazard, course.duration, course.follow_up, gone)

    null = math.sqrt(phi(q * h1 + (1.0 - q) * h0) * (1.0 / q + 1.0 / (1.0 - q)))
    effect = math.sqrt(phi(h1) / q + phi(h0) / (1.0 - q))
    return two_spreads("Lachin-Foulkes", LACHIN, abs(h1 - h0), null, effect, alpha)


def lakatos(course: Course, alpha: float) -> Formula:
    """Patients for the log-rank test whatever the hazards do; see `Course.logrank_drift`."""
    return normal("Lakatos", LAKATOS, abs(course.logrank_drift()), alpha)


def restricted_mean(course: Course, at: float, alpha: float, margin: float = 0.0) -> Formula:
    """Patients for the difference of restricted means up to `at`; `margin` is the signed null difference."""
    (m0, v0), (m1, v1) = course.restricted_mean(0, at), course.restricted_mean(1, at)
    q = course.shares
    spread = math.sqrt(v0 / q[0] + v1 / q[1])
    return two_spreads("difference of restricted means", RMST, abs(m1 - m0 - margin), spread, spread, alpha)


def survival_at(course: Course, at: float, alpha: float, margin: float = 0.0) -> Formula:
    """Patients for the difference of Kaplan-Meier estimates at `at`, drop-out censored; `margin` as above."""
    q = course.shares
    gain = abs(float(course.survival(1, at)) - float(course.survival(0, at)) - margin)
    spread = math.sqrt(course.survival_variance(0, at) / q[0] + course.survival_variance(1, at) / q[1])
    return two_spreads("difference of Kaplan-Meier estimates", KAPLAN_MEIER, gain, spread, spread, alpha)
