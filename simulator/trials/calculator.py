"""The quick sample size calculators: a design by name, its answer by every method that fits, and its power curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.errors import BadInput, Problem, nearest
from simulator.statistics import exact_binomial, simon
from simulator.statistics.samplesize import (
    event_probability,
    lachin_foulkes,
    range_problems,
    schoenfeld,
    schoenfeld_events,
    two_means,
    two_proportions,
    win_ratio,
)

Inputs = Mapping[str, float | None]
Solver = Callable[[float], float]
"""From a power to the patients needed."""

SHARED = ("alpha", "power", "ratio", "lost")
"""Inputs that designs have in common; a single arm has no ratio."""

POWERS = np.linspace(0.5, 0.98, 49)


@dataclass(frozen=True)
class Design:
    """What one calculator needs, what it may also take, and the alpha and power it assumes."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    alpha: float = 0.025
    power: float = 0.9
    arms: int = 2


DESIGNS: dict[str, Design] = {
    "survival": Design(
        (), ("hazard_ratio", "median_0", "median_1", "hazard_0", "hazard_1", "accrual", "follow_up", "dropout")
    ),
    "binary": Design(("p0", "p1")),
    "means": Design(("difference", "sd"), ("correlation",)),
    "win-ratio": Design(("win_ratio", "ties")),
    "single-arm": Design(("p0", "p1"), alpha=0.05, power=0.85, arms=1),
    "simon": Design(("p0", "p1"), alpha=0.05, power=0.8, arms=1),
}
"""The calculators by name."""


@dataclass(frozen=True)
class Answer:
    """What a calculator found.

    `table` has a row per method; `curve` is (method, patients, power); `detail` is a further table of a single-arm
    design, or None; `notes` are sentences about the assumptions.
    """

    design: str
    table: pd.DataFrame
    curve: pd.DataFrame
    notes: tuple[str, ...] = ()
    detail: pd.DataFrame | None = None


def calculate(design: str, given: Inputs) -> Answer:
    """The answer for `design` with the inputs that are not None; `BadInput` for missing, idle or impossible ones."""
    if design not in DESIGNS:
        raise BadInput([Problem("command line", "design", repr(design), nearest(design, DESIGNS))])
    form = DESIGNS[design]
    shared = SHARED if form.arms == 2 else tuple(name for name in SHARED if name != "ratio")
    takes = (*form.needs, *form.may, *shared)
    problems = [
        Problem("command line", option(name), f"{value:g}", "only with " + ", ".join(_designs_with(name)))
        for name, value in given.items()
        if value is not None and name not in takes
    ]
    values = {name: value for name, value in given.items() if value is not None and name in takes}
    problems += [
        Problem("command line", option(name), "missing", f"a number, which {design} needs")
        for name in form.needs
        if name not in values
    ]
    values = {"alpha": form.alpha, "power": form.power, **values}
    problems += _as_options(range_problems(values))
    if problems:
        raise BadInput(problems)
    lost = values.pop("lost", 0.0)
    if form.arms == 2:
        values.setdefault("ratio", 1.0)
    try:
        return ANSWERS[design](values, lost)
    except BadInput as bad:
        raise BadInput(_as_options(bad.problems)) from None


