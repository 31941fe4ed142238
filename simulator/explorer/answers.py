"""What the page asks for, as plain tables of numbers: each question is put to the engine, and nothing is worked out here.

Answers that take time come in parts, each better than the one before. A part has the `kind` of its question; whoever lets
go of the generator stops the work behind it.
"""

from __future__ import annotations

from simulator.explorer.curves import curves, hundred, views
from simulator.explorer.evidence import reliance, sources
from simulator.explorer.money import money
from simulator.explorer.opening import opened, payers
from simulator.explorer.parts import plain
from simulator.explorer.saving import report, saved
from simulator.explorer.story import story
from simulator.explorer.trial import design, trial

__all__ = [
    "curves", "design", "hundred", "money", "opened", "payers", "plain", "reliance", "report", "saved", "sources", "story",
    "trial", "views",
]  # fmt: skip
