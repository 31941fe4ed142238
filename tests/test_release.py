"""One version, told alike by the package, its citation, its changes and its tags."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RELEASES = re.findall(
    r"^## (\d+\.\d+\.\d+), (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
)


def test_changes_begin_with_the_newest_release() -> None:
    """Releases stand newest first, and the newest is the package's own version."""
    versions = [tuple(map(int, version.split("."))) for version, _ in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    assert [date.fromisoformat(day) for _, day in RELEASES] == sorted(
        (date.fromisoformat(d) for _, d in RELEASES), reverse=True
    )
    assert RELEASES[0][0] == PROJECT["version"]


def test_citation_names_the_newest_release() -> None:
    """Who cites the program cites the version that is installed."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    told = dict(re.findall(r"^(version|date-released): [\"']?([^\"'\n]+)", citation, re.M))
    assert told == {"version": RELEASES[0][0], "date-released": RELEASES[0][1]}


def test_every_release_has_a_tag_and_every_tag_a_release() -> None:
    """A checkout that has releases' tags has one, as v0.1.0, for each release among the changes, and no other."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no checkout with git")
    told = subprocess.run(["git", "tag"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    tags = [tag for tag in told if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    if not tags:
        pytest.skip("this checkout came without tags")
    assert set(tags) == {f"v{version}" for version, _ in RELEASES}
