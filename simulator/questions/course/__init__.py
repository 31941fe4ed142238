"""Published figures of the course of the disease beside the same figures of simulated lives."""

from __future__ import annotations

from simulator.questions.course.check import Check, check
from simulator.questions.course.figures import Course, Figure, load_course

__all__ = ["Check", "Course", "Figure", "check", "load_course"]
