"""What is read of a simulated trial, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.value.research.simulated_trial import _statistics


def test_an_estimate_that_could_not_be_made() -> None:
    """The median of the others stands in its place, and a second column says that it could not; other columns are not read."""
    own = pd.DataFrame(
        {
            "estimate_healing": [1.0, np.nan, np.inf, 3.0, 8.0],
            "estimate_death": [1.0, 2.0, 3.0, 4.0, 5.0],
            "cost": 9.0,
        }
    )
    assert _statistics(own).T.tolist() == [
        [1.0, 3.0, 3.0, 3.0, 8.0],
        [1.0, 0.0, 0.0, 1.0, 1.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
    ]


def test_an_estimate_that_was_never_made_is_known_to_be_missing_alone() -> None:
    """No median is made of nothing."""
    own = pd.DataFrame({"estimate_healing": ["", ""], "estimate_death": [1.0, 2.0]})
    assert _statistics(own).T.tolist() == [[0.0, 0.0], [1.0, 2.0]]
