"""How many people a decision is for: those waiting now and those who come, discounted to today."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.words.errors import BadInput, Problem


@dataclass(frozen=True)
class Population:
    """People whom one decision concerns.

    `per_year` people come evenly over each of `years`; `waiting` are there today. `discount` is an annual rate and acts
    continuously at ln(1 + rate), so that somebody treated after t years counts (1 + rate)^-t.
    """

    per_year: float
    years: float
    discount: float = 0.0
    waiting: float = 0.0

    def __post_init__(self) -> None:
        wanted = {
            "per_year": "people",
            "years": "years",
            "discount": "an annual rate, such as 0.03",
            "waiting": "people",
        }
        problems = [
            Problem("population", name, f"{getattr(self, name):g}", f"{unit}; 0 or more")
            for name, unit in wanted.items()
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0)
        ]
        if self.discount >= 1:
            problems.append(Problem("population", "discount", f"{self.discount:g}", "below 1: 3% is 0.03"))
        if problems:
            raise BadInput(problems)

    def size(self, after: float = 0.0) -> float:
        """Discounted number of people treated from `after` years on (all of them by default).

        Those waiting today are treated today, so a decision that comes later no longer reaches them.
        """
        start = min(max(after, 0.0), self.years)
        rate = math.log1p(self.discount)
        length = self.years - start
        discounted = length if rate == 0 else -math.exp(-rate * start) * math.expm1(-rate * length) / rate
        return self.per_year * discounted + (self.waiting if after <= 0 else 0.0)
