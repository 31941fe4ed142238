"""A figure as the bytes of an SVG or PNG file, the same bytes whenever the figure is the same."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox, BboxBase

Kind = Literal["svg", "png"]

# Without these keys set to None matplotlib writes the time, its version and a block of web addresses.
METADATA: dict[Kind, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}
PACKING: dict[Kind, dict[str, Any]] = {"svg": {}, "png": {"pil_kwargs": {"compress_level": 3}}}
"""How hard a file is packed: a PNG at 3 in half the time of the usual 6, a sixteenth larger."""
MARGIN = 0.12
"""Inches around a drawing."""
CAPTION = "caption"
"""Identifier of the caption in an SVG, so that a page can leave it out and set the words itself."""


class Picture:
    """A figure that is drawn once for each kind of file, whoever asks for it how often.

    The first drawing lays the figure out for good, so that all its files show the same arrangement.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    @classmethod
    def of(cls, figure: Figure | Picture) -> Picture:
        """The picture of a figure; a picture is its own."""
        return figure if isinstance(figure, Picture) else cls(figure)

    @cached_property
    def extents(self) -> list[BboxBase]:
        """The box around each visible panel with its labels, in pixels from the lower left corner of the figure."""
        from simulator.telling.style import house_style

        with house_style():
            laid_out(self.figure)
            boxes = [axes.get_tightbbox() for axes in self.figure.axes if axes.get_visible()]
            _pin_axis_labels(self.figure)
        return [box for box in boxes if box is not None]

    @cached_property
    def extent(self) -> Bbox:
        """The box around the drawing without its caption and margin, in inches from the lower left corner of the figure."""
        from matplotlib.transforms import Bbox

        from simulator.telling.style import house_style

        figure, boxes = self.figure, list(self.extents)
        shared = [each for each in figure.get_children() if each not in figure.axes]
        with house_style():
            found = [each.get_tightbbox() for each in shared if each.get_visible() and each.get_in_layout()]
        boxes += [box for box in found if box is not None and (box.width != 0 or box.height != 0)]
        return Bbox.union(boxes).transformed(figure.dpi_scale_trans.inverted())

    @cached_property
    def svg(self) -> bytes:
        """The SVG file, the caption below the drawing."""
        return self._file("svg", with_caption=True)[0]

    @cached_property
    def png(self) -> bytes:
        """The PNG file, the caption below the drawing."""
        return self._file("png", with_caption=True)[0]

    def draw(self) -> None:
        """Draw both files."""
        _ = self.svg, self.png

    @cached_property
    def corner(self) -> tuple[float, float]:
        """Where the SVG file begins: its left and its upper border, in inches from the lower left corner of the figure."""
        box = self._file("svg", with_caption=True, draw=False)[1]
        return float(box.x0), float(box.y1)

    def alone(self, kind: Kind) -> bytes:
        """The file without its caption."""
        return self._file(kind, with_caption=False)[0]

    def _file(self, kind: Kind, *, with_caption: bool, draw: bool = True) -> tuple[bytes, Bbox]:
        """The file (empty unless it is to be drawn) and the box that it shows."""
        from matplotlib.transforms import Bbox

        from simulator.telling.style import MUTED, caption_of, house_style, wrapped_caption

        box, figure, text = self.extent, self.figure, None
        buffer = io.BytesIO()
        with house_style():
            if with_caption and caption_of(figure):
                words = wrapped_caption(figure)
                # Above everything, so that it is drawn last and no letter of the drawing is kept with it.
                look: dict[str, Any] = {"fontsize": 8.5, "color": MUTED, "va": "top", "linespacing": 1.4, "zorder": 1e6}
                text = figure.text(0.01, -0.02, words, gid=CAPTION, **look)
            try:
                if text is not None:
                    box = Bbox.union([box, text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())])
                # A stated box spares the drawing that matplotlib makes to find one.
                box = box.padded(MARGIN)
                if draw:
                    figure.savefig(buffer, format=kind, bbox_inches=box, metadata=METADATA[kind], **PACKING[kind])
            finally:
                if text is not None:
                    text.remove()
        return buffer.getvalue(), box


def image(figure: Figure, kind: Kind, *, with_caption: bool = True) -> bytes:
    """The file of `figure`; with its caption below the drawing, or the drawing alone."""
    picture = Picture(figure)
    return picture.alone(kind) if not with_caption else picture.svg if kind == "svg" else picture.png


def laid_out(figure: Figure) -> None:
    """Give every panel its place for good."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        # Not "none", which keeps a stand-in for the engine, for which matplotlib draws everything twice.
        figure.set_layout_engine(None)


def _pin_axis_labels(figure: Figure) -> None:
    """Let the labels of axes stay where they are.

    Each drawing would look for their places anew, for which it measures all words at the ticks a second time.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            place = axis.label.get_transform().transform(axis.label.get_position())
            axis.set_label_coords(*axes.transAxes.inverted().transform(place))
