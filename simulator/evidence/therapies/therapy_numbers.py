"""The numbers that say what a therapy does, whatever it is called, with the unit and the limits that each may have.

A number that a therapy's file leaves out does nothing. What a *procedure* is to the rules is
`simulator.rules.pathway.procedure`; what a *cell product* or *route* is, `simulator.rules.pathway.response`.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple


class Number(NamedTuple):
    """What a number is called, its unit, the range that any therapy's must lie in, and the value that does nothing."""

    label: str
    unit: str
    low: float
    high: float
    without: float


NUMBERS: dict[str, Number] = {
    "success": Number("Probability that it succeeds", "probability", 0.0, 1.0, 1.0),
    "success_or_dialysis": Number("Odds ratio of success on dialysis", "odds ratio", 0.0, 100.0, 1.0),
    "success_or_severe": Number(
        "Odds ratio of success in a severe wound (Rutherford 6, or infected)", "odds ratio", 0.0, 100.0, 1.0
    ),
    "completion": Number("Probability that a course is completed", "probability", 0.0, 1.0, 1.0),
    "plateau": Number("TcPO2 reached after success, mean", "mmHg", 0.0, 100.0, 0.0),
    "plateau_sd": Number("TcPO2 reached after success, standard deviation", "mmHg", 0.0, 50.0, 0.0),
    "rise": Number("Rise of TcPO2 after success, mean", "mmHg", 0.0, 100.0, 0.0),
    "rise_sd": Number("Rise of TcPO2 after success, standard deviation", "mmHg", 0.0, 50.0, 0.0),
    "rise_days": Number("Duration of the rise", "days", 1.0, 3650.0, 1.0),
    "loss_rate": Number("Rate at which what was gained is lost", "per year", 0.0, 50.0, 0.0),
    "loss_shape": Number("Shape of the time to loss: 1 constant hazard, below 1 a falling one", "shape", 0.2, 3.0, 1.0),
    "loss_share": Number("Share of the rise that is lost with it", "proportion", 0.0, 1.0, 1.0),
    "loss_days": Number("Duration over which the rise is lost", "days", 1.0, 3650.0, 1.0),
    "repetition": Number("Probability of repetition after a loss, while a wound is open", "probability", 0.0, 1.0, 0.0),
    "most": Number("Times that it is done in one limb, at most", "times", 1.0, 10.0, 1.0),
    "sessions": Number("Sessions of a course", "sessions", 1.0, 200.0, 1.0),
    "course_days": Number("Duration of a course, from the first to the last session", "days", 0.0, 3650.0, 0.0),
    "healing_hr": Number("Hazard ratio of healing", "hazard ratio", 0.01, 100.0, 1.0),
    "amputation_hr": Number("Hazard ratio of major amputation", "hazard ratio", 0.01, 100.0, 1.0),
    "death_hr": Number("Hazard ratio of death from the disease", "hazard ratio", 0.01, 100.0, 1.0),
    "effect_days": Number("How long hazard ratios last; infinite: while the limb is kept", "days", 1.0, inf, inf),
    "procedural_death": Number("Probability of dying of the procedure", "probability", 0.0, 1.0, 0.0),
    "minor_amputation": Number("Probability of a minor amputation with it", "probability", 0.0, 1.0, 0.0),
    "major_amputation": Number("Probability that it is a below-knee amputation", "probability", 0.0, 1.0, 0.0),
    "cells_gain": Number("Rise from cells given beside it, relative to cells alone", "ratio", 0.0, 10.0, 1.0),
    "complication": Number("Probability of a complication", "probability", 0.0, 1.0, 0.0),
    "complication_utility_loss": Number("Quality of life lost by a complication", "quality weight", 0.0, 1.0, 0.0),
    "complication_utility_loss_days": Number(
        "Days for which a complication's quality of life is lost", "days", 0.0, 3650.0, 0.0
    ),
    "utility_loss": Number("Quality of life lost by a session", "quality weight", 0.0, 1.0, 0.0),
    "utility_loss_days": Number("Days for which a session's quality of life is lost", "days", 0.0, 365.0, 0.0),
    "response_or": Number(
        "Odds ratio of recovery against filtered cells into the muscle", "odds ratio", 0.0, 100.0, 1.0
    ),
}
"""Every number, by its key in a therapy's file. Names of the engines' record of a therapy, too."""

DIRECT = ("healing_hr", "amputation_hr")
"""Ratios that already hold whatever TcPO2 did, so that no rise may stand beside them without saying so."""
RISES = ("plateau", "rise")
OF_PROCEDURES = tuple(name for name in NUMBERS if name != "response_or")
OF_CELLS = (
    "response_or",
    "complication",
    "complication_utility_loss",
    "complication_utility_loss_days",
    "utility_loss",
    "utility_loss_days",
)
"""Numbers that a cell product or route may have: everything else about cells is the limb's response."""
VIEWS = ("sceptical", "central", "optimistic")


def of_view(key: str) -> tuple[str, str]:
    """A number's key without its view, and the view; '' where it is for all."""
    for view in VIEWS:
        if key.endswith(f"_{view}"):
            return key.removesuffix(f"_{view}"), view
    return key, ""
