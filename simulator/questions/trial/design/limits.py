"""What the numbers of a design may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from simulator.scenario.limits import number

MOST_PATIENTS = 100_000

Patients = Annotated[int, BeforeValidator(number(2, MOST_PATIENTS, whole=True))]
Count = Annotated[int, BeforeValidator(number(1, MOST_PATIENTS, whole=True))]
Successes = Annotated[int, BeforeValidator(number(0, MOST_PATIENTS, whole=True))]
Share = Annotated[int, BeforeValidator(number(1, 100, whole=True))]
Block = Annotated[int, BeforeValidator(number(0, 1_000, "patients (0: no blocks)", whole=True))]
Growth = Annotated[float, BeforeValidator(number(1.0, 10.0, "times the planned size"))]
Number = Annotated[float, BeforeValidator(number(-1e6, 1e6))]
