"""The quick sample size calculators: a design by name, its answer by every formula that fits, and its power curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.questions.trial.stated_course import CONTROL, TREATED, Stated, event_ratio, stated_course
from simulator.statistics import exact_binomial, mean_sizes, proportion_sizes, samplesize, simon, survival_sizes
from simulator.statistics.boundaries import fixed_drift, solve
from simulator.statistics.formula import Formula, design_effect, normal
from simulator.statistics.samplesize import range_problems
from simulator.statistics.stopping_plan import Plan
from simulator.words.errors import BadInput, Problem, nearest

Inputs = Mapping[str, Any]
"""Numbers, and text for what may come in pieces."""

AIMS = ("superiority", "non-inferiority", "equivalence")
SHARED = ("alpha", "power", "n", "ratio", "lost", "looks", "boundary", "members", "correlation_within")
"""Inputs that designs of two arms have in common."""
ONE_ARM = ("alpha", "power", "n", "lost")
POWERS = np.linspace(0.5, 0.98, 49)
YU_GANJU = "Yu RX, Ganju J. Stat Med 2022;41:950-963, doi 10.1002/sim.9297"
CLOPPER = "exact binomial; A'Hern RP. Stat Med 2001;20:859-866, doi 10.1002/sim.721"


@dataclass(frozen=True)
class Design:
    """What one calculator needs, what it may also take, and the alpha and power it assumes."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    alpha: float = 0.025
    power: float = 0.9
    arms: int = 2
    effect: tuple[str, ...] = ()
    """What superiority needs besides; with a margin the default is no difference."""


DESIGNS: dict[str, Design] = {
    "survival": Design((), (*CONTROL, *TREATED, "accrual", "follow_up", *Stated.others, "until", "aim", "margin")),
    "binary": Design(("p0",), ("p1", "aim", "margin"), effect=("p1",)),
    "means": Design(("sd",), ("difference", "correlation", "aim", "margin"), effect=("difference",)),
    "win-ratio": Design(("win_ratio", "ties")),
    "single-arm": Design(("p0", "p1"), alpha=0.05, power=0.85, arms=1),
    "simon": Design(("p0", "p1"), alpha=0.05, power=0.8, arms=1),
}
"""The calculators by name."""


@dataclass(frozen=True)
class Answer:
    """What a calculator found.

    `table` has a row per method, with the citation of its formula; `curve` is (method, patients, power); `detail` is a
    further table of a single-arm design, or None; `notes` are sentences about the assumptions.
    """

    design: str
    table: pd.DataFrame
    curve: pd.DataFrame
    notes: tuple[str, ...] = ()
    detail: pd.DataFrame | None = None


def calculate(design: str, given: Inputs) -> Answer:
    """The answer for `design` with the inputs that are not None; `BadInput` for missing, idle or impossible ones.

    With `n` (patients who enter, in all) the answer is the power, otherwise the size for `power`.
    """
    if design not in DESIGNS:
        raise BadInput([Problem("command line", "design", repr(design), nearest(design, DESIGNS))])
    form = DESIGNS[design]
    takes = takes_of(design)
    problems = [
        Problem("command line", option(name), _told(value), "only with " + ", ".join(_designs_with(name)))
        for name, value in given.items()
        if value is not None and name not in takes
    ]
    values = {name: value for name, value in given.items() if value is not None and name in takes}
    problems += [
        Problem("command line", option(name), "missing", f"a number, which {design} needs")
        for name in (*form.needs, *(form.effect if values.get("aim", AIMS[0]) == AIMS[0] else ()))
        if name not in values
    ]
    if "n" in values and "power" in values:
        problems.append(
            Problem("command line", "--power", f"{values['power']:g}", "nothing with --n, which asks for it")
        )
    problems += _aim_problems(values)
    values = {"alpha": form.alpha, "power": form.power, **values}
    numbers = {
        name: value for name, value in values.items() if name in samplesize.LIMITS and not isinstance(value, str)
    }
    problems += as_options(range_problems(numbers))
    if problems:
        raise BadInput(problems)
    if form.arms == 2:
        values.setdefault("ratio", 1.0)
    try:
        return ANSWERS[design](values)
    except BadInput as bad:
        raise BadInput(as_options(bad.problems)) from None


def takes_of(design: str) -> tuple[str, ...]:
    """Every input that a calculator takes."""
    form = DESIGNS[design]
    shared = SHARED if form.arms == 2 else ONE_ARM if design == "single-arm" else ("alpha", "power", "lost")
    return (*form.needs, *form.may, *shared)


def _aim_problems(values: Inputs) -> list[Problem]:
    aim = values.get("aim", AIMS[0])
    if aim not in AIMS:
        return [Problem("command line", "--aim", repr(aim), nearest(str(aim), AIMS))]
    if (aim == AIMS[0]) == ("margin" in values):
        told = _told(values["margin"]) if "margin" in values else "missing"
        return [Problem("command line", "--margin", told, f"a number with --aim {AIMS[1]} or {AIMS[2]}, and only then")]
    return []


