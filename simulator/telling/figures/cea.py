"""Figures of a decision between anybody's options."""

from simulator.telling.figures.decision import decision_figures as figures

__all__ = ["figures"]
