"""The tutorial's made-up export, a line a visit, whose truth is known. Nobody in it exists."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping

import numpy as np

from simulator.evidence.reporting import divided, division
from simulator.questions.registry.export.dates import EPOCH
from simulator.questions.registry.synthetic.truth import Truth, lived
from simulator.scenario import load_scenario
from simulator.words.vocabulary import DAYS_PER_YEAR

Line = dict[str, str]


def dated(truth: Truth, k: int, after: float, style: str) -> str:
    """A date as a registry writes it; empty for an event that did not come."""
    if np.isnan(after):
        return ""
    return datetime.date.fromordinal(int(truth.start[k] + after) + EPOCH).strftime(style)


def decimal(value: float, comma: bool, digits: int = 1) -> str:
    """A number as it is written where decimals follow a comma or a point."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if comma else text


def usual(truth: Truth, k: int, style: str, comma: bool, words: Mapping[str, str]) -> Line:
    """One person in one line, under the names of the model."""
    return {
        "patient_id": truth.identifier[k],
        "index_date": dated(truth, k, 0.0, style),
        "age": decimal(truth.age[k], comma, 2),
        "sex": words["male"] if truth.male[k] else words["female"],
        "tcpo2": decimal(truth.tcpo2[k], comma),
        "rutherford": str(truth.rutherford[k]),
        "creatinine": decimal(truth.creatinine[k], comma, 0),
        "dialysis": words["yes"] if truth.dialysis[k] else words["no"],
        "side": words["right"] if truth.right[k] else words["left"],
        "infection": words["yes"] if truth.infection[k] else words["no"],
        "major_amputation_date": dated(truth, k, truth.amputated[k], style),
        "date_of_death": dated(truth, k, truth.died[k], style),
        "healing_date": dated(truth, k, truth.healed[k], style),
        "last_contact": dated(truth, k, truth.followed[k], style),
    }


ENGLISH = {"male": "M", "female": "F", "yes": "yes", "no": "no", "right": "right", "left": "left"}


def renamed(lines: list[Line], names: Mapping[str, str]) -> list[Line]:
    """The same lines under other names of columns."""
    return [{names.get(name, name): cell for name, cell in line.items()} for line in lines]


def separated(lines: list[Line], delimiter: str) -> str:
    """Lines as a file has them, names first."""
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(lines[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return written.getvalue()


def visits(truth: Truth) -> bytes:
    """A line a visit, at the start, a quarter and a year later and at the end; what has come by a visit stands in its line."""
    names = {
        "patient_id": "Patient no", "index_date": "Visit date", "age": "Age", "sex": "Sex", "tcpo2": "TcPO2 (mmHg)",
        "rutherford": "Rutherford", "creatinine": "Creatinine (µmol/l)", "dialysis": "Dialysis", "side": "Side",
        "infection": "Infection", "major_amputation_date": "Date of amputation", "date_of_death": "Date of death",
        "healing_date": "Date healed", "last_contact": "Last contact",
    }  # fmt: skip
    words = {**ENGLISH, "male": "1", "female": "2"}
    lines = []
    for k in range(len(truth)):
        line = usual(truth, k, "%d/%m/%Y", True, words)
        days = [day for day in (0.0, *divided("made_up_visits")) if day < truth.followed[k]]
        for place, day in enumerate(days):
            here = {**line, "index_date": dated(truth, k, day, "%d/%m/%Y")}
            here["age"] = decimal(truth.age[k] + day / DAYS_PER_YEAR, True, 2)
            here["tcpo2"] = decimal(truth.tcpo2[k] + division("made_up_rise") * place, True)
            if place + 1 < len(days):
                here["last_contact"] = here["index_date"]
                for name, when in (
                    ("major_amputation_date", truth.amputated[k]),
                    ("date_of_death", truth.died[k]),
                    ("healing_date", truth.healed[k]),
                ):
                    here[name] = here[name] if when <= day else ""
            lines.append(here)
    return separated(renamed(lines, names), ";").encode()


TUTORIAL_PEOPLE = 320
TUTORIAL_HOSPITAL = {"amputation": 0.6, "healing": 0.0, "death": -0.3}
"""Where the hospital of the tutorial lies: made up, and what its own people have to tell."""


def tutorial() -> bytes:
    """The export of a hospital with known offsets, a line a visit: its people live the model's own lives."""
    scenario = load_scenario("base").with_(evidence={"centre": "founding"})
    return visits(lived(scenario, TUTORIAL_HOSPITAL, TUTORIAL_PEOPLE))
