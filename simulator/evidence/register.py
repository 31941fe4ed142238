"""The evidence register: every number about patients, care and outcomes that the engines read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.former_names import known_instead
from simulator.evidence.parameter import Fixed, Normal, Parameter, read_distribution, read_parameter
from simulator.evidence.reading import MISSING, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import Source, read_sources
from simulator.evidence.therapies.therapy import GROUP, MOST_THERAPIES, Therapy, read_therapy
from simulator.evidence.unchanged import while_unchanged
from simulator.records import Record, record_at
from simulator.words.errors import BadInput, Problem, nearest

FITTED = "fitted.toml"
OWN_KEYS = ("value", "distribution")
"""What a user's own number may say of itself."""


@dataclass(frozen=True)
class Register:
    """Parameters in a fixed order (by file, then as written), with the sources they cite.

    The register that engines read holds clinical groups only. The prices of a payer and a set of utilities are
    registers of their own, so money never reaches an engine's record.
    """

    parameters: tuple[Parameter, ...]
    sources: Mapping[str, Source]
    therapies: Mapping[str, Therapy] = field(default_factory=dict)
    joint: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Joint draws of parameters that do not vary one by one, by name, each of shape (rows,)."""

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(f"no parameter {name!r}; {known_instead(name, self._by_name)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self.parameters)

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(dict.fromkeys(parameter.group for parameter in self.parameters))

    def names(self, group: str | None = None) -> tuple[str, ...]:
        """Names of the parameters of a group (default: of all), in order."""
        return self._names if group is None else tuple(p.name for p in self.parameters if p.group == group)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    def values(self) -> dict[str, float]:
        """The number in force of each parameter."""
        return {parameter.name: parameter.value for parameter in self.parameters}

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """One float64 field per parameter, in order; its scalars give a field by attribute too."""
        return np.dtype((Record, [(parameter.name, np.float64) for parameter in self.parameters]))

    def record(self, overrides: Mapping[str, float] | None = None) -> Any:
        """The numbers in force as one scalar of `dtype`, some replaced by `overrides`.

        Raises BadInput for unknown names and values outside their range.
        """
        numbers = self.values()
        if overrides:
            self._raise_for(overrides)
            numbers |= {name: float(value) for name, value in overrides.items()}
        return record_at(np.array([tuple(numbers.values())], dtype=self.dtype), 0)

    def with_values(self, values: Mapping[str, float]) -> Register:
        """The register with some numbers replaced by a user's.

        A replaced number is fixed in every draw and graded an assumption, because the file's distribution,
        source and grade were about another number.

        Raises BadInput for unknown names and values outside their range.
        """
        self._raise_for(values)
        return Register(
            tuple(_replaced(p, float(values[p.name])) if p.name in values else p for p in self.parameters),
            self.sources,
            self.therapies,
            {name: rows for name, rows in self.joint.items() if name not in values},
        )

    def with_joint(self, draws: Mapping[str, NDArray[np.float64]], values: Mapping[str, float]) -> Register:
        """The register with parameters drawn jointly from rows; those in `values` have these values and a normal margin."""

        def moved(parameter: Parameter) -> Parameter:
            sd = float(draws[parameter.name].std())
            law = Normal(kind="normal", sd=sd) if sd > 0.0 else Fixed()
            value = float(values[parameter.name])
            return parameter.model_copy(update={"value": value, "centre": value, "distribution": law})

        return Register(
            tuple(moved(p) if p.name in values else p for p in self.parameters),
            self.sources,
            self.therapies,
            {**self.joint, **draws},
        )

    @cached_property
    def of_therapies(self) -> frozenset[str]:
        """Names of the parameters that say what therapies do."""
        return frozenset(parameter.name for parameter in self.parameters if parameter.group == GROUP)

    def with_therapies(self, tables: Mapping[str, object], file: str, problems: list[Problem]) -> Register:
        """The register with a user's own therapies, `tables` by name; what is wrong with them is appended to `problems`."""
        return _with_therapies(
            self, {name: (file, f"therapies.{name}", table) for name, table in tables.items()}, problems
        )

    def with_parameters(self, own: Mapping[str, Parameter]) -> Register:
        """The register with some parameters replaced by others of the same names; see `replacement`."""
        parameters = tuple(own.get(p.name, p) for p in self.parameters)
        joint = {name: rows for name, rows in self.joint.items() if name not in own}
        return Register(parameters, self.sources, self.therapies, joint)

    def citations(self, name: str) -> str:
        """The sources of a parameter, one line each joined by semicolons."""
        return "; ".join(self.sources[key].citation for key in self[name].source)

    def hash(self) -> str:
        """SHA-256 of everything the parameters say, for manifests."""
        return self._hash

    @cached_property
    def _hash(self) -> str:
        content = json.dumps([p.model_dump(mode="json") for p in self.parameters], sort_keys=True)
        whole = hashlib.sha256(content.encode())
        for name, rows in sorted(self.joint.items()):
            whole.update(name.encode() + np.ascontiguousarray(rows).tobytes())
        return whole.hexdigest()

    def _raise_for(self, values: Mapping[str, float]) -> None:
        problems: list[Problem] = []
        for name, value in values.items():
            if name not in self:
                problems.append(Problem("overrides", name, repr(value), known_instead(name, self.names())))
            else:
                problems.extend(outside_range(self[name], value, "overrides", name))
        if problems:
            raise BadInput(problems)


