"""The course check: every published figure beside the model's own, with interval, ratio and Monte Carlo error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simulator.evidence.register import Register
from simulator.questions.course.figures import Course, Figure, points
from simulator.questions.course.lives import Lives
from simulator.questions.course.measures import statistic, with_error
from simulator.run import simulate

COLUMNS = ("figure", "theme", "label", "at_years", "unit", "population", "definition", "published", "low", "high", "basis",
           "model", "se", "ratio", "inside", "counts", "sets_rule", "grade", "source", "founding", "note")  # fmt: skip
FAR = 1.5
"""A ratio of model to published, or its inverse, that is called far off."""


@dataclass(frozen=True, eq=False)
class Check:
    """What was compared. table: one row per figure and time, with `COLUMNS`; `counts` is False for judgements.

    coverage: how many figures lie inside, of those that set no rule and of all: of, figures, inside, share.
    """

    table: pd.DataFrame
    coverage: pd.DataFrame

    @property
    def outside(self) -> pd.DataFrame:
        """Rows that count and lie outside their interval."""
        return self.table[self.table["counts"] & ~self.table["inside"]]

    @property
    def far(self) -> pd.DataFrame:
        """Rows outside whose ratio is beyond `FAR` to either side."""
        ratio = self.outside["ratio"]
        return self.outside[~ratio.between(1.0 / FAR, FAR)]


def check(
    course: Course,
    register: Register,
    patients: int | None = None,
    seed: int = 1,
    advance: Callable[[int], None] | None = None,
) -> Check:
    """Live every population once and form every figure.

    `patients` replaces the number of people of each population; `advance` is called with the number of figures done.
    """
    rows: list[dict[str, Any]] = []
    for name, population in course.populations.items():
        result = simulate(
            course.scenarios[name], [population.policy], patients or population.patients, seed, events=True
        )
        lives = Lives(result)
        for key, figure in course.figures.items():
            if figure.population == name:
                rows += _rows(key, figure, lives, register)
                if advance is not None:
                    advance(1)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = {key: place for place, key in enumerate(course.figures)}
    table = table.sort_values("figure", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    return Check(table, coverage(table))


def _rows(key: str, figure: Figure, lives: Lives, register: Register) -> list[dict[str, Any]]:
    rows = []
    for point in points(figure):
        value, error = with_error(statistic(lives, figure, point.at_years), len(lives))
        rows.append(
            {
                "figure": key,
                "theme": figure.theme,
                "label": figure.label,
                "at_years": point.at_years,
                "unit": figure.unit,
                "population": figure.population,
                "definition": figure.definition,
                "published": point.value,
                "low": point.low,
                "high": point.high,
                "basis": point.basis,
                "model": value,
                "se": error,
                "ratio": value / point.value if point.value else math.nan,
                "inside": point.low <= value <= point.high,
                "counts": figure.grade != "judgement",
                "sets_rule": ", ".join(figure.sets_rule),
                "grade": figure.grade,
                "source": "; ".join(register.sources[name].short for name in figure.source),
                "founding": figure.founding,
                "note": figure.note,
            }
        )
    return rows


def coverage(table: pd.DataFrame) -> pd.DataFrame:
    """How many figures that count lie inside: those that set no rule, those that set one, all; and by theme."""
    counted = table[table["counts"]]
    free = counted["sets_rule"] == ""
    parts = {"that set no rule": counted[free], "that set a rule": counted[~free], "all": counted}
    parts |= {str(theme): rows for theme, rows in counted.groupby("theme", sort=False)}
    return pd.DataFrame(
        [
            {"of": name, "figures": len(rows), "inside": int(rows["inside"].sum()), "share": rows["inside"].mean()}
            for name, rows in parts.items()
            if len(rows)
        ],
        columns=["of", "figures", "inside", "share"],
    )
