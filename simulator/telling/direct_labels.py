"""Labels beside what they name, moved apart where they would meet."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.transforms import ScaledTranslation

from simulator.telling.colours import readable


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
