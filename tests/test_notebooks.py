"""Notebooks run from top to bottom, say nothing that their code does not, and leave nothing behind."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "docs"))

from executed_notebooks import committed, said  # noqa: E402
from notebook_cells import cells, run  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
NUMBER = re.compile(r"(?<![\w.])\d[\d,_]*(?:\.\d+)?")
each = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)

DEFINITIONS = {"95"}
"""Numbers that name something: 95% intervals."""


def numbers(text: str) -> set[str]:
    """The numbers in a text, written one way."""
    return {found.rstrip(",_").replace(",", "").replace("_", "") for found in NUMBER.findall(text)}


@each
def test_notebook_runs(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs, something is shown, numbers in the prose are in the code or what it shows, no file is left, and the
    committed notebook with outputs says the same (`python docs/executed_notebooks.py` writes it again)."""
    monkeypatch.chdir(tmp_path)
    before = dict(mpl.rcParams)
    prose, known, outputs = "", "", 0
    parts = list(run(notebook))
    for cell, found in parts:
        outputs += len(found)
        known += "".join([cell.text if cell.code else "", *(each.text for each in found)]) + "\n"
        prose += "" if cell.code else re.sub(r"`[^`]*`|\]\([^)]*\)", "", cell.text)
    assert outputs
    assert numbers(prose) - numbers(known) - DEFINITIONS == set()
    assert not list(tmp_path.iterdir())
    assert dict(mpl.rcParams) == before
    assert said(committed(notebook.with_suffix(".ipynb"))) == said(parts)


@each
def test_notebook_is_text_with_cells(notebook: Path) -> None:
    """Cells are marked as jupytext's percent format has them, prose in comments, and the first cell is a title."""
    text = notebook.read_text(encoding="utf-8")
    assert text.startswith("# ---\n# jupyter:\n")
    assert cells(text)[0].text.startswith("# ")
    for cell in text.split("\n# %%")[1:]:
        kind, _, body = cell.partition("\n")
        assert kind in {"", " [markdown]"}
        assert kind == "" or all(line.startswith("#") for line in body.strip().splitlines())


def test_index_lists_every_notebook() -> None:
    """The overview of the folder links to each notebook once."""
    page = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\((\w+\.py)\)", page)) == [file.name for file in NOTEBOOKS]


def test_what_a_cell_shows(tmp_path: Path) -> None:
    """A cell shows what it prints, the value of its last expression and its open figures; names last from cell to cell."""
    file = tmp_path / "one.py"
    file.write_text(
        "# %% [markdown]\n# # Title\n\n# %%\nimport pandas as pd\nx = 2\nprint('seen')\n\n"
        "# %%\npd.DataFrame({'a<b': [x, 3.25], 'c': ['one', 'two']})\n\n"
        "# %%\nimport matplotlib.pyplot as plt\nplt.plot([0, x]);\n"
    )
    (title, _), (_, printed), (_, table), (_, drawn) = run(file)
    assert title.text == "# Title\n"
    assert [(each.kind, each.text) for each in printed] == [("text", "seen\n")]
    assert table[0].kind == "table"
    assert '<th class="number">a&lt;b</th><th>c</th>' in table[0].text
    assert '<td class="number">3.25</td><td>two</td>' in table[0].text
    assert [each.kind for each in drawn if each.drawing] == ["svg"]


def test_a_cell_that_fails_is_told_with_its_line(tmp_path: Path) -> None:
    """An exception of a cell is raised, and its traceback names the notebook and the line."""
    file = tmp_path / "bad.py"
    file.write_text("# %% [markdown]\n# # Title\n\n# %%\nx = 1\n1 / 0\n")
    with pytest.raises(ZeroDivisionError) as failed:
        list(run(file))
    assert str(failed.traceback[-1].path) == str(file)
    assert failed.traceback[-1].lineno + 1 == 6
