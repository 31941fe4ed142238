"""The publications of studies, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from simulator.evidence.sources import Source
from simulator.studies.cited import references


def test_publications_of_studies() -> None:
    """Each once, in alphabetical order, a citation of one's own among them; no source that no study cites."""
    sources = {
        name: Source(authors=name, journal="J", year=2001, doi=f"10.1/{name}", read="abstract")
        for name in ("Zeta", "Beta", "Idle")
    }
    studies: Any = {
        "one": SimpleNamespace(source=("Zeta", "Beta"), citation=""),
        "two": SimpleNamespace(source=("Beta",), citation="Own et al., 2026"),
    }
    register: Any = SimpleNamespace(sources=sources)
    assert references(studies, register) == [
        {"citation": "Beta, J 2001. doi:10.1/Beta", "doi": "10.1/Beta"},
        {"citation": "Own et al., 2026", "doi": ""},
        {"citation": "Zeta, J 2001. doi:10.1/Zeta", "doi": "10.1/Zeta"},
    ]
