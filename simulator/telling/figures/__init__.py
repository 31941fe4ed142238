"""Figures of findings: a module a question, whose `figures(findings)` gives name -> figure, from tables and facts alone.

Where there are many, the module has `drawings(findings)` in its place: name -> what draws the figure when it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.words.findings import Findings


def figures_of(findings: Findings) -> dict[str, Figure]:
    """Every figure of the findings, by file name, in the order of the report; none where the question has no figures."""
    return {name: draw() for name, draw in drawings_of(findings).items()}


def drawings_of(findings: Findings) -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by file name, in the order of the report, so that several processes can share them."""
    module = f"simulator.telling.figures.{findings.question}"
    if find_spec(module) is None:
        return {}
    own = import_module(module)
    if not hasattr(own, "drawings"):
        return {name: partial(_same, figure) for name, figure in own.figures(findings).items()}
    return {name: partial(_in_style, draw) for name, draw in own.drawings(findings).items()}


def _in_style(draw: Callable[[], Figure]) -> Figure:
    from simulator.telling.style import house_style

    with house_style():
        return draw()


def _same(figure: Figure) -> Figure:
    return figure
