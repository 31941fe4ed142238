"""The course check as findings: tidy tables and the facts that sentences need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.evidence.register import Register
from simulator.evidence.sources import references
from simulator.questions.course.check import FAR, Check
from simulator.questions.course.figures import Course
from simulator.words.findings import Findings


def findings(check: Check, course: Course, register: Register, *, inputs: Mapping[str, bytes], seed: int) -> Findings:
    """Tables named as their files: course (a row a figure and time) and course_coverage (of, figures, inside, share)."""
    far = check.far
    cited = {key for figure in course.figures.values() for key in figure.source}
    facts: dict[str, Any] = {
        "themes": list(dict.fromkeys(check.table["theme"])),
        "outside": len(check.outside),
        "far": len(far),
        "far_factor": FAR,
        "forced": int((far["founding"] != "").sum()),
        "references": references(cited, register.sources),
    }
    return Findings(
        "course",
        {"course": check.table, "course_coverage": check.coverage},
        facts,
        inputs=dict(inputs),
        seed=seed,
        settings={"register": register.hash()},
        asked="validate",
    )
