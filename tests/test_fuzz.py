"""Whatever a file says, reading it gives a result or tells what is wrong with it; never another exception.

A usual run tries a few hundred damaged files of the same kinds each time. A long run with new ones:

    CLTI_FUZZ_EXAMPLES=10000 pytest tests/test_fuzz.py -n 2

`python benchmarks/abuse.py` goes on to whole commands.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from damaged import FILES
from hypothesis import HealthCheck, Phase, given, settings

LONG = os.environ.get("CLTI_FUZZ_EXAMPLES")
EXAMPLES = int(LONG or 300)
THOROUGH = ("scenario", "patients")
"""Kinds that people write most, tried three times as often as others."""


@pytest.mark.parametrize("kind", FILES)
def test_any_file_is_read_or_told_what_is_wrong(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A damaged file is a BadInput whose problems all say what is allowed, or as sound as its reader promises."""
    folder = tmp_path_factory.mktemp(kind)

    @settings(
        max_examples=EXAMPLES if kind in THOROUGH else max(1, EXAMPLES // 3),
        derandomize=LONG is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(content=FILES[kind].damaged)
    def read(content: bytes) -> None:
        FILES[kind].read(folder, content)

    read()


def test_abuse_sees_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The long run of whole commands tells a traceback, a strange exit code and what was written after bad input."""
    abuse = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "abuse.py"))
    monkeypatch.setattr(sys, "argv", [])

    def fault(does: Callable[[], None]) -> str:
        monkeypatch.setattr(abuse["app"], "main", does)
        found, _ = abuse["_run"](["compare"], tmp_path)
        return str(found)

    def leaves(code: int, written: bool = False) -> Callable[[], None]:
        def main() -> None:
            if written:
                Path("left.txt").touch()
            raise SystemExit(code)

        return main

    def breaks() -> None:
        raise KeyError("x")

    assert fault(leaves(0)) == fault(leaves(1)) == fault(leaves(2)) == ""
    assert "KeyError" in fault(breaks)
    assert "exit code 7" in fault(leaves(7))
    assert "left.txt" in fault(leaves(2, written=True))
