"""What all tests share: repeatable examples, and the branch coverage of the rules.

Property tests draw the same examples every time, so that a failure is a fact and not a chance. The rules are compiled, and
coverage sees nothing of compiled code: `NUMBA_DISABLE_JIT=1 pytest -m rules` runs them without the compiler and prints it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

PACKAGE = Path(__file__).parents[1] / "simulator"
RULES = ("rules/*", "rules/*/*", "living/*")
LEAST_COVERAGE = 95.0
"""Per cent of lines and branches of the rules and engines that their own tests must run through."""

coverage_key = pytest.StashKey[Any]()


def pytest_configure(config: pytest.Config) -> None:
    """Watch the rules where they run without the compiler and all of their tests are asked for."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1" and config.option.markexpr == "rules":
        from coverage import Coverage

        watching = Coverage(branch=True, include=[str(PACKAGE / name) for name in RULES], data_file=None)
        watching.start()
        config.stash[coverage_key] = watching


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the coverage file by file, and what is not covered."""
    watching = config.stash.get(coverage_key, None)
    if watching is None:
        return
    watching.stop()
    terminalreporter.section("branch coverage of the rules")
    total = watching.report(show_missing=True, skip_covered=True, file=terminalreporter)
    terminalreporter.line(f"{total:.1f}% of lines and branches; at least {LEAST_COVERAGE:g}% are asked for")
    if total < LEAST_COVERAGE:
        terminalreporter.line("too little", red=True)
