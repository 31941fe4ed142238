"""Sizes for a time to an event, against published numbers."""

from __future__ import annotations

import math

from simulator.statistics import survival_sizes


def test_freedman_events_of_his_table() -> None:
    """Hazard ratio 0.5, two-sided 5%, power 80%: 71 events by Freedman, 66 by Schoenfeld."""
    assert math.ceil(survival_sizes.freedman_events(0.5, 0.025).size(0.8)) == 71
    assert math.ceil(survival_sizes.schoenfeld_events(0.5, 0.025).size(0.8)) == 66
