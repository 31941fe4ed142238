"""One patient's story under one or more policies: what happened, what was seen, and how luck was spent."""

from __future__ import annotations

from simulator.questions.story.watching import Watched, watch

__all__ = ["Watched", "watch"]
