"""What a group-sequential design is asked to be, and everything that can be wrong with the request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.statistics.sequential.spending import NAMES as SPENDING
from simulator.statistics.sequential.spending import Spending
from simulator.words.errors import Problem, nearest

CLASSICAL = {
    "obf": "O'Brien PC, Fleming TR. Biometrics 1979;35:549-556, doi 10.2307/2530245",
    "pocock": "Pocock SJ. Biometrika 1977;64:191-199, doi 10.1093/biomet/64.2.191",
    "wang-tsiatis": "Wang SK, Tsiatis AA. Biometrics 1987;43:193-199, doi 10.2307/2531959",
    "haybittle-peto": "Haybittle JL. Br J Radiol 1971;44:793-797, doi 10.1259/0007-1285-44-526-793; "
    "Peto R et al. Br J Cancer 1976;34:585-612, doi 10.1038/bjc.1976.220",
    "triangular": "Whitehead J, Stratton I. Biometrics 1983;39:227-236, doi 10.2307/2530822",
}
"""Boundaries of a given shape, and who described them."""

KINDS = (*CLASSICAL, *SPENDING)
"""Every kind of efficacy boundary: the classical shapes and the spending functions."""

FUTILITY = ("beta", "z", "conditional-power")
"""Every rule for stopping because success has become unlikely."""


GROUP_SEQUENTIAL = (
    "Jennison C, Turnbull BW. Group Sequential Methods with Applications to Clinical Trials. Chapman & Hall/CRC 2000, "
    "doi 10.1201/9780367805326"
)
"""Where the integration and most of the rules are described."""
BETA_SPENDING = "Pampallona S, Tsiatis AA, Kim K. Drug Inf J 2001;35:1113-1121, doi 10.1177/009286150103500408"
WEDGE = (
    "Emerson SS, Fleming TR. Biometrics 1989;45:905-923, doi 10.2307/2531692; Pampallona S, Tsiatis AA. J Stat Plan Inference "
    "1994;42:19-35, doi 10.1016/0378-3758(94)90187-2"
)

OBRIEN_FLEMING = Spending("ld-obf")


@dataclass(frozen=True)
class Futility:
    """When a trial stops because success has become unlikely.

    `rule` is ``beta`` (spend the type II error with the function `spending`), ``z`` (stop below the given `z`, one per
    interim look) or ``conditional-power`` (stop when it falls below `threshold`, the effect being the current trend,
    or the design's with `assumed` = ``design``). A binding rule must be obeyed, which lets the efficacy boundary be a
    little lower; a rule that is not binding may be overruled, and the type I error holds either way. In a two-sided test
    only ``beta`` is known, which stops inside a wedge around no effect.
    """

    rule: str
    spending: Spending = OBRIEN_FLEMING
    z: tuple[float, ...] = ()
    threshold: float = 0.1
    assumed: str = "trend"
    binding: bool = False


TRIANGLE = Futility("triangular", binding=True)
"""The lower side of the triangular test, which that type of boundary brings along."""


def in_words(futility: Futility | None) -> str:
    """A futility rule with the parameters that it reads, for messages."""
    if futility is None:
        return "none"
    if futility.rule == "z":
        told = "z below " + ", ".join(f"{z:g}" for z in futility.z)
    elif futility.rule == "conditional-power":
        told = f"conditional power below {futility.threshold:g} under the {futility.assumed}"
    elif futility.rule == "beta":
        told = f"beta spending {futility.spending.name}"
    else:
        told = "the lower side of the triangle"
    return f"{told}, {'binding' if futility.binding else 'not binding'}"


@dataclass(frozen=True)
class Plan:
    """What a group-sequential design is asked to be.

    `information` are the looks as fractions of the maximum, ending at 1. `alpha` is the whole type I error, shared
    equally when `sides` is 2. `delta` is the shape of ``wang-tsiatis`` (0 is O'Brien-Fleming, 0.5 Pocock), `gamma` the
    parameter of ``hsd``, `rho` that of ``kim-demets``, `early_z` the interim boundary of ``haybittle-peto`` (whose last look
    is adjusted so that alpha is kept exactly), `at` and `share` the points of ``custom`` spending. None means the usual 0.25,
    -4, 3 and 3. ``triangular`` stops for futility by its own lower side.
    """

    information: tuple[float, ...]
    alpha: float = 0.025
    kind: str = "ld-obf"
    sides: int = 1
    delta: float | None = None
    gamma: float | None = None
    early_z: float | None = None
    at: tuple[float, ...] = ()
    share: tuple[float, ...] = ()
    futility: Futility | None = None
    power: float | None = None
    rho: float | None = None

    @property
    def stops_for_futility(self) -> Futility | None:
        """The rule that stops for futility: the one that was asked for, or the triangle's own."""
        return TRIANGLE if self.kind == "triangular" else self.futility

    @property
    def spending(self) -> Spending | None:
        """The spending function, or None for a classical shape."""
        if self.kind not in SPENDING:
            return None
        gamma, rho = -4.0 if self.gamma is None else self.gamma, 3.0 if self.rho is None else self.rho
        return Spending(self.kind, gamma, self.at, self.share, rho)

    @property
    def sources(self) -> list[str]:
        """Who described the integration, the boundary and the futility rule, as citations with a DOI."""
        found = [GROUP_SEQUENTIAL, CLASSICAL[self.kind] if self.spending is None else self.spending.source]
        if self.futility is not None and self.futility.rule == "beta":
            found += [self.futility.spending.source, BETA_SPENDING, *([WEDGE] if self.sides == 2 else [])]
        return found

    def problems(self, file: str = "design") -> list[Problem]:
        """Everything that is wrong with the plan, as problems of the input `file`."""
        found: list[Problem] = []

        def wrong(key: str, value: object, allowed: str) -> None:
            found.append(Problem(file, key, str(value), allowed))

        if self.sides not in (1, 2):
            wrong("sides", self.sides, "1 or 2")
        side = self.alpha / 2 if self.sides == 2 else self.alpha
        if not 0.0 < side < 0.5:
            wrong("alpha", self.alpha, "above 0 and below 0.5 for each side")
        if self.power is not None and not side < self.power < 1.0:
            wrong("power", self.power, f"above the one-sided alpha ({side:g}) and below 1")
        t = np.asarray(self.information, dtype=float)
        if t.size == 0 or not np.all(np.isfinite(t)) or t[0] <= 0 or np.any(np.diff(t) <= 0) or t[-1] != 1.0:
            wrong("information", list(self.information), "fractions that increase from above 0 and end at 1")
        if self.kind not in KINDS:
            wrong("type", repr(self.kind), nearest(self.kind, KINDS))
        for key, value, kind, low, high in (
            ("delta", self.delta, "wang-tsiatis", -1.0, 1.0),
            ("gamma", self.gamma, "hsd", -40.0, 40.0),
            ("rho", self.rho, "kim-demets", 0.1, 40.0),
            ("early_z", self.early_z, "haybittle-peto", 0.0, 8.0),
        ):
            if value is not None and self.kind != kind:
                wrong(key, value, f"only with type {kind!r}")
            elif value is not None and not low <= value <= high:
                wrong(key, value, f"from {low:g} to {high:g}")
        if self.kind == "custom":
            found.extend(_point_problems(file, "spending", self.at, self.share))
        elif self.at or self.share:
            wrong("spending points", self.at, "only with type 'custom'")
        if self.kind == "triangular" and self.sides == 2:
            wrong("type", self.kind, "with sides 1: the triangle is a one-sided test")
        if self.kind == "triangular" and self.futility is not None:
            wrong("futility", self.futility.rule, "nothing with type 'triangular', whose lower side stops for futility")
        elif self.futility is not None:
            found.extend(_futility_problems(file, self, self.futility))
        return found


def _point_problems(file: str, key: str, at: tuple[float, ...], share: tuple[float, ...]) -> list[Problem]:
    xs, ys = np.array([0.0, *at, 1.0]), np.array([0.0, *share, 1.0])
    if not at or xs.size != ys.size or np.any(np.diff(xs) <= 0) or np.any(np.diff(ys) < 0):
        allowed = "as many shares as points, points increasing and shares not decreasing, all between 0 and 1"
        return [Problem(file, f"{key} points", f"{list(at)} with shares {list(share)}", allowed)]
    return []


def _futility_problems(file: str, plan: Plan, futility: Futility) -> list[Problem]:
    found: list[Problem] = []

    def wrong(key: str, value: object, allowed: str) -> None:
        found.append(Problem(file, f"futility {key}".strip(), str(value), allowed))

    if futility.rule not in FUTILITY:
        wrong("", repr(futility.rule), nearest(futility.rule, FUTILITY))
    if plan.sides == 2 and futility.rule != "beta":
        wrong(
            "",
            futility.rule,
            "beta in a two-sided test (a wedge around no effect), or a one-sided test at half of the alpha",
        )
    if plan.sides == 2 and futility.binding and plan.spending is None:
        wrong("binding", True, "false in a two-sided test whose boundary has a given shape, or a spending function")
    if plan.power is None and (futility.rule == "beta" or futility.assumed == "design"):
        wrong("", futility.rule, "with a power, which fixes the effect that the rule needs")
    if futility.rule == "beta":
        if futility.spending.name not in SPENDING:
            wrong("spending", repr(futility.spending.name), nearest(futility.spending.name, SPENDING))
        elif futility.spending.name == "custom":
            found.extend(_point_problems(file, "futility spending", futility.spending.at, futility.spending.share))
    if futility.rule == "z" and (len(futility.z) != len(plan.information) - 1 or np.any(np.isnan(futility.z))):
        wrong("z", list(futility.z), f"{len(plan.information) - 1} numbers, one for each interim look")
    if futility.rule == "conditional-power":
        if not 0.0 < futility.threshold < 1.0:
            wrong("threshold", futility.threshold, "above 0 and below 1")
        if futility.assumed not in ("trend", "design"):
            wrong("assumed", repr(futility.assumed), nearest(futility.assumed, ("trend", "design")))
    return found
