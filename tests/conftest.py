"""What all tests share: repeatable examples, the quick ones among them, and the branch coverage of the rules.

Property tests draw the same examples every time, so that a failure is a fact and not a chance. The rules are compiled, and
coverage sees nothing of compiled code: `NUMBA_DISABLE_JIT=1 pytest -m rules` runs them without the compiler and prints it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blank import blank_pictures
from browser import closed_at_the_end
from hypothesis import settings

# No limit on the time of an example, which says how busy the machine is and fails on one that is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

PACKAGE = Path(__file__).parents[1] / "simulator"
RULES = ("rules/*", "rules/*/*", "living/*")
LEAST_COVERAGE = 95.0
"""Per cent of lines and branches of the rules and engines that their own tests must run through."""

HERE = Path(__file__).parent
QUICK = (
    "rules",
    "test_boundaries.py",
    "test_draws.py",
    "test_evidence.py",
    "test_layers.py",
    "test_messages.py",
    "test_numbers_in_code.py",
    "test_population.py",
    "test_scenario.py",
    "test_site.py",
    "test_starters.py",
)
"""Folders and files whose tests `pytest -m quick` runs: no command, no calibration, no figure, and under a minute on two cores
once the rules are compiled. Tests that are marked slow are left out."""
ASKED_ALONE: dict[str, tuple[str, ...]] = {"quick": QUICK, "rules": ("rules",)}
"""Where all tests of a mark are: asked for these alone, pytest need not import the other files, which takes a minute."""

watching_key = pytest.StashKey[Any]()
report_key = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Give each of several workers a stretch of neighbouring tests, of which one that is done early takes some from another.

    Dealt out one by one, neighbours land on every worker, and each worker makes what they share (a run of a command, a browser).
    """
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


def pytest_configure(config: pytest.Config) -> None:
    """Watch the rules where they run without the compiler and all of their tests are asked for."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1" and config.option.markexpr == "rules":
        from coverage import Coverage

        watching = Coverage(branch=True, include=[str(PACKAGE / name) for name in RULES], data_file=None)
        watching.start()
        config.stash[watching_key] = watching


@pytest.fixture(scope="session", autouse=True)
def one_process_draws() -> Iterator[None]:
    """Commands that tests call draw in their own process: another takes a second to start, and tests replace what draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulator.telling.studio.cores", lambda: 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_browser() -> Iterator[None]:
    """The browser that looks at reports is started once, if at all, and ends with the tests."""
    with closed_at_the_end():
        yield


@pytest.fixture
def undrawn() -> Iterator[None]:
    """Pictures are left blank, as `blank_pictures` says."""
    with blank_pictures():
        yield


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files alone that have no test of the one mark that is asked for."""
    places = ASKED_ALONE.get(config.option.markexpr)
    if places is None or HERE not in collection_path.parents:
        return None
    return True if collection_path.relative_to(HERE).parts[0] not in places else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the quick tests. A file that is not there any more is an error, lest the list wither."""
    missing = [name for name in QUICK if not (HERE / name).exists()]
    if missing:
        raise pytest.UsageError(f"tests/conftest.py: QUICK names what is not there: {', '.join(missing)}")
    for item in items:
        if (
            HERE in item.path.parents
            and item.path.relative_to(HERE).parts[0] in QUICK
            and not item.get_closest_marker("slow")
        ):
            item.add_marker(pytest.mark.quick)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Too little coverage fails the run."""
    watching = session.config.stash.get(watching_key, None)
    if watching is None:
        return
    watching.stop()
    table = io.StringIO()
    total = watching.report(show_missing=True, skip_covered=True, file=table)
    if total < LEAST_COVERAGE and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    asked = f"{total:.1f}% of lines and branches were run through; at least {LEAST_COVERAGE:g}% are asked for"
    session.config.stash[report_key] = f"{table.getvalue()}\n{asked}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the coverage file by file, and what is not covered."""
    if report_key in config.stash:
        terminalreporter.section("branch coverage of the rules")
        terminalreporter.write_line(config.stash[report_key])
