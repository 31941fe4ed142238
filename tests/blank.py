"""Figures without pictures, for tests of what a command writes and says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

BLANK = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9' aria-hidden='true' focusable='false'/>"


@contextmanager
def blank_pictures() -> Iterator[None]:
    """Figures are made as ever, with their captions, but not laid out, and their files and panels are blank.

    Nine tenths of the processor time of a small run go into setting letters. What pictures show is held by the tests of each
    question's figures, and `test_sight.py` draws every report as users see it.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from simulator.telling.drawing import Drawn, Panel

    def of(figure: Any, name: str) -> Drawn:
        if isinstance(figure, Drawn):
            return figure
        from simulator.telling.images import Picture
        from simulator.telling.style import caption_of

        panel = Panel(BLANK.replace("<svg", f"<svg id='{name}'"), 9, 0, 0)
        return Drawn(BLANK.encode(), b"", (panel,), frozenset(), caption_of(Picture.of(figure).figure))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Drawn, "of", of)
        patch.setattr(ConstrainedLayoutEngine, "execute", lambda engine, figure: None)
        yield
