"""A payer's view: currency, price year, discount rates, thresholds and unit costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import Fixed, Grade, Parameter, as_tuple, read_parameter
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.register import Register, outside_range
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.evidence.unchanged import while_unchanged
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import Label

Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]

MULTIPLIERS = ("ratio", "share", "hours", "hours per week", "per year")
"""Units of what prices are multiplied by; every other unit of a price starts with the currency."""

TEMPLATE = "template"
"""The file that holds label, unit and range of every price; what it leaves blank is what a gap leaves blank."""
EVERYWHERE = "everywhere"
"""The file of multipliers that are alike for every payer that has none of its own."""
APART = ("utilities", "value_sets", "population_norms", "severity", "impact_inventory")
NOT_PERSPECTIVES = (TEMPLATE, EVERYWHERE, *APART)


class Payer(Frozen):
    """Who pays, in which money of which year, and whose population norm scales utilities.

    `value_set` names the value sets by which the country values answers to the EQ-5D; utility sets need not follow them.
    `bears_institutional_care` and `bears_informal_care` say whether the payer's own costs hold institutional care and the hours
    of unpaid carers, where a scenario does not say. `weak` holds sentences on what is weak about its prices and its view.
    """

    label: Label
    country: str
    population_norm: str
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    price_year: int
    value_set: str = ""
    bears_institutional_care: bool = False
    bears_informal_care: bool = False
    weak: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()


class Evidence(Frozen):
    """Where a convention or an alternative comes from."""

    source: Names
    grade: Grade
    note: str


class Discount(Evidence):
    """Discount rates per year; those of a payer whose rates fall later hold `until_year` after referral."""

    costs: Annotated[float, Field(ge=0, le=1)]
    effects: Annotated[float, Field(ge=0, le=1)]
    until_year: Annotated[float, Field(gt=0)] | None = None


class Threshold(Evidence):
    """What a payer is taken to give for a quality-adjusted life-year."""

    label: Label
    value: Annotated[float, Field(gt=0)]
    unit: str


class WoundCosting(Frozen):
    """One of the ways in which an open wound is priced, and the prices that only it uses."""

    label: Label
    prices: Names


class OutsidePayer(Frozen):
    """Prices that the strict payer does not bear."""

    prices: Names


class Alternative(Evidence):
    """A structural alternative: other values of some prices."""

    label: Label
    values: dict[str, float]


class Conventions(Frozen):
    """Everything in a perspective's file but its prices.

    Prices and conventions that the file leaves out are those of the payer that it is `based_on`. Without `thresholds` the payer
    has none. `gaps` says of each price that is missing what was looked for.
    """

    based_on: str | None = None
    perspective: Payer
    discount: Discount
    thresholds: Annotated[tuple[Threshold, ...], BeforeValidator(as_tuple)]
    wound_costing: dict[str, WoundCosting]
    outside_payer: OutsidePayer
    alternatives: Annotated[dict[str, Alternative], Field(default_factory=dict)]
    gaps: Annotated[dict[str, str], Field(default_factory=dict)]


@dataclass(frozen=True)
class Perspective:
    """The conventions and the unit costs of one payer. `prices` is a register of its own; `bases`: payers that it is based on."""

    name: str
    conventions: Conventions
    prices: Register
    bases: tuple[str, ...] = ()

    @property
    def currency(self) -> str:
        """Three letters."""
        return self.conventions.perspective.currency

    def price_names(self, wound_costing: str, strict_payer: bool = True) -> tuple[str, ...]:
        """Prices in force under one way of costing wounds; the strict payer leaves out what others bear.

        Raises BadInput for an unknown way.
        """
        ways = self.conventions.wound_costing
        if wound_costing not in ways:
            raise BadInput([Problem(self.name, "wound_costing", repr(wound_costing), nearest(wound_costing, ways))])
        left_out = {name for way, costing in ways.items() if way != wound_costing for name in costing.prices}
        if strict_payer:
            left_out |= set(self.conventions.outside_payer.prices)
        return tuple(name for name in self.prices.names() if name not in left_out)

    @property
    def gaps(self) -> Mapping[str, str]:
        """Prices that are not known, and what was looked for."""
        return {name: note for name, note in self.conventions.gaps.items() if name not in self.prices}

    def with_gaps_open(self, names: Collection[str], path: Path | None = None) -> Perspective:
        """The perspective with a blank price of 0 for each of these gaps, to be replaced by a user's own number."""
        blanks = _blank_prices(path or shipped("calibration"), self.currency)
        more = tuple(
            Parameter(
                label=str(blanks[name]["label"]),
                unit=str(blanks[name]["unit"]),
                range=(blanks[name]["range"][0], blanks[name]["range"][1]),
                distribution=Fixed(),
                source=(),
                grade="assumption",
                note=self.gaps[name],
                name=name,
                group=f"prices {self.name}",
                value=blanks[name]["range"][0],
                centre=blanks[name]["range"][0],
            )
            for name in self.gaps
            if name in names
        )
        return replace(self, prices=Register(self.prices.parameters + more, self.prices.sources))

    def with_alternative(self, name: str) -> Perspective:
        """The perspective under a structural alternative, whose prices do not vary.

        Raises BadInput for an unknown alternative.
        """
        known = self.conventions.alternatives
        if name not in known:
            raise BadInput([Problem(self.name, "alternative", repr(name), nearest(name, known))])
        return replace(self, prices=self.prices.with_values(known[name].values))