def _as_options(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of a formula's inputs as problems of the options that gave them."""
    return [replace(p, file="command line", key=option(p.key)) if p.file == "design" else p for p in problems]


def option(name: str) -> str:
    """The command line's spelling of an input."""
    return "--" + name.replace("_", "-")


def _designs_with(name: str) -> list[str]:
    return [
        design
        for design, form in DESIGNS.items()
        if name in (*form.needs, *form.may) or (name in SHARED and (name != "ratio" or form.arms == 2))
    ]


def _rows(methods: Mapping[str, float], ratio: float, lost: float) -> pd.DataFrame:
    """Patients per method: each arm rounded up after making good the share that is lost."""
    rows = []
    for method, n in methods.items():
        entered = n / (1.0 - lost)
        arms = [math.ceil(entered * share / (1.0 + ratio) - 1e-9) for share in (1.0, ratio)]
        rows.append((method, sum(arms), arms[0], arms[1], n))
    return pd.DataFrame(rows, columns=["method", "patients", "patients_arm_0", "patients_arm_1", "unrounded"])


def _curve(methods: Mapping[str, Solver], lost: float, alpha: float) -> pd.DataFrame:
    powers = POWERS[alpha < POWERS]
    frames = [
        pd.DataFrame({"method": method, "patients": [n(float(p)) / (1.0 - lost) for p in powers], "power": powers})
        for method, n in methods.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _formulas(
    design: str, methods: Mapping[str, Solver], values: Mapping[str, float], lost: float, *notes: str
) -> Answer:
    table = _rows({name: n(values["power"]) for name, n in methods.items()}, values["ratio"], lost)
    said = [*notes, f"alpha {values['alpha']:g} is one-sided; power {values['power']:g}."]
    if lost > 0.0:
        said.append(f"Patients are enlarged for {lost:.0%} who give no outcome.")
    return Answer(design, table, _curve(methods, lost, values["alpha"]), tuple(said))


def _survival(values: Mapping[str, float], lost: float) -> Answer:
    alpha, power, ratio = values["alpha"], values["power"], values["ratio"]
    hazard_0, hazard_1, hazard_ratio = _hazards(values)
    timing = [option(name) for name in ("accrual", "follow_up") if name not in values]
    if hazard_0 is None or hazard_1 is None or len(timing) == 2:
        idle = [name for name in ("dropout", "accrual", "follow_up") if name in values]
        if idle:
            allowed = "only with --median-0 (or --hazard-0), --accrual and --follow-up"
            raise BadInput([Problem("command line", option(name), f"{values[name]:g}", allowed) for name in idle])
        events = schoenfeld_events(hazard_ratio, alpha, power, ratio)
        table = pd.DataFrame({"method": ["Schoenfeld"], "events": [math.ceil(events - 1e-9)], "unrounded": [events]})
        curve = _curve({"Schoenfeld": lambda p: schoenfeld_events(hazard_ratio, alpha, p, ratio)}, 0.0, alpha)
        needed = "Patients need --median-0 (or --hazard-0), --accrual and --follow-up as well."
        return Answer(
            "survival", table, curve.rename(columns={"patients": "events"}), (needed, f"alpha {alpha:g} is one-sided.")
        )
    if timing:
        raise BadInput(
            [Problem("command line", name, "missing", "a number; accrual and follow-up go together") for name in timing]
        )
    plan = (hazard_0, hazard_1, values["accrual"], values["follow_up"], values.get("dropout", 0.0), alpha)
    sizes = {"Schoenfeld": schoenfeld(*plan, power, ratio), "Lachin-Foulkes": lachin_foulkes(*plan, power, ratio)}
    answer = _formulas(
        "survival",
        {
            "Schoenfeld": lambda p: schoenfeld(*plan, p, ratio).patients,
            "Lachin-Foulkes": lambda p: lachin_foulkes(*plan, p, ratio).patients,
        },
        values,
        lost,
        "Constant hazards, uniform accrual, log-rank test. Schoenfeld takes the variance under no effect only, "
        "Lachin and Foulkes under both hypotheses.",
        f"Probability of an event while followed: arm 0 {event_probability(hazard_0, *plan[2:5]):.3f}, "
        f"arm 1 {event_probability(hazard_1, *plan[2:5]):.3f}.",
    )
    answer.table.insert(4, "events", [math.ceil(size.events - 1e-9) for size in sizes.values()])
    return answer


def _hazards(values: Mapping[str, float]) -> tuple[float | None, float | None, float]:
    """Hazards of both arms and their ratio, from two of the three; the ratio alone leaves the hazards None."""
    problems: list[Problem] = []
    found: dict[int, float] = {}
    for arm in (0, 1):
        median, hazard = values.get(f"median_{arm}"), values.get(f"hazard_{arm}")
        if median is not None and hazard is not None:
            problems.append(
                Problem("command line", f"--hazard-{arm}", f"{hazard:g}", f"nothing when --median-{arm} is given")
            )
        if median is not None:
            found[arm] = math.log(2.0) / median
        elif hazard is not None:
            found[arm] = hazard
    ratio = values.get("hazard_ratio")
    if ratio is not None and len(found) == 2:
        problems.append(Problem("command line", "--hazard-ratio", f"{ratio:g}", "nothing when both arms are given"))
    if ratio is None and len(found) < 2:
        allowed = "a number, or --median-0 and --median-1"
        problems.append(Problem("command line", "--hazard-ratio", "missing", allowed))
    if problems:
        raise BadInput(problems)
    if ratio is None:
        return found[0], found[1], found[1] / found[0]
    if 0 in found:
        return found[0], found[0] * ratio, ratio
    if 1 in found:
        return found[1] / ratio, found[1], ratio
    return None, None, ratio


def _binary(values: Mapping[str, float], lost: float) -> Answer:
    p0, p1, alpha, ratio = values["p0"], values["p1"], values["alpha"], values["ratio"]
    methods: dict[str, Solver] = {
        "chi-square (pooled variance)": lambda p: two_proportions(p0, p1, alpha, p, ratio, pooled=True),
        "risk difference (unpooled)": lambda p: two_proportions(p0, p1, alpha, p, ratio, pooled=False),
    }
    note = "Chi-square without continuity correction; Fisher's exact test needs more."
    return _formulas("binary", methods, values, lost, note)


def _means(values: Mapping[str, float], lost: float) -> Answer:
    difference, sd, alpha, ratio = values["difference"], values["sd"], values["alpha"], values["ratio"]
    correlation = values.get("correlation")
    methods: dict[str, Solver] = {"t test": lambda p: two_means(difference, sd, alpha, p, ratio)}
    if correlation is not None:
        methods["ANCOVA"] = lambda p: two_means(difference, sd, alpha, p, ratio, correlation)
    return _formulas("means", methods, values, lost, "One standard deviation in both arms; noncentral t distribution.")


def _win_ratio(values: Mapping[str, float], lost: float) -> Answer:
    wr, ties, alpha, ratio = values["win_ratio"], values["ties"], values["alpha"], values["ratio"]
    note = "Yu and Ganju's variance is approximate and tends to be too large; simulate before relying on it."
    return _formulas("win-ratio", {"Yu-Ganju": lambda p: win_ratio(wr, ties, alpha, p, ratio)}, values, lost, note)


def _single_arm(values: Mapping[str, float], lost: float) -> Answer:
    p0, p1, alpha, power = (values[name] for name in ("p0", "p1", "alpha", "power"))
    size = exact_binomial.single_arm_size(p0, p1, alpha, power)
    n = np.array([size.first, size.stable])
    limit = exact_binomial.rejection_limit(n, p0, alpha)
    table = pd.DataFrame(
        {
            "method": ["first n that reaches the power", "n from which on every n does"],
            "patients": [math.ceil(k / (1.0 - lost) - 1e-9) for k in n],
            "evaluable": n,
            "reject_from": limit,
            "power": exact_binomial.power(n, p0, p1, alpha),
        }
    )
    grid = np.arange(max(2, size.first // 2), size.stable + 15)
    curve = pd.DataFrame(
        {"method": "exact binomial", "patients": grid, "power": exact_binomial.power(grid, p0, p1, alpha)}
    )
    notes = [
        f"One-sided exact binomial test of {p0:g} at alpha {alpha:g}, power {power:g} against {p1:g}. "
        "The power is a sawtooth: it falls whenever the number needed to reject goes up.",
    ]
    if (p0, p1, alpha, power) == (0.5, 0.7, 0.05, 0.85):
        notes.append(
            "This is how the founding cohort's 44 patients come about (Panunzi et al. 2022: 70% avoided amputation, "
            "power 85%, one-sided 5%). The paper does not state the rate to be rejected; 50% is what gives 44."
        )
    return Answer("single-arm", table, curve, tuple(notes), size.table())


def _simon(values: Mapping[str, float], lost: float) -> Answer:
    p0, p1, alpha, power = (values[name] for name in ("p0", "p1", "alpha", "power"))
    designs = simon.two_stage(p0, p1, alpha, power)
    table = pd.DataFrame(
        [
            (
                d.kind,
                math.ceil(d.n / (1.0 - lost) - 1e-9),
                d.n1,
                d.r1,
                d.n,
                d.r,
                d.alpha,
                d.power,
                d.early_stop,
                d.expected_n,
            )
            for d in designs
        ],
        columns=[
            "method",
            "patients",
            "n1",
            "r1",
            "n",
            "r",
            "actual_alpha",
            "power",
            "early_stop_if_p0",
            "expected_n_if_p0",
        ],
    )
    rates = np.linspace(max(0.0, p0 - 0.15), min(1.0, p1 + 0.15), 61)
    curve = pd.concat(
        [
            pd.DataFrame(
                {
                    "method": d.kind,
                    "true_rate": rates,
                    "power": [simon.promising(float(p), d.n1, d.r1, d.n, d.r) for p in rates],
                }
            )
            for d in designs
        ],
        ignore_index=True,
    )
    note = "Stop with r1 or fewer successes among n1; promising with more than r among n. Both designs are exact."
    return Answer("simon", table, curve, (note,))


ANSWERS: dict[str, Callable[[Mapping[str, float], float], Answer]] = {
    "survival": _survival,
    "binary": _binary,
    "means": _means,
    "win-ratio": _win_ratio,
    "single-arm": _single_arm,
    "simon": _simon,
}
"""How each calculator finds its answer, from its inputs and the share of patients lost."""
