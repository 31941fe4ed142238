"""Draws times policies times patients, on all cores, into one result."""

from __future__ import annotations

from simulator.run.courses import Courses, courses
from simulator.run.result import Result
from simulator.run.simulation import simulate

__all__ = ["Courses", "Result", "courses", "simulate"]