def perspectives(path: Path | None = None) -> tuple[str, ...]:
    """Names of the perspectives in the folder `path` (default: the shipped calibration)."""
    files = ((path or shipped("calibration")) / "economics").glob("*.toml")
    return tuple(sorted(file.stem for file in files if file.stem not in NOT_PERSPECTIVES))


def load_perspective(name: str = "italy", path: Path | None = None) -> Perspective:
    """The perspective `economics/NAME.toml` of the folder `path` (default: the shipped calibration).

    `name` may also be a path ending in `.toml`, for a payer of one's own. Raises BadInput with every fault.
    """
    root = path or shipped("calibration")
    own = name.endswith(".toml")
    if not own and name not in perspectives(root):
        raise BadInput([Problem("perspective", "name", repr(name), nearest(name, perspectives(root)))])
    file = Path(name) if own else root / "economics" / f"{name}.toml"
    # Every file of the folder, because a payer may be based on another, and gaps have the template's names.
    files = [root / "sources.toml", *sorted((root / "economics").glob("*.toml")), file]
    return while_unchanged(
        f"perspective {name}", root, files, lambda: _read(root, file, name if own else spelled(file, root))
    )


def _read(root: Path, file: Path, shown: str) -> Perspective:
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    layers = _layers(root, file, shown, problems)
    if problems:
        raise BadInput(problems)
    tables = _merged(layers)
    priced = tables.pop("prices", None)
    prices = priced if isinstance(priced, dict) else {}
    if not prices and not tables.get("gaps"):
        problems.append(Problem(shown, "prices", repr(priced), "one [prices.NAME] table for each price"))
    conventions = checked(Conventions, tables, shown, "", problems)
    # Prices of another payer's file stay that payer's.
    of = {price: layer for layer in layers for price in layer.prices}
    parameters = [
        read_parameter(p, f"prices {of[p].file.stem}", t, sources, of[p].shown, f"prices.{p}", problems)
        for p, t in prices.items()
    ]
    shared = read_toml(root / "economics" / f"{EVERYWHERE}.toml", EVERYWHERE, problems).get("prices", {})
    parameters += [
        read_parameter(p, f"prices {EVERYWHERE}", t, sources, EVERYWHERE, f"prices.{p}", problems)
        for p, t in shared.items()
        if p not in prices
    ]
    register = Register(tuple(p for p in parameters if p), sources)
    if conventions is not None:
        blank = _blank_prices(root, conventions.perspective.currency) if conventions.gaps else {}
        problems += [Problem(shown, *fault) for fault in _faults(conventions, register, prices, sources, blank)]
    if problems or conventions is None:
        raise BadInput(problems)
    return Perspective(file.stem, conventions, register, tuple(layer.file.stem for layer in layers[:-1]))


