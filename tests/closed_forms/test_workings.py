"""The tables from which a workbook recalculates an analysis, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.questions.value.lines import Line
from simulator.questions.value.valuation.deal import MoneyBack
from simulator.questions.value.workings import _back_table
from simulator.scenario.economics import Deal


def test_treatments_paid_for_and_back() -> None:
    """A row for each draw and policy: first treatments and repeats, then those of each that fail, discounted."""
    counts = np.zeros((2, 2, 2, 4))
    counts[0, 1] = [[1.0, 0.25, 1.1, 0.3], [0.5, 0.125, 0.6, 0.2]]
    counts[1, 0] = [[0.9, 0.2, 9.0, 9.0], [0.4, 0.1, 9.0, 9.0]]
    found = _back_table(MoneyBack(Deal(), counts, np.zeros((0, 2, 2, 2))), ("care", "cells"))
    assert found.to_dict("split")["data"] == [
        [0, "care", 0.0, 0.0, 0.0, 0.0],
        [0, "cells", 1.0, 0.5, 0.25, 0.125],
        [1, "care", 0.9, 0.4, 0.2, 0.1],
        [1, "cells", 0.0, 0.0, 0.0, 0.0],
    ]
    assert list(found) == ["draw", "policy", "first", "repeat", "first_failed", "repeat_failed"]


@pytest.mark.parametrize(
    ("columns", "of_amputation"),
    [
        (("count_minor",), True),
        (("count_below_knee", "clock_amputee_year_1"), True),
        (("count_minor", "count_dose"), False),
        (("time_ulcer", "time_below_knee"), False),
    ],
)
def test_what_is_charged_for_amputations_and_nothing_else(columns: tuple[str, ...], of_amputation: bool) -> None:
    """An amputation, or life after it; not what is charged for something else, too."""
    assert Line("care", "price", (), 1.0, columns, (True,), (columns,)).of_amputation is of_amputation
