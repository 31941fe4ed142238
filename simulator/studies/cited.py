"""Which publications studies rest on."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.evidence.register import Register
from simulator.evidence.sources import references as listed
from simulator.studies.study import Study
from simulator.words.citations import joined


def references(studies: Mapping[str, Study], register: Register) -> list[dict[str, str]]:
    """The publications that the studies cite, in alphabetical order: citation and DOI."""
    found = listed((key for study in studies.values() for key in study.source), register.sources)
    own = [{"citation": s.citation, "doi": ""} for s in studies.values() if s.citation]
    return joined([*found, *own])
