"""A figure as the bytes of an SVG or PNG file, the same bytes whenever the figure is the same."""

from __future__ import annotations

import io
from typing import Any, Literal

from matplotlib.figure import Figure

from simulator.telling.style import MUTED, caption_of, house_style, wrapped_caption

Kind = Literal["svg", "png"]

# Without these keys set to None matplotlib writes the time, its version and a block of web addresses.
METADATA: dict[Kind, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}


def image(figure: Figure, kind: Kind, *, with_caption: bool = True) -> bytes:
    """The file of `figure`; with its caption below the drawing, or the drawing alone.

    The first call lays the figure out for good, so that all its files show the same arrangement.
    """
    with house_style():
        if figure.get_layout_engine() is not None:
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        text = None
        if with_caption and caption_of(figure):
            text = figure.text(
                0.01,
                -0.02,
                wrapped_caption(figure),
                fontsize=8.5,
                color=MUTED,
                va="top",
                linespacing=1.4,
            )
        buffer = io.BytesIO()
        try:
            figure.savefig(buffer, format=kind, bbox_inches="tight", pad_inches=0.12, metadata=METADATA[kind])
        finally:
            if text is not None:
                text.remove()
    return buffer.getvalue()
