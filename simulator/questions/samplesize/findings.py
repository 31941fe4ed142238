"""The answer of a calculator as findings."""

from __future__ import annotations

from typing import Any

from simulator.questions.samplesize.answer import Answer
from simulator.questions.samplesize.calculator import DESIGNS
from simulator.words.citations import joined
from simulator.words.findings import Findings


def findings(answer: Answer, given: dict[str, Any]) -> Findings:
    """Tables: samplesize, power_curve and, of a single arm, sawtooth. Facts: the design, what was given, the assumptions
    (`notes`), and the methods by the citation of their formula (`formulas`), because papers mix them."""
    tables = {"samplesize": answer.table, "power_curve": answer.curve}
    if answer.detail is not None:
        tables["sawtooth"] = answer.detail
    by_source: dict[str, list[str]] = {}
    for method, citation in zip(answer.table["method"], answer.table["citation"], strict=True):
        by_source.setdefault(citation, []).append(method)
    curve = answer.curve
    axis = next(name for name in ("patients", "events", "true_rate") if name in curve.columns)
    falls = int((curve["power"].diff() < 0).sum()) if answer.design == "single-arm" else None
    facts = {
        "design": answer.design,
        "given": given,
        "n": given.get("n"),
        "power": given.get("power", DESIGNS[answer.design].power),
        "counts": next(name for name in ("patients", "events") if name in answer.table.columns),
        "axis": axis,
        "falls": falls,
        "notes": [dict(note) for note in answer.notes],
        "formulas": [{"methods": methods, "citation": citation} for citation, methods in by_source.items()],
        "references": joined((), by_source),
    }
    return Findings("samplesize", tables, facts, settings=given)