def _told(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_options(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of a formula's inputs as problems of the options that gave them."""
    return [replace(p, file="command line", key=option(p.key)) if p.file == "design" else p for p in problems]


def option(name: str) -> str:
    """The command line's spelling of an input."""
    return "--" + {"members": "cluster-size", "correlation_within": "icc"}.get(name, name).replace("_", "-")


def _designs_with(name: str) -> list[str]:
    return [design for design in DESIGNS if name in takes_of(design)]


def inflation(values: Inputs) -> tuple[float, list[str]]:
    """How many times the patients of independent ones in a trial without looks, and what made it so."""
    factor, notes, problems = 1.0, [], []
    looks, boundary = values.get("looks"), values.get("boundary")
    if boundary is not None and looks is None:
        problems.append(Problem("command line", "--boundary", str(boundary), "only with --looks"))
    elif looks is not None:
        information = tuple((k + 1) / looks for k in range(int(looks)))
        found = solve(Plan(information, values["alpha"], boundary or "ld-obf", power=values["power"]), "command line")
        factor *= found.inflation
        notes.append(f"{int(looks)} looks ({boundary or 'ld-obf'}): maximum size times {found.inflation:.4f}.")
    members, within = values.get("members"), values.get("correlation_within")
    if (members is None) != (within is None):
        key = "--icc" if within is None else "--cluster-size"
        problems.append(Problem("command line", key, "missing", "a number; --cluster-size and --icc go together"))
    elif members is not None and within is not None:
        effect = design_effect(members, within)
        factor *= effect / members
        notes.append(
            f"Each patient brings {members:g} units (limbs, lesions) that correlate by {within:g}: design effect {effect:.4f}, "
            f"so patients are {effect / members:.4f} times the independent units of the formula."
        )
    if problems:
        raise BadInput(problems)
    return factor, notes


def answered(design: str, formulas: Sequence[Formula], values: Inputs, notes: Iterable[str]) -> Answer:
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
    wanted = f"{values['n']:g} {counts}" if "n" in values else f"power {values['power']:g}"
    said = [*notes, *inflated, f"alpha {alpha:g} is one-sided; {wanted}."]
    if lost > 0.0:
        said.append(f"{lost:.0%} of patients give no outcome.")
    return Answer(design, pd.DataFrame(rows), pd.concat(curves, ignore_index=True), tuple(said))


def _rounded(each: Formula, power: float, counts: str, ratio: float, lost: float) -> dict[str, Any]:
    """Size of a formula, each arm rounded up after making good the share that is lost."""
    n = each.size(power)
    if counts == "events" or not math.isfinite(n):
        return {counts: math.ceil(n - 1e-9) if math.isfinite(n) else math.inf, "unrounded": n}
    arms = [math.ceil(n / (1.0 - lost) * share / (1.0 + ratio) - 1e-9) for share in (1.0, ratio)]
    return {"patients": sum(arms), "patients_arm_0": arms[0], "patients_arm_1": arms[1], "unrounded": n}


def _survival(values: Inputs) -> Answer:
    alpha, ratio, aim = values["alpha"], values["ratio"], values.get("aim", AIMS[0])
    stated = stated_course(values)
    hazard_ratio, course = event_ratio(values, stated), stated.course
    margin = float(values.get("margin", 1.0))
    problems = _hazard_problems(hazard_ratio, margin, aim, "margin" in values)
    if problems:
        raise BadInput(problems)
    events = _event_formulas(hazard_ratio, margin, aim, alpha, ratio) if hazard_ratio is not None else []
    if course is None:
        note = "Patients need --median-0 (or --hazard-0, --rate-0), --accrual and --follow-up as well."
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
    notes = [*stated.notes, f"Probability of an event while followed: arm 0 {chances[0]:.3f}, arm 1 {chances[1]:.3f}."]
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


def _binary(values: Inputs) -> Answer:
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
        formulas, told = proportion_sizes.equivalence(p0, p1, margin, alpha, ratio), f"within {abs(margin):g} of p0"
    else:
        formulas = proportion_sizes.non_inferiority(p0, p1, margin, alpha, ratio)
        told = f"{'above' if margin < 0.0 else 'below'} p0 {margin:+g}"
    return answered("binary", formulas, values, [f"To show that p1 lies {told}; the true rates are {p0:g} and {p1:g}."])


def _means(values: Inputs) -> Answer:
    sd, alpha, ratio, aim = values["sd"], values["alpha"], values["ratio"], values.get("aim", AIMS[0])
    difference = values.get("difference", 0.0)
    note = "One standard deviation in both arms."
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


def _win_ratio(values: Inputs) -> Answer:
    wr, ties, alpha, ratio = values["win_ratio"], values["ties"], values["alpha"], values["ratio"]
    n = samplesize.win_ratio(wr, ties, alpha, 0.9, ratio)
    drift = fixed_drift(alpha, 0.9) / math.sqrt(n)
    note = "Yu and Ganju's variance is approximate and tends to be too large; simulate before relying on it."
    return answered("win-ratio", [normal("Yu-Ganju", YU_GANJU, drift, alpha)], values, [note])


def _single_arm(values: Inputs) -> Answer:
    p0, p1, alpha, power = (values[name] for name in ("p0", "p1", "alpha", "power"))
    lost = values.get("lost", 0.0)
    # A rate that is to fall is a rate of the opposite that is to rise.
    falls = p1 < p0
    low, high = (1.0 - p0, 1.0 - p1) if falls else (p0, p1)
    notes = [
        f"One-sided exact binomial test of {p0:g} at alpha {alpha:g} against {p1:g}. "
        "The power is a sawtooth: it falls whenever the number needed to reject goes up.",
    ]
    if falls:
        notes.append("p1 lies below p0: reject_from counts patients without the event.")
    if "n" in values:
        n = int(values["n"] * (1.0 - lost))
        row = {
            "method": "exact binomial",
            "patients": values["n"],
            "evaluable": n,
            "reject_from": int(exact_binomial.rejection_limit(n, low, alpha)),
            "power": float(exact_binomial.power(n, low, high, alpha)),
            "citation": CLOPPER,
        }
        grid = np.arange(max(2, n // 2), n + 15)
    else:
        size = exact_binomial.single_arm_size(low, high, alpha, power)
        wanted = np.array([size.first, size.stable])
        grid = np.arange(max(2, size.first // 2), size.stable + 15)
    curve = pd.DataFrame(
        {"method": "exact binomial", "patients": grid, "power": exact_binomial.power(grid, low, high, alpha)}
    )
    if "n" in values:
        return Answer("single-arm", pd.DataFrame([row]), curve, tuple(notes))
    table = pd.DataFrame(
        {
            "method": ["first n that reaches the power", "n from which on every n does"],
            "patients": [math.ceil(k / (1.0 - lost) - 1e-9) for k in wanted],
            "evaluable": wanted,
            "reject_from": exact_binomial.rejection_limit(wanted, low, alpha),
            "power": exact_binomial.power(wanted, low, high, alpha),
            "citation": CLOPPER,
        }
    )
    if (p0, p1, alpha, power) == (0.5, 0.7, 0.05, 0.85):
        notes.append(
            "This is how the founding cohort's 44 patients come about (Panunzi et al. 2022: 70% avoided amputation, "
            "power 85%, one-sided 5%). The paper does not state the rate to be rejected; 50% is what gives 44."
        )
    return Answer("single-arm", table, curve, tuple(notes), size.table())


def _simon(values: Inputs) -> Answer:
    p0, p1, alpha, power = (values[name] for name in ("p0", "p1", "alpha", "power"))
    lost = values.get("lost", 0.0)
    falls = p1 < p0
    low, high = (1.0 - p0, 1.0 - p1) if falls else (p0, p1)
    designs = simon.two_stage(low, high, alpha, power)
    citation = "Simon R. Control Clin Trials 1989;10:1-10, doi 10.1016/0197-2456(89)90015-9"
    table = pd.DataFrame(
        [
            {
                "method": d.kind,
                "patients": math.ceil(d.n / (1.0 - lost) - 1e-9),
                "n1": d.n1,
                "r1": d.r1,
                "n": d.n,
                "r": d.r,
                "actual_alpha": d.alpha,
                "power": d.power,
                "early_stop_if_p0": d.early_stop,
                "expected_n_if_p0": d.expected_n,
                "citation": citation,
            }
            for d in designs
        ]
    )
    rates = np.linspace(max(0.0, low - 0.15), min(1.0, high + 0.15), 61)
    curves = [
        pd.DataFrame(
            {
                "method": d.kind,
                "true_rate": rates,
                "power": [simon.promising(float(p), d.n1, d.r1, d.n, d.r) for p in rates],
            }
        )
        for d in designs
    ]
    notes = ["Stop with r1 or fewer successes among n1; promising with more than r among n. Both designs are exact."]
    if falls:
        notes.append(
            "p1 lies below p0: a success is a patient without the event, and the true rate is that of success."
        )
    return Answer("simon", table, pd.concat(curves, ignore_index=True), tuple(notes))


ANSWERS: dict[str, Callable[[Inputs], Answer]] = {
    "survival": _survival,
    "binary": _binary,
    "means": _means,
    "win-ratio": _win_ratio,
    "single-arm": _single_arm,
    "simon": _simon,
}
"""How each calculator finds its answer."""