def load_register(path: Path | None = None, overrides: Mapping[str, float] | None = None) -> Register:
    """The clinical register from `path/register/*.toml`, with `path/fitted.toml` and then `overrides` laid over it.

    `path` is a folder like the shipped `calibration`, which is the default. Each file is a group and each of its
    tables a parameter. When `fitted.toml` is there, it gives the value of every parameter marked `fitted`.

    Raises BadInput with every fault of every file.
    """
    root = path or shipped("calibration")
    # Every file of the folder, so that none that a reader comes to read is forgotten here.
    register = while_unchanged("register", root, sorted(root.rglob("*.toml")), lambda: _read_register(root))
    return register.with_values(overrides) if overrides else register


def _read_register(root: Path) -> Register:
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    tables = _tables(root, problems)
    parameters = [
        parameter
        for name, (file, table) in tables.items()
        if (parameter := read_parameter(name, Path(file).stem, table, sources, file, name, problems))
    ]
    if (root / FITTED).is_file():
        marked = {
            name for name, (_, table) in tables.items() if isinstance(table, dict) and table.get("fitted") is True
        }
        parameters = _fitted(parameters, marked, root, problems)
    register = _with_therapies(Register(tuple(parameters), sources), _therapy_files(root, problems), problems)
    if problems:
        raise BadInput(problems)
    return register


def _therapy_files(root: Path, problems: list[Problem]) -> dict[str, tuple[str, str, object]]:
    """File, key and table of each therapy in `root/therapies`, by name."""
    files = {file.stem: (file, spelled(file, root)) for file in sorted((root / "therapies").glob("*.toml"))}
    return {name: (called, "", read_toml(file, called, problems)) for name, (file, called) in files.items()}


def _with_therapies(
    register: Register, tables: Mapping[str, tuple[str, str, object]], problems: list[Problem]
) -> Register:
    """The register with therapies and their numbers, from the file, key and table of each."""
    therapies, parameters = dict(register.therapies), list(register.parameters)
    sources, taken = dict(register.sources), {parameter.name: parameter.group for parameter in register.parameters}
    for name, (file, key, table) in tables.items():
        if name in therapies:
            allowed = f"another name, because {name!r} is shipped; policies can name that"
            problems.append(Problem(file, key, "taken", allowed))
            continue
        read = read_therapy(name, table, sources, file, key, problems)
        if read is None:
            continue
        therapy, numbers = read
        for number in numbers:
            if number.name in taken:
                where = next(k for k, called in therapy.names.items() if called == number.name)
                allowed = f"a name that no other parameter has ({taken[number.name]} has it)"
                problems.append(Problem(file, f"{key}.numbers.{where}".strip("."), repr(number.name), allowed))
            taken[number.name] = name
        therapies[name] = therapy
        if len(therapies) == MOST_THERAPIES + 1:
            problems.append(Problem(file, key, "one too many", f"at most {MOST_THERAPIES}, with those shipped"))
        sources |= therapy.record.sources
        parameters += numbers
    return Register(tuple(parameters), sources, therapies, register.joint)


