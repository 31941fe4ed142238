"""The evidence that a scenario stands on: its register, life table and real patients, and the files that they came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.former_names import known_instead
from simulator.evidence.hospitals import POPULATION, centre_draws, load_hospitals
from simulator.evidence.life_table import LifeTable, load_life_table
from simulator.evidence.reading import spelled
from simulator.evidence.register import Register, load_register, replacement
from simulator.evidence.reporting import FILE as REPORTING
from simulator.evidence.shipped import shipped
from simulator.evidence.wholes import too_much
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import patients_in
from simulator.rules.population.taking import at_most, fault_of
from simulator.scenario.economics import HALVES
from simulator.scenario.inheritance import (
    Layer,
    with_ancestors,
    written_in,
)
from simulator.scenario.settings import Settings
from simulator.words.errors import BadInput, Problem, Suggestions


def register_of(settings: Settings, layers: list[Layer], problems: list[Problem]) -> Register:
    """The register at the scenario's centre with its own values laid over it. Own counts are read by whoever can live them."""
    register, close = load_register(), Suggestions()
    for name, table in settings.therapies.items():
        file = written_in(layers, f"therapies.{name}")
        register = register.with_therapies({name: table}, file, problems)
    sound = {}
    for name, value in settings.parameters.items():
        key = f"parameters.{name}"
        file = written_in(layers, key)
        if name not in register:
            problems.append(Problem(file, key, repr(value), known_instead(name, register.names(), close)))
        elif own := replacement(register[name], value, file, key, problems):
            sound[name] = own
    centre, hospitals = settings.evidence.centre, load_hospitals()
    if centre in ("average", "new") and hospitals is not None:
        rows = centre_draws(hospitals, str(centre))
        middle = centre_draws(hospitals, "average")
        register = register.with_joint(rows, {name: float(values.mean()) for name, values in middle.items()})
    register = register.with_parameters(sound)
    for whole, total, _ in too_much(register.values()):
        file = written_in(layers, "parameters")
        problems.append(Problem(file, f"parameters.{whole.key}", f"{total[0]:g}", "at most 1 together"))
    return register


def life_table_of(settings: Settings, layers: list[Layer], problems: list[Problem]) -> LifeTable | None:
    """The life table of the scenario's country and period."""
    choice = settings.life_table
    try:
        return load_life_table(choice.country, choice.period)
    except BadInput as bad:
        file, value = written_in(layers, "life_table"), f"{choice.country} {choice.period}"
        problems.extend(Problem(file, "life_table", value, problem.allowed) for problem in bad.problems)
        return None


def given_patients(
    settings: Settings, layers: list[Layer], inputs: dict[str, bytes], problems: list[Problem]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Real patients, if the scenario has any."""
    place = settings.population.csv
    if place is not None:
        try:
            inputs[place] = inputs[place] if place in inputs else Path(place).read_bytes()
        except (OSError, ValueError):  # a name with a null character is a ValueError
            file = written_in(layers, "population.csv")
            problems.append(Problem(file, "population.csv", repr(place), "a CSV file at this place"))
        else:
            try:
                return patients_in(inputs[place], place)
            except BadInput as bad:
                problems.extend(bad.problems)
    return np.zeros((0, len(COLUMNS))), ()


def as_many_as_given(settings: Settings, rows: int, layers: list[Layer], problems: list[Problem]) -> Settings:
    """The settings with as many patients as a table has rows, unless the file that names it or a later one says how many.

    The same for the patients of an economic draw, but no more than are simulated without a table.
    """
    if not rows:
        return settings
    named = max(place for place, layer in enumerate(layers) if "csv" in layer.table.get("population", {}))
    later = [layer.table for layer in layers[named:]]
    population, economics = settings.population, settings.economics
    if not any("patients" in table.get("population", {}) for table in later):
        settings = settings.model_copy(update={"population": population.model_copy(update={"patients": rows})})
    elif allowed := fault_of(population.patients, rows):
        file = written_in(layers, "population.patients")
        problems.append(Problem(file, "population.patients", str(population.patients), allowed))
    half, odd = divmod(economics.patients, HALVES)
    if not any("patients" in table.get("economics", {}) for table in later):
        fewer = economics.model_copy(update={"patients": HALVES * at_most(half, rows)})
        settings = settings.model_copy(update={"economics": fewer})
    elif odd or fault_of(half, rows):
        allowed = f"{fault_of(half, rows) or 'an even number'}; this in each of the {HALVES} halves of a draw"
        problems.append(
            Problem(written_in(layers, "economics.patients"), "economics.patients", str(economics.patients), allowed)
        )
    return settings


def files_read(settings: Settings, layers: list[Layer], known: Mapping[str, Layer]) -> dict[str, bytes]:
    """What was read, by the name that a reader knows: scenario files, policies compared, and the evidence."""
    files = {layer.name: layer.content for layer in layers if layer.content}
    tables = {name: layer.table for name, layer in known.items()} | {
        name: policy.model_dump(exclude_unset=True) for name, policy in settings.policies.items()
    }
    for name in settings.compare:
        for ancestor in with_ancestors(name, tables):
            if ancestor in known:
                files[known[ancestor].name] = known[ancestor].content
    root = shipped("calibration")
    for file in (
        *sorted((root / "register").glob("*.toml")),
        *sorted((root / "therapies").glob("*.toml")),
        root / "fitted.toml",
        root / "life_tables.csv",
        root / POPULATION,
        root / REPORTING,
    ):
        if file.is_file():
            files[spelled(file, root)] = file.read_bytes()
    return files
