"""The house style of every figure: direct labels, intervals always shown, colours that colour-blind readers tell apart.

Draw inside ``with house_style():`` on figures made by `new_figure`; there is no pyplot and no global state.
"""

from __future__ import annotations

import hashlib
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

from simulator.telling.colours import LINE_COLOURS, luminance

INK = "#222222"
MUTED = "#666666"
GRID = "#e6e6e6"

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

FIRST_CHOICE = (
    "conservative",
    "protocol",
    "single_dose",
    "response_guided",
    "four_doses",
    "pta",
    "pta_act",
    "include_dialysis",
    "exclude_dialysis",
    "ev_selected",
    "thrombophilia_selected",
    "moderate_ischaemia",
    "bmmnc",
    "intra_arterial",
)
"""Shipped policies own the first looks in this order; a name that is not here finds its own by a hash."""

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
    unique = sorted(dict.fromkeys(names), key=lambda name: (name not in FIRST_CHOICE, name))
    taken: dict[str, int] = {}
    for name in unique:
        if name in FIRST_CHOICE:
            slot = FIRST_CHOICE.index(name)
        else:
            slot = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % len(LOOKS)
            while slot in taken.values() and len(taken) < len(LOOKS):
                slot = (slot + 1) % len(LOOKS)
        taken[name] = slot
    return {name: LOOKS[slot] for name, slot in taken.items()}


def band(axes: Axes, x: Any, low: Any, high: Any, colour: str, *, step: bool = False) -> None:
    """An interval around a line, in the line's colour, under everything else."""
    axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, zorder=1, step="post" if step else None)


@dataclass(frozen=True)
class End:
    """A point of a drawing, in data units, and the words that name it at the right border."""

    x: float
    y: float
    text: str
    colour: str


def direct_label(axes: Axes, names: Mapping[str, str] | None = None, *, size: float = 8.5) -> None:
    """Name every labelled line at its right end instead of in a legend; labels never overlap.

    Takes the lines whose `label` is set, in their colours; `names` maps labels to what is written. Call it last, when
    data and limits are final.
    """
    ends = []
    for line in axes.get_lines():
        label = str(line.get_label())
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        seen = np.isfinite(x) & np.isfinite(y)
        if not label.startswith("_") and seen.any():
            ends.append(End(x[seen][-1], y[seen][-1], (names or {}).get(label, label), str(line.get_color())))
    label_ends(axes, ends, size=size)


def label_ends(axes: Axes, ends: Sequence[End], *, size: float = 8.5) -> None:
    """Write `ends` in one column right of the panel, in order of height and without overlap.

    Where a label had to move or a line ends early, thin leaders tie the labels to their points. Serves stacked areas
    too, with the middle of each area as its end.
    """
    if not ends:
        return
    figure = axes.get_figure(root=True)
    assert figure is not None
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    engine, place = figure.get_layout_engine(), axes.get_subplotspec()
    # Once a figure: what a label of another panel moves is the widths, and places here are shares of the panel.
    if engine is not None and place is not None and axes.get_position().bounds == place.get_position(figure).bounds:
        engine.execute(figure)
    points = axes.transAxes.inverted().transform(axes.transData.transform([(end.x, end.y) for end in ends]))
    panel = axes.get_window_extent()
    gap = 1.25 * size / 72 * figure.dpi / panel.height
    heights = apart(points[:, 1], gap)
    tied = bool((np.abs(heights - points[:, 1]) > 0.3 * gap).any() or (points[:, 0] < 0.9).any())
    # Distances in points, not in shares of the panel, which the labels themselves make narrower.
    beside = axes.transAxes + ScaledTranslation((18 if tied else 5) / 72, 0, figure.dpi_scale_trans)
    for end, height in zip(ends, heights, strict=True):
        colour = readable(end.colour)
        look = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "relpos": (0, 0.5), "shrinkA": 0, "shrinkB": 3}
        axes.annotate(
            shortened(end.text),
            xy=(end.x, end.y),
            xytext=(1, height),
            textcoords=beside,
            color=colour,
            fontsize=size,
            va="center_baseline",
            ha="left",
            arrowprops={**look, "connectionstyle": leader} if tied else None,
            annotation_clip=False,
        )


def leader(
    start: Sequence[float],
    end: Sequence[float],
    *,
    patchA: Rectangle | None,
    shrinkB: float,
    **_: Any,
) -> Path:
    """A straight line from the border of a label's box, in which it starts, to a short way before a point, in pixels.

    Matplotlib's own connections look for the border by halving a curve, which took a tenth of the time of a figure.
    """
    begin, step = np.asarray(start, float), np.subtract(end, start)
    first = 0.0
    if patchA is not None:  # a label without words has no box
        box = patchA.get_bbox()
        with np.errstate(divide="ignore", invalid="ignore"):
            out = np.where(step > 0, (box.max - begin) / step, np.where(step < 0, (box.min - begin) / step, np.inf))
        first = min(float(out.min()), 1.0)
    last = 1.0 - shrinkB / float(np.hypot(*step)) if step.any() else 1.0
    return Path([begin + first * step, begin + (last if last > first else 1.0) * step])


def shortened(label: str, most: int = 34) -> str:
    """A label with its middle left out where it is longer than `most`, because the drawing needs its place, too."""
    if len(label) <= most:
        return label
    end = (most - 1) // 3
    return f"{label[: most - 1 - end].rstrip()}…{label[-end:].lstrip()}"


def heading(label: str) -> str:
    """A label as the title of one of three panels abreast, on two lines where it needs them."""
    return "\n".join(textwrap.wrap(shortened(label, 50), 26))


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


def apart(wanted: Sequence[float] | np.ndarray[Any, np.dtype[np.float64]], gap: float) -> np.ndarray[Any, Any]:
    """Positions nearest to `wanted` (least squares) that keep their order and are at least `gap` apart.

    Pooled adjacent violators, written out because SciPy's comes with its optimizers, which take longer to import than a
    figure to draw.
    """
    wanted = np.asarray(wanted, float)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    pools: list[list[float]] = []
    for value in wanted[order] - steps:
        pools.append([float(value)])
        while len(pools) > 1 and np.mean(pools[-2]) >= np.mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    placed = np.empty(len(wanted))
    placed[order] = np.concatenate([np.full(len(pool), np.mean(pool)) for pool in pools]) + steps
    return placed


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


def readable(colour: str) -> str:
    """The same hue, dark enough for text on white (contrast at least 4.5 to 1, WCAG 2.2 criterion 1.4.3)."""
    rgb = np.array(to_rgb(colour))
    while 1.05 / (luminance(rgb) + 0.05) < 4.5:
        rgb = 0.95 * rgb
    return to_hex(tuple(rgb))
