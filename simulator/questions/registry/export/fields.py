"""What the columns of an export can be, and how their cells are read."""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "name", "date", "number", "tcpo2", "creatinine", "pressure", "duration", "yes", "sex", "side", "grade", "renal", "level",
    "event",
]  # fmt: skip

FIELDS: dict[str, Kind] = {
    "person": "name", "side": "side", "age": "number", "birth_date": "date", "sex": "sex", "male": "yes",
    "diabetes_years": "number", "ischaemic_heart_disease": "yes", "prior_infarct": "yes", "prior_cabg": "yes",
    "prior_pci": "yes", "infection": "yes", "osteomyelitis": "yes", "gangrene": "yes", "heel": "yes", "tcpo2": "tcpo2",
    "ankle_pressure": "pressure", "dialysis": "yes", "egfr": "number", "ckd_stage": "renal", "creatinine": "creatinine",
    "rutherford": "grade", "fontaine": "grade", "wifi_wound": "grade", "wifi_infection": "grade", "wagner": "grade",
    "sinbad_bacteria": "yes", "small_ev": "number", "angioplasty_suitable": "yes", "index_date": "date",
    "amputation_date": "date", "amputation": "yes", "amputation_level": "level", "death_date": "date", "death": "yes",
    "alive": "yes", "healing_date": "date", "healed": "yes", "last_contact": "date", "event": "event",
}  # fmt: skip
"""What a column may be -> how its cells are read."""
UNITS: dict[Kind, tuple[str, ...]] = {
    "tcpo2": ("mmHg", "kPa"),
    "pressure": ("mmHg", "kPa"),
    "creatinine": ("umol/l", "mg/dl"),
}
CODES: dict[Kind, tuple[str, ...]] = {
    "yes": ("yes", "no", "unknown"),
    "sex": ("male", "female", "unknown"),
    "side": ("right", "left", "unknown"),
    "level": ("major", "minor", "unknown"),
    "event": ("major amputation", "minor amputation", "other", "unknown"),
}
"""Words that the cells of a coded column stand for."""
KPA = 7.50062
"""mmHg of one kilopascal."""
UMOL = 88.4
"""umol/l of creatinine in one mg/dl."""
MAJOR = (
    "bka", "aka", "below knee", "above knee", "through knee", "transtibial", "transfemoral", "syme", "knee", "hip",
    "major", "tta", "tfa", "unterschenkel", "oberschenkel", "crurale", "femorale", "gamba", "coscia", "maggiore", "onderbeen",
    "bovenbeen", "jambe", "cuisse", "tibial", "femoral", "pierna", "muslo", "supracondil", "infracondil", "kruraal",
)  # fmt: skip
MINOR = (
    "toe",
    "ray",
    "tma",
    "transmetatarsal",
    "lisfranc",
    "chopart",
    "minor",
    "digit",
    "zehe",
    "vorfuss",
    "dito",
    "teen",
    "strahl",
    "avampiede",
    "raggio",
    "voorvoet",
    "orteil",
    "avant-pied",
    "dedo",
    "antepie",
    "forefoot",
    "minore",
)
CKD = {"1": 0, "2": 0, "3": 1, "3a": 1, "3b": 1, "4": 2, "5": 2, "5d": 3}
"""KDIGO stage -> renal class of the model: normal, moderate, severe, dialysis."""
ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}


@cache
def names() -> dict[str, Any]:
    """Names of columns and words in cells, from `names.toml`."""
    return tomllib.loads(
        files("simulator.questions.registry.export").joinpath("names.toml").read_text(encoding="utf-8")
    )


def folded(text: str) -> str:
    """Lower case without accents, units in brackets and signs; words joined by ``_``."""
    plain = unicodedata.normalize(
        "NFKD", text.split("(", maxsplit=1)[0].split("[", maxsplit=1)[0].replace("ß", "ss").replace("ø", "o")
    )
    letters = (sign if sign.isascii() and sign.isalnum() else "_" for sign in plain if not unicodedata.combining(sign))
    return "_".join(part for part in "".join(letters).lower().split("_") if part)


