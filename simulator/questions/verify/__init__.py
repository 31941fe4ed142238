"""Black-box and white-box checks of the model itself, run on any scenario."""

from __future__ import annotations

from simulator.questions.verify.verification import COLUMNS, verify

__all__ = ["COLUMNS", "verify"]
