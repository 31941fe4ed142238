"""Figures of a decision between anybody's options."""

from simulator.telling.figures.decision import decision_drawings as drawings

__all__ = ["drawings"]
