"""Libraries that an extra brings: whoever lacks them is told what to install."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.explorer import explore
from simulator.face.calibrate import calibrate
from simulator.face.hospitals import hospitals
from simulator.words.errors import BadInput
from simulator.work import extras
from simulator.work.cluster import Cluster
from simulator.work.extras import check_extra


def test_a_missing_library_is_told_with_its_extra() -> None:
    """The modules that are missing are named together with the line that installs them; those that are there are not."""
    check_extra("refit", "numpy", question="calibrate", key="fit")
    with pytest.raises(BadInput, match=r"calibrate: fit = no_such_library not installed; .*clti-simulator\[refit\]"):
        check_extra("refit", "numpy", "no_such_library", question="calibrate", key="fit")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Cluster("tcp://127.0.0.1:9").check, r"--cluster = distributed not .*\[cluster\]"),
        (lambda: explore(browser=False), r"explore: server = starlette, uvicorn not .*\[explore\]"),
        (lambda: hospitals(smoke=True), r"calibrate: hospitals = jax, numpyro not .*\[refit\]"),
        (lambda: calibrate(check=False, smoke=True), r"calibrate: fit = emcee not .*\[refit\]"),
    ],
)
def test_each_command_names_its_extra_before_any_work(
    asked: Callable[[], object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing but the program's own libraries is installed, nobody waits for lives only to be told at their end."""
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    monkeypatch.setattr("simulator.questions.hospitals.fit.fit", None)
    with pytest.raises(BadInput, match=told):
        asked()
