"""Made-up exports with known truth, in the shapes and with the mess of real registries.

The same people are written in every shape, so that each must be read to the same patients. Nobody in them exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np

from simulator.questions.registry.export.fields import UMOL
from simulator.questions.registry.people.baseline import ckd_epi
from simulator.questions.registry.synthetic.generator import (
    ENGLISH,
    Line,
    dated,
    renamed,
    separated,
    usual,
    visits,
)
from simulator.questions.registry.synthetic.truth import Truth, identifiers, starts
from simulator.words.vocabulary import DAYS_PER_YEAR

GERMAN = {"male": "m", "female": "w", "yes": "ja", "no": "nein", "right": "re", "left": "li"}
ITALIAN = {"male": "maschio", "female": "femmina", "yes": "si", "no": "no", "right": "dx", "left": "sx"}
DUTCH = {"male": "m", "female": "v", "yes": "ja", "no": "nee", "right": "rechts", "left": "links"}


def made_up(n: int, seed: int = 1, hazards: tuple[float, float, float] = (0.25, 0.35, 0.7)) -> Truth:
    """`n` people whose limbs are lost, lives end and wounds heal at constant `hazards` a year, followed for up to three years."""
    rng = np.random.Generator(np.random.Philox(seed))
    amputated, died, healed = (DAYS_PER_YEAR * rng.exponential(1.0 / rate, n) for rate in hazards)
    end = rng.uniform(120.0, 3.0 * DAYS_PER_YEAR, n)
    followed = np.ceil(np.minimum(end, died))
    lost = np.where(amputated < followed, np.ceil(amputated), np.nan)
    closed = np.where((healed < followed) & ~(amputated < healed), np.ceil(healed), np.nan)
    rutherford = rng.choice([4, 5, 6], n, p=[0.15, 0.65, 0.20])
    return Truth(
        identifier=identifiers(n),
        start=starts(n, rng),
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


def _lines(truth: Truth, style: str, comma: bool, words: Mapping[str, str]) -> list[Line]:
    return [usual(truth, k, style, comma, words) for k in range(len(truth))]


def _plain(truth: Truth) -> bytes:
    return separated(_lines(truth, "%Y-%m-%d", False, ENGLISH), ",").encode()


def _german(truth: Truth) -> bytes:
    names = {
        "patient_id": "Patientennummer", "index_date": "Aufnahmedatum", "age": "Alter", "sex": "Geschlecht",
        "tcpo2": "TcPO2 (mmHg)", "creatinine": "Kreatinin (µmol/l)", "dialysis": "Dialyse", "side": "Seite",
        "infection": "Infektion", "major_amputation_date": "Amputationsdatum", "date_of_death": "Sterbedatum",
        "healing_date": "Abheilung", "last_contact": "Letzter Kontakt",
    }  # fmt: skip
    return separated(renamed(_lines(truth, "%d.%m.%Y", True, GERMAN), names), ";").encode("cp1252")


def _italian(truth: Truth) -> bytes:
    names = {"sex": "Sesso", "age": "Età", "dialysis": "Dialisi", "side": "Lato", "date_of_death": "data decesso"}
    return separated(renamed(_lines(truth, "%d/%m/%Y", True, ITALIAN), names), ";").encode("utf-8-sig")


def _dutch(truth: Truth) -> bytes:
    names = {"sex": "Geslacht", "age": "Leeftijd", "dialysis": "Dialyse", "side": "Zijde"}
    return separated(renamed(_lines(truth, "%d-%m-%Y", True, DUTCH), names), "\t").encode("utf-16")


def _american(truth: Truth) -> bytes:
    lines = _lines(truth, "%m/%d/%Y", False, ENGLISH)
    for line in lines:
        line["creatinine"] = f"{float(line['creatinine']) / UMOL:.3f}"
    return separated(renamed(lines, {"creatinine": "Creatinine (mg/dL)", "sex": "GENDER", "age": "AGE"}), "|").encode()


def _kilopascals(truth: Truth) -> bytes:
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    for line in lines:
        line["tcpo2"] = f"{float(line['tcpo2']) / 7.50062:.4f}"
    return separated(renamed(lines, {"tcpo2": "tcpo2_kpa"}), ",").encode()


def _stages(truth: Truth) -> bytes:
    """Renal function as stages, tissue loss as WIfI, dialysis in the stage."""
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    for k, line in enumerate(lines):
        line["ckd_stage"] = "G5D" if truth.dialysis[k] else _stage(truth, k)
        line["wifi_wound"] = {4: "0", 5: "1", 6: "3"}[int(truth.rutherford[k])]
        for name in ("creatinine", "dialysis", "rutherford"):
            del line[name]
    return separated(lines, ",").encode()


def _stage(truth: Truth, k: int) -> str:
    rate = ckd_epi(truth.creatinine[k] / UMOL, truth.age[k], bool(truth.male[k]))
    return "G1" if rate >= 90 else "G2" if rate >= 60 else "G3a" if rate >= 45 else "G3b" if rate >= 30 else "G4"


def _procedures(truth: Truth) -> bytes:
    """A line a procedure: the start, and a major amputation if there was one; toes in between."""
    lines = []
    for k in range(len(truth)):
        line = usual(truth, k, "%Y-%m-%d", False, ENGLISH)
        del line["major_amputation_date"]
        lines.append({**line, "procedure_type": "debridement"})
        if not np.isnan(truth.amputated[k]):
            if truth.amputated[k] > 20.0:
                lines.append(
                    {**line, "index_date": dated(truth, k, 15.0, "%Y-%m-%d"), "procedure_type": "toe amputation"}
                )
            day = dated(truth, k, truth.amputated[k], "%Y-%m-%d")
            lines.append({**line, "index_date": day, "procedure_type": "below knee amputation"})
    return separated(lines, ";").encode()


def _limbs(truth: Truth) -> bytes:
    """A line a limb: every third person comes again later with the other one."""
    lines = []
    for k in range(len(truth)):
        line = usual(truth, k, "%Y-%m-%d", False, ENGLISH)
        lines.append(line)
        if k % 3 == 0:
            other = ENGLISH["left"] if truth.right[k] else ENGLISH["right"]
            lines.append(
                {**line, "side": other, "index_date": dated(truth, k, 90.0, "%Y-%m-%d"), "major_amputation_date": ""}
            )
    return separated(lines, ",").encode()


def _mess(truth: Truth) -> bytes:
    """Words for nothing known, blanks around cells, an empty line, columns of notes and of names."""
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    for k, line in enumerate(lines):
        line["name"] = f"Person {k}"
        line["notes"] = "- came, again" if k % 2 else ") fine"
        line["side"] = f" {line['side']} "
        line["healing_date"] = line["healing_date"] or "NA"
    return (separated(lines, ",") + "\r\n").encode()


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
        line = usual(truth, k, "%d.%m.%Y", True, {**GERMAN, "male": "männlich", "female": "weiblich"})
        line["age"] = dated(truth, k, -round(truth.age[k] * DAYS_PER_YEAR), "%d.%m.%Y")
        lines.append({**line, "healing_date": line["healing_date"] or "k.A."})
    text = separated(renamed(lines, {**names, "age": "Geburtsdatum"}), ";")
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
        line = usual(truth, k, "%d-%b-%Y", False, {**ENGLISH, "yes": "Y", "no": "N", "right": "R", "left": "L"})
        line["age"] = dated(truth, k, -round(truth.age[k] * DAYS_PER_YEAR), "%d-%b-%y")
        rate = ckd_epi(truth.creatinine[k] / UMOL, truth.age[k], bool(truth.male[k]))
        lines.append({**line, "creatinine": ">60" if rate >= 60.0 else f"{rate:.0f}"})
    return separated(renamed(lines, names), ",").encode()


def _run_together(truth: Truth) -> bytes:
    """Dates such as 20190303, and a column of earlier amputations beside the one that counts."""
    lines = _lines(truth, "%Y%m%d", False, ENGLISH)
    names = {"index_date": "SURGDATE", "major_amputation_date": "DATE_OF_MAJOR_AMP", "last_contact": "LTF_DATE"}
    return separated(renamed([{**line, "PRIOR_AMP": "no", "PROCID": "7"} for line in lines], names), ",").encode()


def _excel_days(truth: Truth) -> bytes:
    """Dates as a spreadsheet counts them."""
    lines = _lines(truth, "%Y-%m-%d", False, ENGLISH)
    first = date(1899, 12, 30)
    for line in lines:
        for name in ("index_date", "major_amputation_date", "date_of_death", "healing_date", "last_contact"):
            line[name] = line[name] and str((date.fromisoformat(line[name]) - first).days)
    return separated(lines, ",").encode()


SHAPES: dict[str, Callable[[Truth], bytes]] = {
    "plain": _plain, "german": _german, "italian": _italian, "dutch": _dutch, "american": _american,
    "kilopascals": _kilopascals, "stages": _stages, "procedures": _procedures, "limbs": _limbs, "mess": _mess,
    "excel_days": _excel_days, "visits": visits, "titled": _titled, "months_in_words": _months_in_words,
    "run_together": _run_together,
}  # fmt: skip
"""Shapes of exports -> the file's content for the same people."""