def word(text: str) -> str:
    """A cell as codes are compared: lower case, without accents and blanks around; ``1.0`` is ``1``."""
    plain = unicodedata.normalize("NFKD", text.strip().replace("ß", "ss").replace("ø", "o"))
    low = "".join(sign for sign in plain if not unicodedata.combining(sign)).lower()
    return low[:-2] if low.endswith(".0") and low[:-2].lstrip("-").isdecimal() else low


def is_missing(text: str, coded: bool, kind: Kind | None = None) -> bool:
    """Whether a cell says that nothing is known. Codes such as 9 and 99 count in `coded` columns alone."""
    low = word(text)
    if kind == "renal" and low in names()["kidneys"]["0"]:
        return False
    return low in names()["words"]["missing"] and (coded or not low.lstrip("-").isdecimal())


THOUSANDS = {sign: re.compile(rf"-?\d{{1,3}}(?:[{sign}]\d{{3}})+(?:[^{sign}]\d+)?") for sign in ",."}


def number_in(text: str, decimal_comma: bool) -> float:
    """The number in a cell, infinite if there is none.

    ``<10`` is half of it, ``>120`` and ``90+`` are the number: where a scale ends. A single sign that cannot part thousands
    parts decimals, whatever the other cells have.
    """
    plain = text.strip().replace(" ", "").replace("\u00a0", "")
    below = plain[:1] in {"<", "≤"}
    plain = plain.lstrip("<>≤≥=").removesuffix("+")
    between, decimal = (".", ",") if decimal_comma else (",", ".")
    if THOUSANDS[between].fullmatch(plain):
        plain = plain.replace(between, "")
    elif plain.count(between) == 1 and decimal not in plain:
        decimal = between
    plain = plain.replace(decimal, ".")
    try:
        value = float(plain)
    except ValueError:
        return math.inf
    if not math.isfinite(value):
        return math.inf
    return 0.5 * value if below else value


GRADE = re.compile(r"(?:^|[^a-z0-9])(?:(?:w|i|fi|r|g|rb|ckd)?\s*(\d)|(vi|iv|v|i{1,3}))\s*([a-d]?)$")


def grade_in(text: str, kind: Kind = "grade") -> str:
    """A grade without its scale's name: ``Rutherford 5``, ``Stage IIb`` and ``fI1`` are ``5``, ``2b``, ``1``; else empty.

    Stages of kidney disease may be ``5d`` and words, too, which are the stage of their class.
    """
    if kind == "renal":
        for stage, place in (("2", "0"), ("3", "1"), ("4", "2"), ("5d", "3")):
            if word(text) in names()["kidneys"][place]:
                return stage
    found = GRADE.search(word(text))
    return "" if found is None else (found[1] or ROMAN[found[2]]) + found[3]


def level_in(text: str) -> str:
    """``major``, ``minor`` or empty, from the words for a level of amputation."""
    low = word(text)
    if any(each in low for each in MINOR):
        return "minor"
    return "major" if any(each in low for each in MAJOR) else ""


def event_in(text: str) -> str:
    """What a procedure's name says: ``major amputation``, ``minor amputation``, ``other``; empty for one of no level."""
    low = word(text)
    level = level_in(low)
    if level == "minor":
        return "minor amputation"
    if level == "major" and ("amput" in low or low in MAJOR):
        return "major amputation"
    return "" if "amput" in low else "other"


def coded(kind: Kind, text: str, codes: Mapping[str, str]) -> str | None:
    """The word that a coded cell stands for, ``unknown`` for a missing one, None where nobody can tell."""
    given = {word(cell): meaning for cell, meaning in codes.items()}
    low = word(text)
    if low in given:
        return given[low]
    if is_missing(text, coded=True):
        return "unknown"
    tables: dict[Kind, Mapping[str, Sequence[str]]] = {
        "yes": {"yes": names()["words"]["yes"], "no": names()["words"]["no"]},
        "sex": names()["sex"],
        "side": names()["side"],
    }
    for meaning, cells in tables.get(kind, {}).items():
        if low in cells:
            return meaning
    if kind == "level":
        return level_in(text) or None
    if kind == "event":
        return event_in(text) or None
    return None
