"""What studies report, computed on simulated lives with the study's own estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

COLUMNS = ("tcpo2", "rutherford", "healed_at", "minor_at", "amputated_at", "died_at", "doses", "followed")
"""Of each life: TcPO2 measured at enrolment (mmHg) and Rutherford class; years from enrolment to healing, minor and major
amputation and death, infinite if never; doses given; years followed."""
TCPO2, RUTHERFORD, HEALED, MINOR, AMPUTATED, DIED, DOSES, FOLLOWED = range(len(COLUMNS))

Binary: TypeAlias = Literal[
    "major_amputation",
    "any_amputation",
    "death",
    "amputation_or_death",
    "amputation_free_survival",
    "limb_kept_to_death",
    "healing",
    "healing_without_amputation",
    "primary_healing",
    "healing_after_amputation",
    "death_unhealed",
    "death_after_amputation",
]
Net: TypeAlias = Literal["net_major_amputation", "net_healing"]
"""What a Kaplan-Meier curve prints: the share by a time if nobody died (or, of healing, lost the limb) first."""
Measure: TypeAlias = Literal[
    Binary,
    Net,
    "tcpo2",
    "tcpo2_change",
    "tcpo2_at_least",
    "logistic_slope",
    "logistic_probability",
    "hazard_ratio",
    "risk_ratio",
]
Among: TypeAlias = Literal["with_wound", "alive", "limb_kept", "amputated", "treated"]
BINARY: tuple[str, ...] = get_args(Binary)
NET: tuple[str, ...] = get_args(Net)
SHARES = (*BINARY, *NET)
"""Measures that are shares of people."""
AT_A_VISIT = ("tcpo2", "tcpo2_change", "tcpo2_at_least")
"""Measures that need TcPO2 at a time after enrolment."""
NEEDS_THRESHOLD = ("tcpo2_at_least", "logistic_probability")
TWO_SAMPLE = ("hazard_ratio", "risk_ratio")
TIME_TO_EVENT: dict[str, tuple[int, ...]] = {
    "major_amputation": (AMPUTATED,),
    "any_amputation": (AMPUTATED, MINOR),
    "death": (DIED,),
    "amputation_or_death": (AMPUTATED, DIED),
}
"""Events that a hazard ratio can be about, by the columns whose earliest time counts."""

KINDS_OF_OUTCOME: dict[str, tuple[str, ...]] = {
    "amputation": ("major_amputation", "any_amputation", "net_major_amputation"),
    "death": ("death", "limb_kept_to_death", "death_unhealed"),
    "amputation or death": ("amputation_or_death", "amputation_free_survival"),
    "healing": (
        "healing",
        "healing_without_amputation",
        "primary_healing",
        "healing_after_amputation",
        "net_healing",
    ),
    "death after amputation": ("death_after_amputation",),
    "TcPO2": AT_A_VISIT,
    "ratio or slope": (*TWO_SAMPLE, "logistic_slope", "logistic_probability"),
}
"""What readers call the measures, to see what the model predicts well and what it does not."""


def outcome_of(measure: str) -> str:
    """The kind of outcome that a measure is about."""
    return next((kind for kind, names in KINDS_OF_OUTCOME.items() if measure in names), "other")


@dataclass(frozen=True, eq=False)
class Seen:
    """Lives of one sample, shape (people, columns), and their measured TcPO2 at the quantity's time.

    TcPO2 is NaN in the dead and after major amputation.
    """

    lives: Array
    tcpo2: Array

    def __len__(self) -> int:
        return len(self.lives)

    def take(self, rows: Bools | slice) -> Seen:
        """Some of the people."""
        return Seen(self.lives[rows], self.tcpo2[rows])

    @staticmethod
    def joined(parts: list[Seen]) -> Seen:
        """Several samples as one."""
        return Seen(np.concatenate([p.lives for p in parts]), np.concatenate([p.tcpo2 for p in parts]))


def has(measure: str, seen: Seen, t: float) -> Bools:
    """Whether each person has the binary outcome by `t` years (after amputation: by `t` years since it)."""
    lives = seen.lives
    healed, minor, amputated, died = (lives[:, k] for k in (HEALED, MINOR, AMPUTATED, DIED))
    lost, dead = amputated <= t, died <= t
    closed = healed <= t
    first = np.minimum(minor, amputated)
    # A death after amputation in those never amputated: infinity minus infinity.
    with np.errstate(invalid="ignore"):
        outcomes: dict[str, Callable[[], Bools]] = {
            "major_amputation": lambda: lost,
            "any_amputation": lambda: first <= t,
            "death": lambda: dead,
            "amputation_or_death": lambda: lost | dead,
            "amputation_free_survival": lambda: ~(lost | dead),
            "limb_kept_to_death": lambda: dead & ~lost,
            "healing": lambda: closed,
            "healing_without_amputation": lambda: closed & ~lost,
            "primary_healing": lambda: closed & (healed < first),
            "healing_after_amputation": lambda: closed & (healed >= first),
            "death_unhealed": lambda: dead & ~closed,
            "death_after_amputation": lambda: died - amputated <= t,
        }
        return outcomes[measure]()


def counted(among: tuple[Among, ...], measure: str, seen: Seen, t: float) -> Bools:
    """Who belongs to the denominator: those of whom all of `among` is true, by `t` years or (`with_wound`) at enrolment.

    Of amputees those whose amputation leaves time to be followed for `t` years, where time counts from it.
    """
    lives = seen.lives
    inside = np.ones(len(seen), np.bool_)
    for condition in among:
        match condition:
            case "with_wound":
                inside &= lives[:, RUTHERFORD] > 4.5
            case "alive":
                inside &= lives[:, DIED] > t
            case "limb_kept":
                inside &= lives[:, AMPUTATED] > t
            case "treated":
                inside &= lives[:, DOSES] > 0
            case "amputated":
                by = lives[:, FOLLOWED] - (t if measure == "death_after_amputation" else 0.0)
                inside &= lives[:, AMPUTATED] <= by
    return inside


def statistic(measure: str, seen: Seen, t: float, *, threshold: float = 0.0) -> float:
    """A number of one sample; NaN where it cannot be formed."""
    if measure in BINARY:
        return float(np.mean(has(measure, seen, t))) if len(seen) else np.nan
    if measure in NET:
        return net(measure, seen, t) if len(seen) else np.nan
    if measure in AT_A_VISIT:
        known = np.isfinite(seen.tcpo2)
        values = seen.tcpo2[known]
        if not len(values):
            return np.nan
        if measure == "tcpo2_change":
            values = values - seen.lives[known, TCPO2]
        return float(np.mean(values >= threshold if measure == "tcpo2_at_least" else values))
    intercept, slope = logistic(seen.lives[:, TCPO2], has("major_amputation", seen, t))
    if measure == "logistic_slope":
        return slope
    return float(1.0 / (1.0 + np.exp(-(intercept + slope * threshold))))


def net(measure: str, seen: Seen, t: float) -> float:
    """One less the Kaplan-Meier estimate at `t` years, with deaths censored, and limbs lost where healing is the event."""
    lives = seen.lives
    if measure == "net_healing":
        event, other = lives[:, HEALED], np.minimum(lives[:, AMPUTATED], lives[:, DIED])
    else:
        event, other = lives[:, AMPUTATED], lives[:, DIED]
    when = np.minimum(np.minimum(event, other), t)
    happened = (event <= other) & (event <= t)
    order = np.lexsort((~happened, when))
    at_risk = np.arange(len(when), 0, -1)
    return float(1.0 - np.prod(1.0 - happened[order] / at_risk))


def contrast(measure: str, event: str, seen: Seen, against: Seen, t: float) -> float:
    """A ratio of two samples by `t` years: of risks, or of hazards by Cox's model; NaN without events."""
    if measure == "risk_ratio":
        a, b = has(event, seen, t), has(event, against, t)
        return float(np.mean(a) / np.mean(b)) if b.any() else np.nan
    from simulator.statistics.endpoints.survival_tests import cox

    both = Seen.joined([seen, against])
    when = both.lives[:, TIME_TO_EVENT[event]].min(axis=1)
    end = np.minimum(t, both.lives[:, DIED])
    happened = when <= end
    if not happened.any():
        return np.nan
    arm = np.repeat([1, 0], [len(seen), len(against)])
    return float(np.exp(cox(np.where(happened, when, end), happened, arm).wald.estimate[0]))


def logistic(x: Array, y: Bools) -> tuple[float, float]:
    """Intercept and slope of a logistic regression by Newton's method; NaN where it does not settle."""
    centre, scale = float(np.mean(x)), float(np.std(x))
    if scale == 0.0 or y.all() or not y.any():
        return np.nan, np.nan
    z = (x - centre) / scale
    a, b = float(np.log(np.mean(y) / (1.0 - np.mean(y)))), 0.0
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(a + b * z, -35.0, 35.0)))
        w = p * (1.0 - p)
        information = np.array([[w.sum(), (w * z).sum()], [(w * z).sum(), (w * z * z).sum()]])
        score = np.array([(y - p).sum(), ((y - p) * z).sum()])
        if abs(np.linalg.det(information)) < 1e-12:
            return np.nan, np.nan
        step = np.linalg.solve(information, score)
        a, b = a + float(step[0]), b + float(step[1])
        if np.abs(step).max() < 1e-9:
            return a - b * centre / scale, b / scale
    return np.nan, np.nan
