"""A policy as the rules read it: who is treated, with what, how often."""

from __future__ import annotations

import numpy as np

from simulator.compiling import record_dtype
from simulator.rules.pathway.life import MOST_STEPS
from simulator.rules.population.criteria import CRITERIA_FIELDS

POLICY_FIELDS = (
    *CRITERIA_FIELDS,
    "marker",
    "marker_threshold",
    "marker_sensitivity",
    "marker_specificity",
    "marker_treat_positive",
    "doses",
    "interval",
    "waiting",
    "product",
    "route",
    "repeat_rule",
    "stop_at_tcpo2",
    "cells_start",
    "cells_after",
    "cells_rise_below",
    "step_count",
)
STEP_FIELDS = (*CRITERIA_FIELDS, "therapy", "start", "after", "wait", "rise_below", "slot")
STEP = record_dtype([(name, np.float64) for name in STEP_FIELDS])
"""A therapy of a policy: who of those treated may have it, its number among the parameters' therapies, when it starts
(`Start`), after which step (-1: after cells), wait (years), and the rise (mmHg) below which there was no response,
and how many slots it takes."""
POLICY = record_dtype([*((name, np.float64) for name in POLICY_FIELDS), ("steps", STEP, (MOST_STEPS,))])
"""Criteria, biomarker test, schedule (interval and waiting in years), product and route (numbers of therapies), repeat rule,
when cells start, and the steps in use."""
