"""A policy as the rules read it: who is treated, with what, how often."""

from __future__ import annotations

import numpy as np

from simulator.compiling import record_dtype
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
    "angioplasty",
)
POLICY = record_dtype([(name, np.float64) for name in POLICY_FIELDS])
"""Criteria, biomarker test, schedule (interval and waiting in years), product, route, repeat rule, angioplasty 0/1."""