@dataclass(frozen=True)
class _Layer:
    """A payer's own file: its path, its name in messages, and its tables."""

    file: Path
    shown: str
    tables: dict[str, Any]

    @property
    def prices(self) -> dict[str, Any]:
        """The tables of its prices; a key that is no table has none."""
        found = self.tables.get("prices")
        return found if isinstance(found, dict) else {}


def _layers(root: Path, file: Path, shown: str, problems: list[Problem], above: tuple[Path, ...] = ()) -> list[_Layer]:
    """A payer's file after those of the payers that it is `based_on`."""
    own = _Layer(file, shown, read_toml(file, shown, problems))
    base = own.tables.get("based_on")
    if base is None:
        return [own]
    files = {name: root / "economics" / f"{name}.toml" for name in perspectives(root)}
    known = [name for name, each in files.items() if each not in (file, *above)]
    if base not in known:
        problems.append(Problem(shown, "based_on", repr(base), nearest(str(base), known)))
        return [own]
    return [*_layers(root, files[base], spelled(files[base], root), problems, (*above, file)), own]


def _merged(layers: Sequence[_Layer]) -> dict[str, Any]:
    """The tables of files laid over each other; a price closes the gap that a file below left."""
    tables: dict[str, Any] = {}
    for layer in layers:
        if isinstance(gaps := tables.get("gaps"), dict):
            tables["gaps"] = {name: note for name, note in gaps.items() if name not in layer.prices}
        tables |= {key: _over(tables.get(key), value) for key, value in layer.tables.items()}
    return tables


def _over(below: object, value: object) -> object:
    """A table laid over another, key by key; anything else replaces it."""
    return below | value if isinstance(below, dict) and isinstance(value, dict) else value


def _blank_prices(root: Path, currency: str) -> dict[str, dict[str, Any]]:
    """Label, unit and range of every price, from the template, in a currency."""
    problems: list[Problem] = []
    table = read_toml(root / "economics" / f"{TEMPLATE}.toml", TEMPLATE, problems)
    if problems:
        raise BadInput(problems)
    return {
        name: {**each, "unit": each["unit"].replace("{currency}", currency)} for name, each in table["prices"].items()
    }


def _faults(
    conventions: Conventions,
    register: Register,
    priced: Collection[str],
    sources: Mapping[str, object],
    blank: Collection[str],
) -> Iterator[tuple[str, str, str]]:
    """What no table can tell alone: money of another currency, and names that nothing defines."""
    for name in conventions.gaps:
        if name not in blank:
            yield f"gaps.{name}", "no price", nearest(name, blank)
        elif name in priced:
            yield f"gaps.{name}", "priced too", "either a price or a gap"
    currency = conventions.perspective.currency
    for price in register.parameters:
        if not price.unit.startswith(f"{currency} ") and price.unit not in MULTIPLIERS:
            yield f"prices.{price.name}.unit", repr(price.unit), f"{currency} per ..., or {', '.join(MULTIPLIERS)}"
    for i, threshold in enumerate(conventions.thresholds):
        if threshold.unit != f"{currency} per QALY":
            yield f"thresholds[{i + 1}].unit", repr(threshold.unit), f"{currency} per QALY"
    used = {f"wound_costing.{way}.prices": costing.prices for way, costing in conventions.wound_costing.items()}
    used["outside_payer.prices"] = conventions.outside_payer.prices
    for key, names in used.items():
        for name in names:
            if name not in priced and name not in conventions.gaps:
                yield key, repr(name), nearest(name, priced)
    for key, alternative in conventions.alternatives.items():
        for name, value in alternative.values.items():
            if name not in priced:
                yield f"alternatives.{key}.values", repr(name), nearest(name, priced)
            elif name in register:
                for problem in outside_range(register[name], value, "", f"alternatives.{key}.values.{name}"):
                    yield problem.key, problem.value, problem.allowed
    cited: dict[str, Evidence] = {"discount": conventions.discount}
    cited |= {f"thresholds[{i + 1}]": threshold for i, threshold in enumerate(conventions.thresholds)}
    cited |= {f"alternatives.{key}": alternative for key, alternative in conventions.alternatives.items()}
    for key, evidence in cited.items():
        for source in evidence.source:
            if source not in sources:
                yield f"{key}.source", repr(source), f"a key of sources.toml; {nearest(source, sources)}"
