"""An installation that its user may read and no more, with no home and no language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = {
    "simulator": "simulator",
    "scenarios": "simulator/shipped/scenarios",
    "calibration": "simulator/shipped/calibration",
}
"""Folders of a checkout, and where they lie in an installation."""
GIVEN = """
import sys
from simulator.cli.app import main
for words in (
    ["new", "policy", "mine", "--out", "mine.toml"],
    ["evidence", "--group", "healing", "--out", "evidence"],
    ["samplesize", "single-arm", "--p0", "0.5", "--p1", "0.7", "--out", "size"],
):
    sys.argv = ["clti", *words]
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
try:
    open("INSTALLED", "x")
except OSError:
    print("READ ONLY")
"""


def unprivileged() -> list[str]:
    """What makes modes of files hold for the command that follows, where whoever runs the tests is above them."""
    if os.name != "posix" or os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root reads and writes everything, and setpriv is not installed")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def test_an_installation_that_cannot_be_written_serves_another_user(tmp_path: Path) -> None:
    """Commands end well with LANG=C, without a home and beside files that nobody may change, and change none of them."""
    before = unprivileged()
    place, work = tmp_path / "installed", tmp_path / "work"
    work.mkdir()
    for part, there in PARTS.items():
        shutil.copytree(ROOT / part, place / there, ignore=shutil.ignore_patterns("__pycache__", "dated"))
    files = sorted(place.rglob("*"))
    for each in (*files, place):
        each.chmod(0o555 if each.is_dir() else 0o444)
    try:
        run = subprocess.run(
            [*before, sys.executable, "-c", GIVEN.replace("INSTALLED", (place / "simulator" / "x").as_posix())],
            cwd=work,
            env={"LANG": "C", "LC_ALL": "C", "HOME": "/nonexistent", "PYTHONPATH": str(place), "PATH": os.environ["PATH"],
                 "TMPDIR": str(work)},
            capture_output=True,
            check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr.decode("utf-8", "replace")[-2000:]
        assert b"READ ONLY" in run.stdout, "the installation could be written, so nothing was tried"
        assert b"Traceback" not in run.stderr
        assert sorted(place.rglob("*")) == files
        assert (work / "mine.toml").is_file()
        assert (work / "evidence" / "evidence.csv").is_file()
        assert (work / "size" / "report.html").is_file()
    finally:
        for each in (place, *(each for each in files if each.is_dir())):
            each.chmod(0o755)
