"""`sim.boundaries`: group-sequential stopping boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.statistics.sequential.effect_scale import EffectScale
    from simulator.statistics.sequential.stopping_plan import Futility

HERE = "boundaries"
FUTILITY = (
    "none, z:0,0.5 (one z for each interim look), cp:0.2 (conditional power under the trend), cp-design:0.2 (under the "
    "design's effect), beta:ld-obf, beta:ld-pocock, beta:hsd:-2 or beta:kim-demets:2 (spend the type II error)."
)
"""What a futility rule may be."""


def boundaries(
    looks: int | None = None,
    *,
    alpha: float = 0.025,
    kind: str = "ld-obf",
    sides: int = 1,
    delta: float | None = None,
    gamma: float | None = None,
    early_z: float | None = None,
    rho: float | None = None,
    points: str | Sequence[tuple[float, float]] | None = None,
    information: str | Sequence[float] | None = None,
    futility: str = "none",
    binding: bool = False,
    power: float = 0.9,
    effect: str | None = None,
) -> Result:
    """Boundaries that let a trial stop early while its type I error is kept.

    `looks` are equally spaced (3 by default); `information` gives their fractions instead, as ``[0.4, 0.7, 1]``. `kind` is
    obf, pocock, wang-tsiatis (with `delta`), haybittle-peto (`early_z`), triangular, ld-obf, ld-pocock, hsd (`gamma`),
    kim-demets (`rho`) or custom (`points` of information and share of alpha spent). `alpha` is that of the whole trial, of
    both sides together where `sides` is 2.
    `futility` is a rule as text: none, z:0,0.5, cp:0.2, cp-design:0.2, beta:ld-obf, beta:ld-pocock, beta:hsd:-2 or
    beta:kim-demets:2; `binding` whether it must be obeyed. In a two-sided test a beta rule stops inside a wedge around no
    effect. `power` is what the trial's maximum size is for, and `effect` the effect that it is for, as hazard-ratio:0.6 or
    difference:0.15, with which every boundary is told as an effect too.

    Tables of the result: ``boundaries`` (a row a look: information, z, nominal p, alpha spent, chances of stopping) and
    ``design`` (quantities of the whole: error rates, inflation, expected information).

    Raises BadInput with everything that is wrong.

    >>> import simulator as sim
    >>> sim.boundaries(2, kind="pocock").boundaries["z"].round(3).tolist()
    [2.178, 2.178]
    """
    settings = {name: value for name, value in locals().items() if value is not None}
    from simulator.questions.boundaries import findings
    from simulator.statistics.sequential.boundary_search import solve
    from simulator.statistics.sequential.stopping_plan import Plan

    begun = now()
    problems: list[Problem] = []
    at, share = _points(points, problems)
    rule = _futility(futility, binding, problems)
    scale = _scale(effect, problems)
    plan = Plan(
        _information(looks, information, problems),
        alpha,
        kind,
        sides,
        delta,
        gamma,
        early_z,
        at,
        share,
        rule,
        power,
        rho,
    )
    if problems:
        told = {problem.key for problem in problems}
        raise BadInput([*problems, *(each for each in _named(plan.problems(HERE)) if each.key not in told)])
    try:
        found = solve(plan, HERE)
    except BadInput as bad:
        raise BadInput(_named(bad.problems)) from None
    return Result(findings(found, settings, scale), begun)


def _scale(text: str | None, problems: list[Problem]) -> EffectScale | None:
    """The scale of the effect from its text."""
    from simulator.statistics.sequential.effect_scale import EffectScale

    if text is None:
        return None
    name, _, value = text.partition(":")
    try:
        scale = EffectScale(name, float(value))
    except ValueError:
        problems.append(Problem(HERE, "effect", repr(text), "hazard-ratio:0.6 or difference:0.15, for example"))
        return None
    problems.extend(scale.problems(HERE))
    return scale


def _named(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of a plan as problems of the arguments that made it."""
    words = {"spending": "points", "custom": "points", "type": "kind"}
    return [replace(each, key=words.get(each.key.split()[0], each.key.split()[0])) for each in problems]


def _information(looks: int | None, given: str | Sequence[float] | None, problems: list[Problem]) -> tuple[float, ...]:
    if given is None:
        count = 3 if looks is None else looks
        if not 1 <= count <= 50:
            problems.append(Problem(HERE, "looks", str(count), "from 1 to 50"))
            return (1.0,)
        return tuple((k + 1) / count for k in range(count))
    fractions = _numbers("information", given, problems)
    if fractions and looks is not None and looks != len(fractions):
        allowed = f"{len(fractions)}, the number of fractions in information, or nothing"
        problems.append(Problem(HERE, "looks", str(looks), allowed))
    return fractions


def _numbers(key: str, given: str | Sequence[float], problems: list[Problem]) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in (given.split(",") if isinstance(given, str) else given))
    except (TypeError, ValueError):
        problems.append(Problem(HERE, key, repr(given), "numbers with commas between them"))
        return ()


def _points(
    given: str | Sequence[tuple[float, float]] | None, problems: list[Problem]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    try:
        parts: Any = [pair.split(":") for pair in given.split(",")] if isinstance(given, str) else given or ()
        pairs = [(float(a), float(b)) for a, b in parts]
    except (TypeError, ValueError):
        problems.append(Problem(HERE, "points", repr(given), "pairs INFORMATION:SHARE with commas between them"))
        return (), ()
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


def _futility(text: str, binding: bool, problems: list[Problem]) -> Futility | None:
    from simulator.statistics.sequential.spending import Spending
    from simulator.statistics.sequential.stopping_plan import Futility

    rule, _, rest = text.partition(":")
    if rule == "none":
        if binding:
            problems.append(Problem(HERE, "binding", "on", "only with a futility rule"))
        return None
    if rule == "z":
        return Futility("z", z=_numbers("futility", rest, problems), binding=binding)
    if rule in ("cp", "cp-design"):
        threshold = _numbers("futility", rest, problems) or (0.5,)
        assumed = "design" if rule == "cp-design" else "trend"
        return Futility("conditional-power", threshold=threshold[0], assumed=assumed, binding=binding)
    name, _, parameter = rest.partition(":")
    if rule == "beta" and name in ("ld-obf", "ld-pocock") and not parameter:
        return Futility("beta", Spending(name), binding=binding)
    if rule == "beta" and name in ("hsd", "kim-demets"):
        usual = -4.0 if name == "hsd" else 3.0
        value = (_numbers("futility", parameter, problems) if parameter else ()) or (usual,)
        spending = Spending(name, value[0]) if name == "hsd" else Spending(name, rho=value[0])
        return Futility("beta", spending, binding=binding)
    problems.append(Problem(HERE, "futility", repr(text), FUTILITY))
    return None
