"""The house style of every figure: direct labels, intervals always shown, colours that colour-blind readers tell apart.

Draw inside ``with house_style():`` on figures made by `new_figure`; there is no pyplot and no global state.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulator.telling.colours import LINE_COLOURS, places
from simulator.telling.direct_labels import shortened

INK = "#222222"
MUTED = "#666666"
GRID = "#e6e6e6"

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

RULES: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a label is money
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titley": 1.0,  # not found out for every drawing: nothing stands above a panel
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.prop_cycle": cycler(color=LINE_COLOURS),
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "ytick.major.size": 0,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "errorbar.capsize": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "clti",
    "path.simplify": True,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save in the house style; the settings of the caller come back afterwards."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A sign that the font lacks is a box in the drawing; tables and the report's text have it.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(RULES)
        yield


def new_figure(
    width: float = 7.2,
    height: float = 4.0,
    rows: int = 1,
    columns: int = 1,
    *,
    sharex: bool = False,
    sharey: bool = False,
    **gridspec: Any,
) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches and its panels, row by row.

    `gridspec` goes to `GridSpec`, as in ``width_ratios=[2, 1]``.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    # A canvas that keeps its renderer, so that words are measured once and not for every question about places.
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, sharex=sharex, sharey=sharey, squeeze=False, gridspec_kw=gridspec)
    return figure, [axes for line in grid for axes in line]


@dataclass(frozen=True)
class Look:
    """How one policy is drawn wherever it appears."""

    colour: str
    dash: Any
    marker: str

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments of `Axes.plot`."""
        return {"color": self.colour, "linestyle": self.dash}

    @property
    def point(self) -> dict[str, Any]:
        """Keyword arguments of `Axes.errorbar`: a marker, no line."""
        return {"color": self.colour, "marker": self.marker, "linestyle": "none"}


LOOKS = tuple(
    Look(colour, dash, marker) for dash, marker in zip(DASHES, MARKERS, strict=False) for colour in LINE_COLOURS
)


def looks(names: Iterable[str]) -> dict[str, Look]:
    """A look for every policy name, the same in every figure and run.

    Shipped policies keep their own. Other names take the look their hash points at or, where one of `names` has it
    already, the next free one; only beyond 21 names does a look occur twice.
    """
    return {name: LOOKS[place] for name, place in places(names).items()}


def band(axes: Axes, x: Any, low: Any, high: Any, colour: str, *, step: bool = False) -> None:
    """An interval around a line, in the line's colour, under everything else."""
    axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, zorder=1, step="post" if step else None)


def interval_rows(
    axes: Axes, names: Sequence[str], value: Any, low: Any, high: Any, colours: Sequence[str] | None = None
) -> None:
    """One line per name, from top to bottom: a dot and its interval along the x axis."""
    value, low, high = (np.asarray(each, float) for each in (value, low, high))
    rows = np.arange(len(names))
    shades = list(colours) if colours is not None else [LINE_COLOURS[1]] * len(names)
    axes.hlines(rows, low, high, colors=shades, linewidth=1.8)
    axes.scatter(value, rows, c=shades, s=28, zorder=3)
    axes.set_yticks(rows, ["\n".join(shortened(line, 70) for line in name.split("\n")) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def caption(figure: Figure, sentence: str) -> None:
    """Give the figure one sentence that says what to see.

    The image files print it below the drawing; the report sets it as the caption of the embedded drawing instead.
    """
    figure.set_label(" ".join(sentence.split()))


def caption_of(figure: Figure) -> str:
    """The sentence given by `caption`, or an empty string."""
    return str(figure.get_label() or "")


def wrapped_caption(figure: Figure, size: float = 8.5) -> str:
    """The caption broken into lines that fit the width of the figure."""
    letters = int(figure.get_figwidth() * 72 / (0.56 * size))
    return "\n".join(textwrap.wrap(caption_of(figure), letters))


def percent_axis(axes: Axes, which: Literal["x", "y"] = "y", *, points: bool = False) -> None:
    """Write an axis of shares from 0 to 1 in percent, or of their differences in percentage points without the sign."""

    def written(value: float, _: object) -> str:
        return f"{round(100 * value, 6) + 0.0:g}".replace("-", "−") + ("" if points else "%")

    (axes.yaxis if which == "y" else axes.xaxis).set_major_formatter(FuncFormatter(written))
