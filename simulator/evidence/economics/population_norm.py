"""Utility of the general population by age and sex, which the utilities of states follow with age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator

from simulator.evidence.parameter import Grade, as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import Label

Numbers = Annotated[tuple[float, ...], BeforeValidator(as_tuple)]


class Polynomial(Frozen):
    """Coefficients of u = constant + male + age * years + age_squared * years squared, and male_age * years in men."""

    constant: float
    male: float
    age: float
    age_squared: float
    male_age: float = 0.0


class Ratio(Frozen):
    """A ratio to another norm that runs in a straight line between two ages and is held beyond them."""

    from_age: float
    to_age: float
    from_male: float
    to_male: float
    from_female: float
    to_female: float


class Ages(Frozen):
    """Means by age, men and women, with straight lines between and held beyond."""

    age: Numbers
    male: Numbers
    female: Numbers


class Norm(Frozen):
    """A norm as its file writes it: a polynomial or a table of its own, or another norm, with or without a ratio.

    `instrument` names the questionnaire and the value set; `value_set` is 3L or 5L, empty where that was not told.
    `alternative_to` names the norm whose place it can take.
    """

    label: Label
    instrument: str
    value_set: Literal["", "3L", "5L"] = ""
    alternative_to: str = ""
    coefficients: Polynomial | None = None
    ages: Ages | None = None
    based_on: str = ""
    ratio: Ratio | None = None
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    grade: Grade
    note: str


@dataclass(frozen=True)
class PopulationNorm:
    """Mean utility of a country's population by age and sex."""

    country: str
    polynomial: Polynomial | None
    ratio: Ratio | None
    ages: Ages | None = None
    label: str = ""
    instrument: str = ""
    value_set: str = ""
    source: tuple[str, ...] = ()
    grade: str = ""
    note: str = ""

    def at(self, age: float, male: bool) -> float:
        """Mean utility at an age in years."""
        if self.ages is not None:
            return float(np.interp(age, self.ages.age, self.ages.male if male else self.ages.female))
        c = self.polynomial
        assert c is not None
        base = c.constant + c.male * male + (c.age + c.male_age * male) * age + c.age_squared * age**2
        if self.ratio is None:
            return base
        r = self.ratio
        start, stop = (r.from_male, r.to_male) if male else (r.from_female, r.to_female)
        share = min(1.0, max(0.0, (age - r.from_age) / (r.to_age - r.from_age)))
        return base * (start + share * (stop - start))


def load_population_norm(country: str = "Italy", path: Path | None = None) -> PopulationNorm:
    """The norm of a country from `economics/population_norms.toml` (default folder: the shipped calibration).

    Raises BadInput with every fault of the file, and for a country that it does not have.
    """
    root = path or shipped("calibration")
    file = root / "economics" / "population_norms.toml"
    shown = spelled(file, root)
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    tables = read_toml(file, shown, problems)
    norms = {key: norm for key, table in tables.items() if (norm := checked(Norm, table, shown, key, problems))}
    for key, norm in norms.items():
        problems += _faults(key, norm, norms, sources, shown)
    if not problems and country not in norms:
        problems.append(Problem(shown, "country", repr(country), nearest(country, norms)))
    if problems:
        raise BadInput(problems)
    norm = norms[country]
    own = norm if norm.coefficients or norm.ages else norms[norm.based_on]
    told = {key: getattr(norm, key) for key in ("label", "instrument", "value_set", "grade", "note")}
    # A norm that stands on another rests on what is behind both.
    cited = tuple(dict.fromkeys((*norm.source, *own.source)))
    return PopulationNorm(country, own.coefficients, norm.ratio, own.ages, source=cited, **told)


def alternatives_to(name: str, path: Path | None = None) -> tuple[str, ...]:
    """Names of the norms that can take the place of another by the same value set: other instruments of the same people."""
    tables = _tables(path)
    same = tables.get(name, {}).get("value_set")
    return tuple(key for key in _alternatives(name, tables) if tables[key].get("value_set") == same)


def norm_by(value_set: str, name: str, path: Path | None = None) -> str | None:
    """The name of a norm, or of its alternative by a value set; None where it has none."""
    tables = _tables(path)
    found = (key for key in (name, *_alternatives(name, tables)) if tables.get(key, {}).get("value_set") == value_set)
    return next(found, None)


def _tables(path: Path | None) -> dict[str, Any]:
    root = path or shipped("calibration")
    file = root / "economics" / "population_norms.toml"
    return read_toml(file, spelled(file, root), [])


def _alternatives(name: str, tables: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key, table in tables.items() if table.get("alternative_to") == name)


def _faults(key: str, norm: Norm, norms: Mapping[str, Norm], sources: Mapping[str, object], file: str) -> list[Problem]:
    problems = [
        Problem(file, f"{key}.source", repr(source), f"a key of sources.toml; {nearest(source, sources)}")
        for source in norm.source
        if source not in sources
    ]
    own = [name for name, other in norms.items() if other.coefficients is not None or other.ages is not None]
    if norm.ages is not None and len({len(norm.ages.age), len(norm.ages.male), len(norm.ages.female)}) > 1:
        problems.append(
            Problem(file, f"{key}.ages", "lists of different lengths", "a mean of men and women for each age")
        )
    if norm.alternative_to and norm.alternative_to not in norms:
        allowed = nearest(norm.alternative_to, norms)
        problems.append(Problem(file, f"{key}.alternative_to", repr(norm.alternative_to), allowed))
    if norm.coefficients is None and norm.ages is None and norm.based_on not in own:
        problems.append(Problem(file, f"{key}.based_on", repr(norm.based_on), nearest(norm.based_on, own)))
    elif norm.ratio is not None and norms.get(norm.based_on, norm).ages is not None:
        problems.append(Problem(file, f"{key}.ratio", "given", "a ratio to a norm with coefficients"))
    return problems
