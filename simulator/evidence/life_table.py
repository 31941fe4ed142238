"""Background mortality by age and sex from published life tables."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from simulator.evidence.reading import MISSING, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.unchanged import while_unchanged
from simulator.words.errors import BadInput, Problem, nearest

SEXES = ("female", "male")
COLUMNS = ("country", "period", "sex", "age_from", "mx")
GROUP_WIDTH = 5.0
SOURCE = "wpp2024"
"""Where every shipped table is from, by its key among the sources."""


@dataclass(frozen=True, eq=False)
class LifeTable:
    """Hazard of death by age: log-linear between knots, that is, piecewise Gompertz.

    `ages` (years, shape (k,)) are the middles of the published five-year groups, where the hazard is taken to be
    the group's central death rate. `log_hazards` has shape (2, k): row 0 for women, row 1 for men, per year.
    Below the first and above the last knot the nearest segment's slope goes on.
    """

    country: str
    period: str
    ages: NDArray[np.float64]
    log_hazards: NDArray[np.float64]

    def to_arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Knot ages, shape (k,), and log hazards, shape (2, k) for [female, male]: what the engines read."""
        return self.ages.copy(), self.log_hazards.copy()

    def hazard(self, age: float, male: bool) -> float:
        """Deaths per year of life at an age."""
        i, slope = self._segment(age, male)
        return math.exp(self._logs[int(male)][i] + slope * (age - self._knots[i]))

    def survival(self, age: float, years: float, male: bool) -> float:
        """Probability of living `years` more from `age` on, exactly under the piecewise law."""
        return self.survivals(age, (years,), male)[0]

    def survivals(self, age: float, years: Iterable[float], male: bool) -> list[float]:
        """`survival` for several numbers of years, none smaller than the one before it."""
        found = []
        start, passed, knot = age, 0.0, bisect_right(self._knots, age)
        for end in (age + float(year) for year in years):
            while knot < len(self._knots) and self._knots[knot] < end:
                passed += self._cumulative(start, self._knots[knot], male)
                start, knot = self._knots[knot], knot + 1
            found.append(math.exp(-(passed + self._cumulative(start, end, male))))
        return found

    def life_expectancy(self, age: float, male: bool) -> float:
        """Mean years of life left at an age: the integral of survival over the next 70 years."""
        years = np.linspace(0.0, 70.0, 281)
        return float(scipy.integrate.simpson(self.survivals(age, years, male), x=years))

    def _cumulative(self, start: float, stop: float, male: bool) -> float:
        """Cumulative hazard between two ages without a knot between them."""
        _, slope = self._segment(start, male)
        width = stop - start
        return self.hazard(start, male) * (math.expm1(slope * width) / slope if slope else width)

    def _segment(self, age: float, male: bool) -> tuple[int, float]:
        i = min(max(bisect_right(self._knots, age) - 1, 0), len(self._knots) - 2)
        logs = self._logs[int(male)]
        return i, (logs[i + 1] - logs[i]) / (self._knots[i + 1] - self._knots[i])

    @cached_property
    def _knots(self) -> list[float]:
        """Ages as Python's own numbers, with which single lives are computed ten times faster than with NumPy's."""
        return [float(age) for age in self.ages]

    @cached_property
    def _logs(self) -> list[list[float]]:
        return [[float(value) for value in row] for row in self.log_hazards]


def load_life_table(country: str = "Italy", period: str = "2015-20", path: Path | None = None) -> LifeTable:
    """The life table of a country and period from `life_tables.csv` in the folder `path` (default: the shipped one).

    Source: United Nations, World Population Prospects 2024, central death rates by five-year age group.
    Raises BadInput with every fault of the file, and for a country or period that it does not have.
    """
    root = path or shipped("calibration")
    file = root / "life_tables.csv"
    what = f"life table of {country} {period}"
    return while_unchanged(what, root, [file], lambda: _made(country, period, root, file))


def _made(country: str, period: str, root: Path, file: Path) -> LifeTable:
    name = spelled(file, root)
    rates, told = while_unchanged("life tables", root, [file], lambda: _read(file, name))
    problems = list(told)
    tables = {(c, p) for c, p, _, _ in rates}
    if not problems and (country, period) not in tables:
        periods = sorted(p for c, p in tables if c == country)
        have = f"{country} in {', '.join(periods)}" if periods else nearest(country, {c for c, _ in tables})
        problems.append(Problem(name, "country and period", f"{country} {period}", have))
    if problems:
        raise BadInput(problems)
    starts = sorted({age for c, p, _, age in rates if (c, p) == (country, period)})
    logs = np.array([[math.log(rates[country, period, sex, age]) for age in starts] for sex in SEXES])
    ages = np.array(starts) + GROUP_WIDTH / 2
    ages.setflags(write=False)
    logs.setflags(write=False)
    return LifeTable(country, period, ages, logs)


Rates = dict[tuple[str, str, str, float], float]


def _read(file: Path, name: str) -> tuple[Rates, list[Problem]]:
    rates: Rates = {}
    problems: list[Problem] = []
    if not file.is_file():
        problems.append(Problem(name, "file", MISSING, f"a CSV file with the columns {', '.join(COLUMNS)}"))
        return rates, problems
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            problems.append(Problem(name, "columns", str(reader.fieldnames), ", ".join(COLUMNS)))
            return rates, problems
        for line, row in enumerate(reader, start=2):
            if row["sex"] not in SEXES:
                problems.append(Problem(name, f"line {line}, sex", row["sex"], nearest(row["sex"], SEXES)))
            numbers: list[float] = []
            for column, low, high in (("age_from", 0.0, 110.0), ("mx", 0.0, 10.0)):
                try:
                    number = float(row[column])
                except (TypeError, ValueError):
                    number = math.nan
                numbers.append(number)
                if not (low <= number <= high and (column == "age_from" or number > 0)):
                    allowed = f"a number, {low:g} to {high:g}" + (", above 0" if column == "mx" else "")
                    problems.append(Problem(name, f"line {line}, {column}", str(row[column]), allowed))
            key = (row["country"], row["period"], row["sex"], numbers[0])
            if key in rates:
                problems.append(Problem(name, f"line {line}", ", ".join(map(str, key)), "each group once"))
            rates[key] = numbers[1]
    groups: dict[tuple[str, str], dict[str, set[float]]] = {}
    for country, period, sex, age in rates:
        groups.setdefault((country, period), {name: set() for name in SEXES}).setdefault(sex, set()).add(age)
    for (country, period), found in groups.items():
        by_sex = [found[sex] for sex in SEXES]
        if by_sex[0] != by_sex[1] or len(by_sex[0]) < 2:
            faulty = f"{country} {period}"
            problems.append(
                Problem(name, faulty, "different age groups by sex", "the same two or more groups for both")
            )
    return rates, problems
