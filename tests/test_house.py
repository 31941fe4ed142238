"""The script that counts the house counts what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "benchmarks"))

import house  # noqa: E402

TOP = '''"""A package."""

import os
from small.deep import work, _own

__all__ = ["work"]


class Worker:
    def go(self, far, *, fast=False, **more):
        """Go."""

        return far
'''
DEEP = "def work(a, b=1, /, *rest):\n    return a\n\n\ndef _own(): ...\n"


@pytest.fixture
def small(tmp_path: Path) -> house.House:
    """A package of three files in two folders, one of them a test, with a notebook beside it."""
    files = {"small/__init__.py": TOP, "small/deep/__init__.py": DEEP, "small/tests/test_it.py": "def test(): ...\n"}
    notebook = {"notebooks/first.py": "import small\nfrom small.deep.down import work\nimport numpy.random\n"}
    for name, text in (files | notebook).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return house.House("small", tmp_path / "small")


def test_a_small_package_is_counted(small: house.House) -> None:
    """Files, lines, arguments without self, names in `__all__`, and how deep notebooks reach; tests are left out."""
    found = house.measures(small)
    assert found["files"] == "2"
    assert found["lines"] == "18"
    assert dict(small.files) == {".": 1, "deep": 1}
    assert found["functions"] == "3"
    assert found["lines per function, most"] == "4 (__init__.go)"
    assert found["arguments per function, most"] == "3 (deep/__init__.work)"
    assert found["public names"] == "1"
    assert (found["imports of notebooks"], found["of these from below the package"]) == ("2", "1")
    assert found["deepest, in names below the package"] == "2"


def test_names_are_those_bound_where_there_is_no_list(small: house.House) -> None:
    """Without `__all__` every name that the top binds or imports counts, private ones aside."""
    top = small.folder / "__init__.py"
    top.write_text(TOP.replace('__all__ = ["work"]', ""), encoding="utf-8")
    assert small.public_names() == len({"os", "work", "Worker"})


def test_this_house_has_a_page() -> None:
    """The page has a row for every measure and a column for this tree and the one that it is set against."""
    page = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    assert "| now | before (23c51e0) |" in page
    for row in house.measures(house.House("now", house.PACKAGE)):
        assert f"| {row} | " in page
