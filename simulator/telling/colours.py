"""Colours of drawings, as they are drawn on white and as a page shows them on a dark screen, without a drawing library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

OKABE_ITO = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
}
"""Okabe M, Ito K. Color Universal Design. 2008. Yellow is kept for fills: as a line it is too faint on white."""

LINE_COLOURS = tuple(OKABE_ITO[name] for name in ("black", "blue", "vermillion", "green", "purple", "orange", "sky"))

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
"""Shipped policies own the first places in this order; a name that is not here finds its own by a hash."""
OWN = {"mine": 16}
"""The explorer's policy of one's own: vermillion, and drawn as no shipped policy is."""

WAYS = 3 * len(LINE_COLOURS)
"""Of drawing a policy: every colour with each of three dashes."""

DARK_PAPER = "#17191c"
RGB = tuple[float, float, float]


def places(names: Iterable[str]) -> dict[str, int]:
    """A place for every policy among `WAYS` of drawing, the same in every figure, page and run.

    Shipped policies keep their own. Other names take the place their hash points at or, where one of `names` has it
    already, the next free one; only beyond `WAYS` names does a place occur twice.
    """
    own = {name: place for place, name in enumerate(FIRST_CHOICE)} | OWN
    taken: dict[str, int] = {}
    for name in sorted(dict.fromkeys(names), key=lambda name: (name not in own, name)):
        place = own.get(name)
        if place is None:
            place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % WAYS
            while place in taken.values() and len(taken) < WAYS:
                place = (place + 1) % WAYS
        taken[name] = place
    return taken


def policy_colours(names: Iterable[str]) -> dict[str, str]:
    """The colour of every policy, as ``#rrggbb``."""
    return {name: LINE_COLOURS[place % len(LINE_COLOURS)] for name, place in places(names).items()}


def colour_sheet(colours: frozenset[str] | set[str]) -> str:
    """The style sheet of the colours: each as drawn on white, and as read on a dark page."""
    light = "".join(f"--c{colour[1:]}:{colour};" for colour in sorted(colours))
    dark = "".join(f"--c{colour[1:]}:{on_dark(colour)};" for colour in sorted(colours))
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def on_dark(colour: str) -> str:
    """The colour on a dark page: greys swap light and dark, hues are lightened until they stand out (4.5 to 1)."""
    red, green, blue = _rgb(colour)
    if max(red, green, blue) - min(red, green, blue) < 0.04:
        low, high = _rgb(DARK_PAPER), (0.95, 0.95, 0.95)
        share = 1.0 - (red + green + blue) / 3.0
        red, green, blue = (a + share * (b - a) for a, b in zip(low, high, strict=True))
        return _written((red, green, blue))
    while (luminance((red, green, blue)) + 0.05) / (luminance(_rgb(DARK_PAPER)) + 0.05) < 4.5:
        red, green, blue = (1.0 - 0.93 * (1.0 - value) for value in (red, green, blue))
    return _written((red, green, blue))


def readable(colour: str, paper: str = "#ffffff") -> str:
    """The same hue, dark enough for text on paper of that colour (contrast at least 4.5 to 1, WCAG 2.2 criterion 1.4.3)."""
    red, green, blue = _rgb(colour)
    light = luminance(_rgb(paper)) + 0.05
    while light / (luminance((red, green, blue)) + 0.05) < 4.5:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return _written((red, green, blue))


def luminance(rgb: Sequence[float] | np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Relative luminance of red, green and blue from 0 to 1 (WCAG 2.2): 0 for black, 1 for white."""
    shares = np.asarray(rgb, float)
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _rgb(colour: str) -> RGB:
    """Shares from 0 to 1 of ``#rrggbb``."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _written(rgb: RGB) -> str:
    return "#" + "".join(f"{round(255 * share):02x}" for share in rgb)
