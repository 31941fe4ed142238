"""Notebooks run from top to bottom and leave nothing behind."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.py"))


@pytest.fixture
def quiet_figures() -> Iterator[None]:
    """Figures are drawn without a screen and closed afterwards."""
    import matplotlib.pyplot as plt

    with matplotlib.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")


@pytest.mark.usefixtures("quiet_figures")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_runs(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every cell runs, something is shown, and no file is left in the working folder."""
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(notebook), run_name="__main__")
    assert capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_is_text_with_cells(notebook: Path) -> None:
    """Cells are marked as jupytext's percent format has them, prose in comments, and the first cell is a title."""
    cells = notebook.read_text(encoding="utf-8").split("\n# %%")[1:]
    assert cells[0].startswith(" [markdown]\n# # ")
    for cell in cells:
        kind, _, body = cell.partition("\n")
        assert kind in {"", " [markdown]"}
        assert kind == "" or all(line.startswith("#") for line in body.strip().splitlines())
