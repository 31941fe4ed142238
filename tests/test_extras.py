"""Libraries that an extra brings: whoever lacks them is told what to install."""

from __future__ import annotations

import pytest

from simulator.words.errors import BadInput
from simulator.work.extras import check_extra


def test_a_missing_library_is_told_with_its_extra() -> None:
    """The modules that are missing are named together with the line that installs them; those that are there are not."""
    check_extra("refit", "numpy", question="calibrate", key="fit")
    with pytest.raises(BadInput, match=r"calibrate: fit = no_such_library not installed; .*clti-simulator\[refit\]"):
        check_extra("refit", "numpy", "no_such_library", question="calibrate", key="fit")
