"""The main job: one population under several policies, what became of it, and how far the answer can be trusted."""

from __future__ import annotations

from simulator.questions.compare.job import Comparison, compare

__all__ = ["Comparison", "compare"]
