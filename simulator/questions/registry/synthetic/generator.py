"""Made-up exports with known truth, in the shapes and with the mess of real registries: for tests and the tutorial.

The same people are written in every shape, so that each must be read to the same patients. Nobody in them exists.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Mapping

import numpy as np

from simulator.questions.registry.export.dates import EPOCH
from simulator.questions.registry.export.fields import UMOL
from simulator.questions.registry.people.baseline import ckd_epi
from simulator.questions.registry.synthetic.truth import Truth, lived
from simulator.scenario import load_scenario
from simulator.words.vocabulary import DAYS_PER_YEAR

Line = dict[str, str]


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
        line["notes"] = "- came, again" if k % 2 else ") fine"
        line["side"] = f" {line['side']} "
        line["healing_date"] = line["healing_date"] or "NA"
    return (_text(lines, ",") + "\r\n").encode()


def _visits(truth: Truth) -> bytes:
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
        line = _usual(truth, k, "%d/%m/%Y", True, words)
        days = [day for day in (0.0, 91.0, 365.0) if day < truth.followed[k]]
        for place, day in enumerate(days):
            here = {**line, "index_date": _day(truth, k, day, "%d/%m/%Y")}
            here["age"] = _number(truth.age[k] + day / DAYS_PER_YEAR, True, 2)
            here["tcpo2"] = _number(truth.tcpo2[k] + 2.0 * place, True)
            if place + 1 < len(days):
                here["last_contact"] = here["index_date"]
                for name, when in (
                    ("major_amputation_date", truth.amputated[k]),
                    ("date_of_death", truth.died[k]),
                    ("healing_date", truth.healed[k]),
                ):
                    here[name] = here[name] if when <= day else ""
            lines.append(here)
    return _text(_renamed(lines, names), ";").encode()


def _titled(truth: Truth) -> bytes:
    """A clinic's sheet: titles above the names and a total below, dates of birth, words for nothing known."""
    names = {
        "patient_id": "Fallnr.", "index_date": "OP-Datum", "sex": "Geschlecht", "tcpo2": "TcPO2 (mmHg)",
        "rutherford": "Rutherford-Stadium", "creatinine": "Serumkreatinin", "dialysis": "Dialysepflichtig",
        "side": "Betroffene Seite", "infection": "Wundinfektion", "major_amputation_date": "Datum Majoramputation",
        "date_of_death": "Todesdatum", "healing_date": "Abgeheilt am", "last_contact": "Letzte Vorstellung",
    }  # fmt: skip
    lines = []
    for k in range(len(truth)):
        line = _usual(truth, k, "%d.%m.%Y", True, {**GERMAN, "male": "männlich", "female": "weiblich"})
        line["age"] = _day(truth, k, -round(truth.age[k] * DAYS_PER_YEAR), "%d.%m.%Y")
        lines.append({**line, "healing_date": line["healing_date"] or "k.A."})
    text = _text(_renamed(lines, {**names, "age": "Geburtsdatum"}), ";")
    width = text.split("\r\n")[0].count(";")
    title = "Gefäßregister" + ";" * width
    return f"{title}\r\n{';' * width}\r\n{text}Summe: {len(truth)}{';' * width}\r\n".encode("cp1252")


def _months_in_words(truth: Truth) -> bytes:
    """Dates such as 03-Mar-2019, names as a team writes them, filtration up to where the laboratory tells it."""
    names = {
        "patient_id": "Hosp No.", "index_date": "Date referred", "age": "DOB", "sex": "M/F", "tcpo2": "TCPO2 foot mmHg",
        "rutherford": "Rutherford (4-6)", "creatinine": "eGFR", "dialysis": "On dialysis?", "side": "Limb (L/R)",
        "infection": "Infected?", "major_amputation_date": "Date of major amp", "date_of_death": "RIP date",
        "healing_date": "Date ulcer healed", "last_contact": "Last seen",
    }  # fmt: skip
    lines = []
    for k in range(len(truth)):
        line = _usual(truth, k, "%d-%b-%Y", False, {**ENGLISH, "yes": "Y", "no": "N", "right": "R", "left": "L"})
        line["age"] = _day(truth, k, -round(truth.age[k] * DAYS_PER_YEAR), "%d-%b-%y")
        rate = ckd_epi(truth.creatinine[k] / UMOL, truth.age[k], bool(truth.male[k]))
        lines.append({**line, "creatinine": ">60" if rate >= 60.0 else f"{rate:.0f}"})
    return _text(_renamed(lines, names), ",").encode()


def _run_together(truth: Truth) -> bytes:
    """Dates such as 20190303, and a column of earlier amputations beside the one that counts."""
    lines = _lines(truth, "%Y%m%d", False, ENGLISH)
    names = {"index_date": "SURGDATE", "major_amputation_date": "DATE_OF_MAJOR_AMP", "last_contact": "LTF_DATE"}
    return _text(_renamed([{**line, "PRIOR_AMP": "no", "PROCID": "7"} for line in lines], names), ",").encode()


def _excel_days(truth: Truth) -> bytes:
    return _text(_lines(truth, "excel", False, ENGLISH), ",").encode()


SHAPES: dict[str, Callable[[Truth], bytes]] = {
    "plain": _plain, "german": _german, "italian": _italian, "dutch": _dutch, "american": _american,
    "kilopascals": _kilopascals, "stages": _stages, "procedures": _procedures, "limbs": _limbs, "mess": _mess,
    "excel_days": _excel_days, "visits": _visits, "titled": _titled, "months_in_words": _months_in_words,
    "run_together": _run_together,
}  # fmt: skip
"""Shapes of exports -> the file's content for the same people."""
TUTORIAL_PEOPLE = 320
TUTORIAL_HOSPITAL = {"amputation": 0.6, "healing": 0.0, "death": -0.3}
"""Where the hospital of the tutorial lies: made up, and what its own people have to tell."""


def tutorial() -> bytes:
    """The export of a hospital with known offsets, a line a visit: its people live the model's own lives."""
    scenario = load_scenario("base").with_(evidence={"centre": "founding"})
    return SHAPES["visits"](lived(scenario, TUTORIAL_HOSPITAL, TUTORIAL_PEOPLE))
