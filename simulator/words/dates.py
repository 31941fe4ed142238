"""How stories date what happens."""

from __future__ import annotations

from simulator.words.vocabulary import DAYS_PER_YEAR

BY_THE_DAY = 2.0
"""Years within which a story counts days."""


def story_date(years: float) -> str:
    """A time since referral in years: ``day 143``, later ``year 3.21``."""
    return f"day {round(years * DAYS_PER_YEAR)}" if years < BY_THE_DAY else f"year {years:.2f}"
