"""Made-up exports with known truth, in the shapes and with the mess of real registries: for tests and the tutorial.

The same people are written in every shape, so that each must be read to the same patients. Nobody in them exists.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.questions.registry.baseline import ckd_epi
from simulator.questions.registry.dates import EPOCH
from simulator.questions.registry.fields import UMOL

Line = dict[str, str]


@dataclass(frozen=True, eq=False)
class Truth:
    """The people behind an export, a value each: years, mmHg, classes, days from the start (NaN if it did not come)."""

    identifier: tuple[str, ...]
    start: NDArray[np.int64]
    age: NDArray[np.float64]
    male: NDArray[np.bool_]
    tcpo2: NDArray[np.float64]
    rutherford: NDArray[np.int64]
    creatinine: NDArray[np.float64]
    dialysis: NDArray[np.bool_]
    right: NDArray[np.bool_]
    infection: NDArray[np.bool_]
    amputated: NDArray[np.float64]
    died: NDArray[np.float64]
    healed: NDArray[np.float64]
    followed: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.age)


def made_up(n: int, seed: int = 1, hazards: tuple[float, float, float] = (0.25, 0.35, 0.7)) -> Truth:
    """`n` people whose limbs are lost, lives end and wounds heal at constant `hazards` a year, followed for up to three years."""
    rng = np.random.Generator(np.random.Philox(seed))
    amputated, died, healed = (365.25 * rng.exponential(1.0 / rate, n) for rate in hazards)
    end = rng.uniform(120.0, 3.0 * 365.25, n)
    followed = np.ceil(np.minimum(end, died))
    lost = np.where(amputated < followed, np.ceil(amputated), np.nan)
    closed = np.where((healed < followed) & ~(amputated < healed), np.ceil(healed), np.nan)
    rutherford = rng.choice([4, 5, 6], n, p=[0.15, 0.65, 0.20])
    return Truth(
        identifier=tuple(f"PX{1_000_000 + 37 * k}" for k in range(n)),
        start=np.asarray(datetime.date(2017, 1, 1).toordinal() - EPOCH + rng.integers(0, 5 * 365, n), np.int64),
        age=np.round(rng.normal(73.0, 9.0, n).clip(45.0, 95.0), 2),
        male=rng.random(n) < 0.68,
        tcpo2=np.round(rng.normal(21.0, 9.0, n).clip(1.0, 55.0), 1),
        rutherford=np.asarray(rutherford, np.int64),
        creatinine=np.round(rng.lognormal(np.log(110.0), 0.5, n), 0),
        dialysis=rng.random(n) < 0.15,
        right=rng.random(n) < 0.5,
        infection=(rng.random(n) < 0.4) & (rutherford > 4),
        amputated=lost,
        died=np.where(died < end, np.ceil(np.minimum(died, followed)), np.nan),
        healed=np.where(rutherford > 4, closed, np.nan),
        followed=followed,
    )


def _day(truth: Truth, k: int, after: float, style: str) -> str:
    """A date as a registry writes it; empty for an event that did not come."""
    if np.isnan(after):
        return ""
    ordinal = int(truth.start[k] + after) + EPOCH
    date = datetime.date.fromordinal(ordinal)
    if style == "excel":
        return str(ordinal - datetime.date(1899, 12, 30).toordinal())
    return date.strftime(style)


def _number(value: float, comma: bool, digits: int = 1) -> str:
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if comma else text


def _usual(truth: Truth, k: int, style: str, comma: bool, words: Mapping[str, str]) -> Line:
    """One person in one line, under the names of the model."""
    return {
        "patient_id": truth.identifier[k],
        "index_date": _day(truth, k, 0.0, style),
        "age": _number(truth.age[k], comma, 2),
        "sex": words["male"] if truth.male[k] else words["female"],
        "tcpo2": _number(truth.tcpo2[k], comma),
        "rutherford": str(truth.rutherford[k]),
        "creatinine": _number(truth.creatinine[k], comma, 0),
        "dialysis": words["yes"] if truth.dialysis[k] else words["no"],
        "side": words["right"] if truth.right[k] else words["left"],
        "infection": words["yes"] if truth.infection[k] else words["no"],
        "major_amputation_date": _day(truth, k, truth.amputated[k], style),
        "date_of_death": _day(truth, k, truth.died[k], style),
        "healing_date": _day(truth, k, truth.healed[k], style),
        "last_contact": _day(truth, k, truth.followed[k], style),
    }


ENGLISH = {"male": "M", "female": "F", "yes": "yes", "no": "no", "right": "right", "left": "left"}
GERMAN = {"male": "m", "female": "w", "yes": "ja", "no": "nein", "right": "re", "left": "li"}
ITALIAN = {"male": "maschio", "female": "femmina", "yes": "si", "no": "no", "right": "dx", "left": "sx"}
DUTCH = {"male": "m", "female": "v", "yes": "ja", "no": "nee", "right": "rechts", "left": "links"}


def _lines(truth: Truth, style: str, comma: bool, words: Mapping[str, str]) -> list[Line]:
    return [_usual(truth, k, style, comma, words) for k in range(len(truth))]


def _renamed(lines: list[Line], names: Mapping[str, str]) -> list[Line]:
    return [{names.get(name, name): cell for name, cell in line.items()} for line in lines]


def _text(lines: list[Line], delimiter: str) -> str:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(lines[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return written.getvalue()


def _plain(truth: Truth) -> bytes:
    return _text(_lines(truth, "%Y-%m-%d", False, ENGLISH), ",").encode()


def _german(truth: Truth) -> bytes:
    names = {
        "patient_id": "Patientennummer", "index_date": "Aufnahmedatum", "age": "Alter", "sex": "Geschlecht",
        "tcpo2": "TcPO2 (mmHg)", "creatinine": "Kreatinin (µmol/l)", "dialysis": "Dialyse", "side": "Seite",
        "infection": "Infektion", "major_amputation_date": "Amputationsdatum", "date_of_death": "Sterbedatum",
        "healing_date": "Abheilung", "last_contact": "Letzter Kontakt",
    }  # fmt: skip
    return _text(_renamed(_lines(truth, "%d.%m.%Y", True, GERMAN), names), ";").encode("cp1252")


def _italian(truth: Truth) -> bytes:
    names = {"sex": "Sesso", "age": "Età", "dialysis": "Dialisi", "side": "Lato", "date_of_death": "data decesso"}
    return _text(_renamed(_lines(truth, "%d/%m/%Y", True, ITALIAN), names), ";").encode("utf-8-sig")


def _dutch(truth: Truth) -> bytes:
    names = {"sex": "Geslacht", "age": "Leeftijd", "dialysis": "Dialyse", "side": "Zijde"}
    return _text(_renamed(_lines(truth, "%d-%m-%Y", True, DUTCH), names), "\t").encode("utf-16")


def _american(truth: Truth) -> bytes:
    lines = _lines(truth, "%m/%d/%Y", False, ENGLISH)
    for line in lines:
        line["creatinine"] = f"{float(line['creatinine']) / UMOL:.3f}"
    return _text(_renamed(lines, {"creatinine": "Creatinine (mg/dL)", "sex": "GENDER", "age": "AGE"}), "|").encode()


def _kilopascals(truth: Truth) -> bytes:
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    for line in lines:
        line["tcpo2"] = f"{float(line['tcpo2']) / 7.50062:.4f}"
    return _text(_renamed(lines, {"tcpo2": "tcpo2_kpa"}), ",").encode()


def _stages(truth: Truth) -> bytes:
    """Renal function as stages, tissue loss as WIfI, dialysis in the stage."""
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    for k, line in enumerate(lines):
        line["ckd_stage"] = "G5D" if truth.dialysis[k] else _stage(truth, k)
        line["wifi_wound"] = {4: "0", 5: "1", 6: "3"}[int(truth.rutherford[k])]
        for name in ("creatinine", "dialysis", "rutherford"):
            del line[name]
    return _text(lines, ",").encode()


def _stage(truth: Truth, k: int) -> str:
    rate = ckd_epi(truth.creatinine[k] / UMOL, truth.age[k], bool(truth.male[k]))
    return "G1" if rate >= 90 else "G2" if rate >= 60 else "G3a" if rate >= 45 else "G3b" if rate >= 30 else "G4"


def _procedures(truth: Truth) -> bytes:
    """A line a procedure: the start, and a major amputation if there was one; toes in between."""
    lines = []
    for k in range(len(truth)):
        line = _usual(truth, k, "%Y-%m-%d", False, ENGLISH)
        del line["major_amputation_date"]
        lines.append({**line, "procedure_type": "debridement"})
        if not np.isnan(truth.amputated[k]):
            if truth.amputated[k] > 20.0:
                lines.append(
                    {**line, "index_date": _day(truth, k, 15.0, "%Y-%m-%d"), "procedure_type": "toe amputation"}
                )
            day = _day(truth, k, truth.amputated[k], "%Y-%m-%d")
            lines.append({**line, "index_date": day, "procedure_type": "below knee amputation"})
    return _text(lines, ";").encode()


def _limbs(truth: Truth) -> bytes:
    """A line a limb: every third person comes again later with the other one."""
    lines = []
    for k in range(len(truth)):
        line = _usual(truth, k, "%Y-%m-%d", False, ENGLISH)
        lines.append(line)
        if k % 3 == 0:
            other = ENGLISH["left"] if truth.right[k] else ENGLISH["right"]
            lines.append(
                {**line, "side": other, "index_date": _day(truth, k, 90.0, "%Y-%m-%d"), "major_amputation_date": ""}
            )
    return _text(lines, ",").encode()


def _mess(truth: Truth) -> bytes:
    """Words for nothing known, blanks around cells, an empty line, columns of notes and of names."""
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    for k, line in enumerate(lines):
        line["name"] = f"Person {k}"
        line["notes"] = "- came, again" if k % 2 else "=) fine".replace("=", "")
        line["side"] = f" {line['side']} "
        line["healing_date"] = line["healing_date"] or "n.a.".replace("n.a.", "NA")
    return (_text(lines, ",") + "\r\n").encode()


def _excel_days(truth: Truth) -> bytes:
    return _text(_lines(truth, "excel", False, ENGLISH), ",").encode()


SHAPES: dict[str, Callable[[Truth], bytes]] = {
    "plain": _plain, "german": _german, "italian": _italian, "dutch": _dutch, "american": _american,
    "kilopascals": _kilopascals, "stages": _stages, "procedures": _procedures, "limbs": _limbs, "mess": _mess,
    "excel_days": _excel_days,
}  # fmt: skip
"""Shapes of exports -> the file's content for the same people."""
