"""`clti boundaries`: group-sequential stopping boundaries."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.statistics.stopping_plan import Futility

HERE = "command line"
FUTILITY_HELP = (
    "none, z:0,0.5 (one z for each interim look), cp:0.2 (conditional power under the trend), cp-design:0.2 (under the "
    "design's effect), beta:ld-obf, beta:ld-pocock or beta:hsd:-2 (spend the type II error)."
)


def main(
    looks: Annotated[int | None, typer.Option(help="Number of looks, equally spaced. Default 3.")] = None,
    alpha: Annotated[float, typer.Option(help="Type I error in all; one-sided unless --sides 2.")] = 0.025,
    kind: Annotated[
        str,
        typer.Option("--type", help="obf, pocock, wang-tsiatis, haybittle-peto, ld-obf, ld-pocock, hsd or custom."),
    ] = "ld-obf",
    sides: Annotated[int, typer.Option(help="1 or 2.")] = 1,
    delta: Annotated[
        float | None, typer.Option(help="Shape of wang-tsiatis; 0 is obf, 0.5 pocock. Default 0.25.")
    ] = None,
    gamma: Annotated[float | None, typer.Option(help="Parameter of hsd; negative spends late. Default -4.")] = None,
    early_z: Annotated[float | None, typer.Option(help="Interim boundary of haybittle-peto. Default 3.")] = None,
    points: Annotated[
        str | None,
        typer.Option("--points", help="Custom spending as INFORMATION:SHARE,... for example 0.5:0.2,0.8:0.6."),
    ] = None,
    information: Annotated[
        str | None, typer.Option(help="Information fractions of the looks, for example 0.4,0.7,1.")
    ] = None,
    futility: Annotated[str, typer.Option(help=FUTILITY_HELP)] = "none",
    binding: Annotated[bool, typer.Option("--binding/--non-binding", help="Must a futility stop be obeyed?")] = False,
    power: Annotated[float, typer.Option(help="Power that the size of the trial is for.")] = 0.9,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, figure and report.html.")] = None,
) -> None:
    """Boundaries that let a trial stop early while its type I error is kept."""
    from simulator.statistics.boundaries import solve
    from simulator.statistics.stopping_plan import Plan
    from simulator.telling.console import console, print_table, say_where
    from simulator.telling.outputs import OutputFolder
    from simulator.telling.trial_design import (
        boundary_figure,
        boundary_formats,
        boundary_notes,
        boundary_report,
        summary_for_readers,
    )

    problems: list[Problem] = []
    at, share = _points(points, problems)
    rule = _futility(futility, binding, problems)
    plan = Plan(
        _information(looks, information, problems), alpha, kind, sides, delta, gamma, early_z, at, share, rule, power
    )
    if problems:
        problems += [each for each in _as_options(plan.problems(HERE)) if each.key not in {p.key for p in problems}]
        raise BadInput(problems)
    folder = None if out is None else OutputFolder(out, command=sys.argv)
    try:
        found = solve(plan, HERE)
    except BadInput as bad:
        raise BadInput(_as_options(bad.problems)) from None
    table, summary = found.table(), found.summary()
    if folder is not None:
        folder.table("boundaries", table)
        folder.table("design", summary)
        folder.figure("boundaries", boundary_figure(found))
        folder.report(boundary_report(found))
        folder.write()
    formats, labels = boundary_formats(table)
    print_table(table, f"{kind}, alpha {alpha:g}, {'two' if sides == 2 else 'one'}-sided", formats, labels=labels)
    words, word_formats = summary_for_readers(summary)
    print_table(words, "The whole design", word_formats)
    for note in boundary_notes(found):
        console().print(note, markup=False)
    if out is not None:
        say_where(out)


def _as_options(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of the plan as problems of the options that made it."""
    keys = {"spending points": "points"}
    return [replace(p, key="--" + keys.get(p.key, p.key.split()[0]).replace("_", "-")) for p in problems]


def _information(looks: int | None, text: str | None, problems: list[Problem]) -> tuple[float, ...]:
    if text is None:
        count = 3 if looks is None else looks
        if not 1 <= count <= 50:
            problems.append(Problem(HERE, "--looks", str(count), "from 1 to 50"))
            return (1.0,)
        return tuple((k + 1) / count for k in range(count))
    fractions = _numbers("--information", text, problems)
    if fractions and looks is not None and looks != len(fractions):
        allowed = f"{len(fractions)}, the number of fractions in --information, or nothing"
        problems.append(Problem(HERE, "--looks", str(looks), allowed))
    return fractions


def _numbers(key: str, text: str, problems: list[Problem]) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        problems.append(Problem(HERE, key, repr(text), "numbers with commas between them"))
        return ()


def _points(text: str | None, problems: list[Problem]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if text is None:
        return (), ()
    try:
        pairs = [(float(a), float(b)) for a, b in (pair.split(":") for pair in text.split(","))]
    except ValueError:
        problems.append(Problem(HERE, "--points", repr(text), "pairs INFORMATION:SHARE with commas between them"))
        return (), ()
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


def _futility(text: str, binding: bool, problems: list[Problem]) -> Futility | None:
    from simulator.statistics.spending import Spending
    from simulator.statistics.stopping_plan import Futility

    rule, _, rest = text.partition(":")
    if rule == "none":
        if binding:
            problems.append(Problem(HERE, "--binding", "on", "only with a futility rule"))
        return None
    if rule == "z":
        return Futility("z", z=_numbers("--futility", rest, problems), binding=binding)
    if rule in ("cp", "cp-design"):
        threshold = _numbers("--futility", rest, problems) or (0.5,)
        assumed = "design" if rule == "cp-design" else "trend"
        return Futility("conditional-power", threshold=threshold[0], assumed=assumed, binding=binding)
    name, _, gamma = rest.partition(":")
    if rule == "beta" and ((name in ("ld-obf", "ld-pocock") and not gamma) or name == "hsd"):
        value = _numbers("--futility", gamma, problems) if gamma else (-4.0,)
        return Futility("beta", Spending(name, (value or (-4.0,))[0]), binding=binding)
    problems.append(Problem(HERE, "--futility", repr(text), FUTILITY_HELP))
    return None
