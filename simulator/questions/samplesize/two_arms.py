"""Calculators of trials with two arms: a time to an event, two proportions, two means, and the win ratio."""

from __future__ import annotations

import math

from simulator.questions.samplesize.answer import AIMS, Answer, Inputs, Note, answered, inflation
from simulator.questions.samplesize.stated_course import event_ratio, stated_course
from simulator.statistics.sizes import mean_sizes, proportion_sizes, samplesize, survival_sizes
from simulator.statistics.sizes.formula import Formula, fixed_drift, normal
from simulator.words.errors import BadInput, Problem

YU_GANJU = "Yu RX, Ganju J. Stat Med 2022;41:950-963, doi 10.1002/sim.9297"


def survival(values: Inputs) -> Answer:
    """Events, and patients where accrual and follow-up are given."""
    alpha, ratio, aim = values["alpha"], values["ratio"], values.get("aim", AIMS[0])
    stated = stated_course(values)
    hazard_ratio, course = event_ratio(values, stated), stated.course
    margin = float(values.get("margin", 1.0))
    problems = _hazard_problems(hazard_ratio, margin, aim, "margin" in values)
    if problems:
        raise BadInput(problems)
    events = _event_formulas(hazard_ratio, margin, aim, alpha, ratio) if hazard_ratio is not None else []
    if course is None:
        note = Note("events_only")
        return answered("survival", events, values, [note])
    formulas = [survival_sizes.among_patients(each, course) for each in events]
    if aim == AIMS[0]:
        exact = survival_sizes.lachin_foulkes(course, alpha)
        formulas += [] if exact is None else [exact]
        formulas.append(survival_sizes.lakatos(course, alpha))
        at = values.get("until")
        if at is not None:
            if not 0.0 < at < course.longest:
                raise BadInput([Problem("design", "until", f"{at:g}", f"above 0 and below {course.longest:g}")])
            formulas += [
                survival_sizes.restricted_mean(course, at, alpha),
                survival_sizes.survival_at(course, at, alpha),
            ]
    elif "until" in values:
        raise BadInput([Problem("design", "until", f"{values['until']:g}", "only with --aim superiority")])
    chances = [course.event_probability(arm) for arm in (0, 1)]
    hazards = [{"rates": list(arm.rates), "until": list(arm.until)} for arm in course.hazards]
    notes = [Note("hazards", arms=hazards), Note("event_probability", arms=chances)]
    found = answered("survival", formulas, values, notes)
    if "n" not in values:
        q = course.shares
        factor = inflation(values)[0]
        mean = q[0] * chances[0] + q[1] * chances[1]
        expected = [math.ceil(n / factor * mean - 1e-6) if math.isfinite(n) else n for n in found.table["unrounded"]]
        found.table.insert(4, "events", expected)
    return found


def _event_formulas(ratio_of: float, margin: float, aim: str, alpha: float, ratio: float) -> list[Formula]:
    if aim == AIMS[2]:
        return [survival_sizes.equivalence_events(ratio_of, margin, alpha, ratio)]
    found = [survival_sizes.schoenfeld_events(ratio_of, alpha, ratio, margin)]
    return found if aim == AIMS[1] else [*found, survival_sizes.freedman_events(ratio_of, alpha, ratio)]


def _hazard_problems(hazard_ratio: float | None, margin: float, aim: str, given: bool) -> list[Problem]:
    if aim == AIMS[0]:
        if hazard_ratio == 1.0:
            return [Problem("design", "hazard_ratio", "1", "different from no effect (1)")]
        return []
    if hazard_ratio is None:
        return [Problem("design", "aim", aim, "only with one hazard ratio for the whole time")]
    if not (given and margin > 0.0 and margin != 1.0):
        return [Problem("design", "margin", f"{margin:g}", "a hazard ratio above 0, and not 1")]
    log, limit = math.log(hazard_ratio), math.log(margin)
    if (aim == AIMS[2] and abs(log) >= abs(limit)) or (aim == AIMS[1] and (log - limit) * -limit <= 0.0):
        return [
            Problem(
                "design", "margin", f"{margin:g}", f"further from 1 than the true ratio, {hazard_ratio:g}, and worse"
            )
        ]
    return []


def binary(values: Inputs) -> Answer:
    """Two proportions, for superiority or with a margin."""
    p0, alpha, ratio, aim = values["p0"], values["alpha"], values["ratio"], values.get("aim", AIMS[0])
    p1 = values.get("p1", p0)
    if aim == AIMS[0]:
        if p0 == p1:
            raise BadInput([Problem("design", "p1", f"{p1:g}", f"different from p0 ({p0:g})")])
        return answered("binary", proportion_sizes.superiority(p0, p1, alpha, ratio), values, [])
    margin = values["margin"]
    problems = proportion_sizes.margin_problems(margin, p1 - p0, "difference", aim)
    if problems:
        raise BadInput(problems)
    if aim == AIMS[2]:
        formulas = proportion_sizes.equivalence(p0, p1, margin, alpha, ratio)
    else:
        formulas = proportion_sizes.non_inferiority(p0, p1, margin, alpha, ratio)
    return answered("binary", formulas, values, [Note("margin", aim=aim, margin=margin, p0=p0, p1=p1)])


def means(values: Inputs) -> Answer:
    """Two means, for superiority or with a margin."""
    sd, alpha, ratio, aim = values["sd"], values["alpha"], values["ratio"], values.get("aim", AIMS[0])
    difference = values.get("difference", 0.0)
    note = Note("one_deviation")
    if aim == AIMS[0]:
        if difference == 0.0:
            raise BadInput([Problem("design", "difference", "0", "different from no effect (0)")])
        formulas = mean_sizes.superiority(difference, sd, alpha, ratio, values.get("correlation"))
        return answered("means", formulas, values, [note])
    if "correlation" in values:
        raise BadInput([Problem("design", "correlation", f"{values['correlation']:g}", "only with --aim superiority")])
    margin = values["margin"]
    problems = proportion_sizes.margin_problems(margin, difference, "difference", aim, -math.inf, math.inf)
    if problems:
        raise BadInput(problems)
    of = mean_sizes.non_inferiority if aim == AIMS[1] else mean_sizes.equivalence
    return answered("means", of(difference, sd, margin, alpha, ratio), values, [note])


def win_ratio(values: Inputs) -> Answer:
    """The win ratio of two arms."""
    wr, ties, alpha, ratio = values["win_ratio"], values["ties"], values["alpha"], values["ratio"]
    n = samplesize.win_ratio(wr, ties, alpha, 0.9, ratio)
    drift = fixed_drift(alpha, 0.9) / math.sqrt(n)
    note = Note("approximate_variance")
    return answered("win-ratio", [normal("Yu-Ganju", YU_GANJU, drift, alpha)], values, [note])
