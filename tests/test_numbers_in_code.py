"""Numbers about people stand in the evidence, not in code: constants whose words are of medicine are known one by one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.evidence.reporting import divided, division, divisions

PROGRAM = Path(__file__).resolve().parent.parent / "simulator"
MEDICINE = re.compile(
    r"mmHg|mg/dl|mmol|umol|ml/min|eGFR|kPa|filtration|creatinine|pressure|TcPO2|\bdays?\b|\bages?\b|\byears?\b|\bdoses?\b"
    r"|Rutherford|amputat|heal|\bdeath|mortality|operation",
    re.IGNORECASE,
)
PLAIN = {0, 1, 2, 0.5}
"""Nothing, all, both and half: of these no constant is made."""
EVIDENCE_OF_CHECKS = PROGRAM / "questions/verify"
"""Checks live people whose numbers are chosen so that the answer is known."""
ALLOWED = {
    "a limit of what may be typed": [
        "questions/trial/design/selection.py:Tcpo2",
        "rules/population/table.py:KINDS",
        "scenario/limits.py:Age",
        "scenario/limits.py:Days",
        "scenario/limits.py:Doses",
        "scenario/limits.py:Tcpo2",
        "scenario/limits.py:Years",
    ],
    "a calendar, a scale or a code": [
        "evidence/hospitals.py:TODAY",
        "questions/registry/export/dates.py:EXCEL",
        "questions/registry/export/fields.py:KPA",
        "questions/registry/export/fields.py:UMOL",
        "valuation/cost_items.py:MONTHS_PER_YEAR",
        "rules/population/table.py:RUTHERFORD",
        "run/asking.py:WEEKS_PER_YEAR",
        "words/vocabulary.py:DAYS_PER_YEAR",
    ],
    "a place in an array or a pair of places": [
        "living/ledger.py:(EFFECT, EFFECT_AGE, EFFECT_AGE2)",
        "living/twins.py:PLAN",
        "founding/summaries.py:DOSE_CELLS",
        "founding/summaries.py:MOVES",
        "evidence/targets.py:(OF_AMPUTATED, OF_HEALED, OF_HEALED_WITH_LIMB)",
        "evidence/targets.py:REACHABLE",
        "telling/workbook/budget_sheet.py:TOP",
    ],
    "rounding, a step or a convention of bookkeeping": [
        "living/capacity.py:ROUNDING",
        "living/ledger.py:REFERENCE_AGE",
        "questions/trial/analysis/data.py:TOUCH",
        "questions/value/consequences/severity.py:STEP",
        "valuation/quality_of_life.py:AGES",
        "rules/pathway/risks.py:NEGLIGIBLE",
        "rules/perfusion.py:TOUCH",
    ],
    "what is drawn or told of lives, and when": [
        "explorer/parts.py:SHOWN_YEARS",
        "explorer/story.py:STORY_YEARS",
        "questions/compare/findings.py:BIN",
        "questions/compare/findings.py:SHOWN_PATHS",
        "questions/compare/job.py:PATHS",
        "questions/compare/per_hundred.py:YEARS",
        "questions/registry/people/described.py:TIMES",
        "questions/story/moments.py:MONTHS_TOLD",
        "questions/story/moments.py:(NEAR_A_MONTH, NEAR_A_YEAR)",
        "questions/story/watching.py:DAYS_BETWEEN_POINTS",
        "telling/columns.py:FORMATS",
        "telling/figures/compare.py:CURVE_YEARS",
        "telling/figures/compare.py:STATE_YEARS",
        "telling/figures/trace.py:(TOP, LINE)",
        "telling/figures/trace.py:LONGEST",
    ],
    "how much is simulated, or for how long": [
        "questions/registry/here.py:(QUEUES, LONGEST_YEARS, MOST_WAITING)",
        "questions/registry/synthetic/lived_people.py:(SHORTEST, LONGEST)",
    ],
}
"""Constants that only sound like medicine, by what they are."""


def constants(file: Path) -> Iterator[tuple[str, str]]:
    """Names of a module's constants that hold numbers of their own, and the words about them."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for place, node in enumerate(body):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "range":
            continue  # places in an array
        numbers = {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
        if not any(type(number) in {int, float} and abs(number) not in PLAIN for number in numbers):
            continue
        after = body[place + 1] if place + 1 < len(body) else None
        told = ast.get_docstring(ast.Module([after], [])) if after is not None else None
        names = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        yield names, f"{names.replace('_', ' ')} {told or ''}"


def sounding() -> list[str]:
    """Constants whose name or words are of medicine, as ``folder/file.py:NAME``."""
    found = []
    for file in sorted(PROGRAM.rglob("*.py")):
        if not file.is_relative_to(EVIDENCE_OF_CHECKS):
            found += [
                f"{file.relative_to(PROGRAM).as_posix()}:{name}"
                for name, words in constants(file)
                if MEDICINE.search(words)
            ]
    return found


def test_constants_that_sound_like_medicine_are_known() -> None:
    """A new one goes to `calibration/register` or, where no life depends on it, to `calibration/reporting.toml`."""
    known = {name for names in ALLOWED.values() for name in names}
    assert sorted(set(sounding()) ^ known) == []


def test_divisions_say_where_they_come_from() -> None:
    """Every number has a unit, a grade and a note; a single one is asked for as one."""
    assert all(each.unit and each.grade and each.note for each in divisions().values())
    assert division("postoperative_days") == divided("postoperative_days")[0]
    with pytest.raises(ValueError, match="too many values"):
        division("age_classes")
