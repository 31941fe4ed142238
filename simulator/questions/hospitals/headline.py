"""The headline at the average hospital of a new fit, with and without what open series say of treatment."""

from __future__ import annotations

import pandas as pd

from simulator.evidence.hospitals import FIELDS, RATES
from simulator.questions.hospitals.fit import Fit
from simulator.questions.validate.open_series import with_and_without

PATIENTS = 20_000


def headline(found: Fit, seed: int) -> pd.DataFrame:
    """The table of `with_and_without`, for the average hospital of the fit and what the same fit would learn of response."""
    offsets = {FIELDS[name]: float(found.population.rows[f"mean_{name}"].mean()) for name in RATES}
    mean, low, high = found.open_response
    return with_and_without({"mean": mean, "low": low, "high": high}, PATIENTS, seed, offsets)
