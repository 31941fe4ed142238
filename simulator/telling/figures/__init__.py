"""Figures of findings: a module a question, whose `figures(findings)` gives name -> figure, from tables and facts alone."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from simulator.telling.images import Picture
from simulator.words.findings import Findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figures_of(findings: Findings) -> dict[str, Figure]:
    """Every figure of the findings, by file name, in the order of the report; none where the question has no figures."""
    module = f"simulator.telling.figures.{findings.question}"
    if find_spec(module) is None:
        return {}
    drawn: dict[str, Figure] = import_module(module).figures(findings)
    return drawn


def drawn_files(findings: Findings) -> dict[str, Picture]:
    """Pictures of every figure, of which the files are there already."""
    pictures = {name: Picture(figure) for name, figure in figures_of(findings).items()}
    for picture in pictures.values():
        picture.draw()
    return pictures
