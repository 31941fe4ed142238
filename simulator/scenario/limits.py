"""Numbers that a scenario may hold: a range that messages can quote whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator


@dataclass(frozen=True)
class Number:
    """A check that a value is a number of `unit` between two ends, both included; every fault names the whole range.

    Whoever offers a key to people finds its ends in the field's metadata.
    """

    low: float
    high: float
    unit: str = ""
    whole: bool = False

    @property
    def allowed(self) -> str:
        """The range in words."""
        ends = f"{self.low:g} to {self.high:,.0f}" if self.whole else f"{self.low:g} to {self.high:g}"
        return f"a {'whole ' if self.whole else ''}number, {ends} {self.unit}".strip()

    def __call__(self, value: Any) -> Any:
        """The value, if it is one."""
        kinds = int if self.whole else int | float
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
            raise ValueError(self.allowed)
        return value


number = Number
"""As the word is read in an annotation."""


def yearly_rate(value: Any) -> Any:
    """Check an annual discount rate. Rates of almost nothing lose their digits in the ledger's closed forms."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not (value == 0.0 or 0.001 <= value <= 1.0):
        raise ValueError("0, or a number, 0.001 to 1 a year")
    return value


Tcpo2: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 200.0, "mmHg"))]
Age: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 130.0, "years"))]
Probability: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 1.0))]
Aversion: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 100.0))]
Wasted: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 0.9))]
Percent: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 100.0, "percent"))]
Doses: TypeAlias = Annotated[int, BeforeValidator(number(0, 20, whole=True))]
Days: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 3650.0, "days"))]
Interval: TypeAlias = Annotated[float, BeforeValidator(number(1.0, 3650.0, "days"))]
Years: TypeAlias = Annotated[float, BeforeValidator(number(0.01, 100.0, "years"))]
Patients: TypeAlias = Annotated[int, BeforeValidator(number(1, 1_000_000_000, whole=True))]
Slots: TypeAlias = Annotated[float, BeforeValidator(number(0.01, 10_000.0, "a week"))]
Hour: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 24.0, "hours of the day"))]
Arrivals: TypeAlias = Annotated[float, BeforeValidator(number(0.001, 10_000.0, "a week"))]
YearlyRate: TypeAlias = Annotated[float, BeforeValidator(yearly_rate)]
Headcount: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 1e9, "people"))]
Amount: TypeAlias = Annotated[float, BeforeValidator(number(0.0, 1e15))]
Ratio: TypeAlias = Annotated[float, BeforeValidator(number(0.01, 1e15, "of money per QALY"))]
Arm: TypeAlias = Annotated[int, BeforeValidator(number(2, 1_000_000, "patients", whole=True))]
Draws: TypeAlias = Annotated[int, BeforeValidator(number(2, 1_000_000, whole=True))]
Pairs: TypeAlias = Annotated[int, BeforeValidator(number(2, 10_000_000, "patients", whole=True))]
Centres: TypeAlias = Annotated[int, BeforeValidator(number(1, 10_000, whole=True))]