def _tables(root: Path, problems: list[Problem]) -> dict[str, tuple[str, object]]:
    """Name of each parameter to its file and its table as written."""
    files = sorted((root / "register").glob("*.toml"))
    if not files:
        problems.append(Problem(spelled(root / "register", root), "files", "none", "one TOML file per group"))
    found: dict[str, tuple[str, object]] = {}
    for file in files:
        name = spelled(file, root)
        for key, table in read_toml(file, name, problems).items():
            if key in found:
                problems.append(Problem(name, key, "second definition", f"once; {found[key][0]} has it already"))
            else:
                found[key] = (name, table)
    return found


def _fitted(parameters: list[Parameter], marked: set[str], root: Path, problems: list[Problem]) -> list[Parameter]:
    """The parameters with the fitted values in place of the register's own where it marks them as fitted."""
    name = spelled(root / FITTED, root)
    tables = read_toml(root / FITTED, name, problems)
    for key in sorted(tables.keys() - {"provenance", "values"}):
        problems.append(Problem(name, key, "unknown table", nearest(key, ("provenance", "values"))))
    values = tables.get("values")
    if not isinstance(values, dict):
        problems.append(Problem(name, "values", MISSING if values is None else repr(values), "a table of numbers"))
        return parameters
    for key in sorted(values.keys() - marked):
        allowed = nearest(key, marked) if marked else "nothing: no parameter of the register is marked fitted"
        problems.append(Problem(name, f"values.{key}", repr(values[key]), allowed))
    for key in sorted(marked - values.keys()):
        problems.append(Problem(name, f"values.{key}", MISSING, "required: the register marks it as fitted"))
    overlaid = []
    for parameter in parameters:
        fitted = values.get(parameter.name, parameter.value) if parameter.fitted else parameter.value
        faults = outside_range(parameter, fitted, name, f"values.{parameter.name}")
        problems.extend(faults)
        overlaid.append(parameter if faults else parameter.model_copy(update={"value": float(fitted)}))
    return overlaid


def outside_range(parameter: Parameter, value: object, file: str, key: str) -> list[Problem]:
    """The fault of a value that the parameter cannot have; nothing if it can."""
    low, high = parameter.range
    is_number = isinstance(value, int | float | np.floating | np.integer) and not isinstance(value, bool)
    if is_number and low <= float(value) <= high and np.isfinite(float(value)):  # type: ignore[arg-type]
        return []
    return [Problem(file, key, repr(value), f"a number, {low:g} to {high:g}")]


def replacement(
    parameter: Parameter, written: object, file: str, key: str, problems: list[Problem]
) -> Parameter | None:
    """A parameter with a user's number in its place, or None with all faults appended to `problems`.

    `written` is a number, which is fixed in every draw, or a table of a `value` and its `distribution`, as the register's
    own files write them.
    """
    if not isinstance(written, Mapping):
        faults = outside_range(parameter, written, file, key)
        problems.extend(faults)
        return None if faults else _replaced(parameter, float(written))  # type: ignore[arg-type]
    before = len(problems)
    problems.extend(
        Problem(file, f"{key}.{name}", repr(written[name]), nearest(name, OWN_KEYS))
        for name in written
        if name not in OWN_KEYS
    )
    problems.extend(Problem(file, f"{key}.{name}", MISSING, "required") for name in OWN_KEYS if name not in written)
    distribution = None
    if "value" in written:
        problems.extend(outside_range(parameter, written["value"], file, f"{key}.value"))
    if "distribution" in written:
        distribution = read_distribution(written["distribution"], file, f"{key}.distribution", problems)
    if len(problems) > before or distribution is None:
        return None
    found = _replaced(parameter, float(written["value"])).model_copy(update={"distribution": distribution})
    problems.extend(Problem(file, f"{key}.{part}", repr(value), allowed) for part, value, allowed in found.faults())
    return None if len(problems) > before else found


def _replaced(parameter: Parameter, value: float) -> Parameter:
    note = f"Set by the user in place of {parameter.value:g} ({parameter.grade})."
    return parameter.model_copy(
        update={
            "value": value,
            "centre": value,
            "distribution": Fixed(),
            "source": (),
            "grade": "assumption",
            "note": note,
            "fitted": False,
        }
    )
