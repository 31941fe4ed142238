"""Notebooks as Jupyter keeps them, with what their cells showed: `python docs/executed_notebooks.py [--out FOLDER] [NAME ...]`.

The notebooks themselves are text without outputs (jupytext's percent format). Without `--out` the `.ipynb` files go beside them,
to be committed; a test runs the text again and holds what a committed file says to it. The site shows the committed ones.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4
from notebook_cells import Cell, Shown, run

FOLDER = Path(__file__).parent.parent / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TYPES = {"table": "text/html", "svg": "image/svg+xml", "png": "image/png"}
"""Kind of what a cell showed -> its type in a notebook."""


def executed(parts: Iterable[tuple[Cell, Sequence[Shown]]]) -> str:
    """The `.ipynb` of cells with what each showed, the same bytes for the same cells."""
    made, run_so_far = [], 0
    for number, (cell, found) in enumerate(parts, 1):
        if cell.code:
            run_so_far += 1
            outputs = [_output(each) for each in found]
            one = v4.new_code_cell(cell.text.strip(), execution_count=run_so_far, outputs=outputs)
        else:
            one = v4.new_markdown_cell(cell.text.strip())
        one["id"] = f"cell-{number}"
        made.append(one)
    notebook = v4.new_notebook(cells=made, metadata=METADATA)
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def committed(file: Path) -> list[tuple[Cell, list[Shown]]]:
    """The cells of an `.ipynb` that `executed` wrote, with what each showed."""
    found = []
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        one = Cell(cell["cell_type"] == "code", "".join(cell["source"]) + "\n", 0)
        found.append((one, [_shown(each) for each in cell.get("outputs", ())]))
    return found


def said(parts: Iterable[tuple[Cell, Sequence[Shown]]]) -> list[tuple[bool, str, list[str]]]:
    """Cells, whether each is code, its source, and the texts and tables that it showed.

    Drawings are left out: their bytes hang on the version of the library and on the fonts of the machine.
    """
    return [
        (cell.code, cell.text.strip(), [each.text for each in found if each.kind in ("text", "table")])
        for cell, found in parts
    ]


def _output(each: Shown) -> Any:
    if each.kind == "text":
        return v4.new_output("stream", name="stdout", text=each.text)
    if each.kind == "table":
        content = each.text
    else:
        content = each.drawing.decode("utf-8") if each.kind == "svg" else b64encode(each.drawing).decode("ascii")
    plain = "a table" if each.kind == "table" else each.text or "a figure"
    return v4.new_output("display_data", data={TYPES[each.kind]: content, "text/plain": plain})


def _shown(output: Any) -> Shown:
    if "text" in output:
        return Shown("text", "".join(output["text"]))
    data = {kind: "".join(content) for kind, content in output["data"].items()}
    if TYPES["table"] in data:
        return Shown("table", data[TYPES["table"]])
    if TYPES["svg"] in data:
        return Shown("svg", data["text/plain"], data[TYPES["svg"]].encode())
    return Shown("png", data["text/plain"], b64decode(data[TYPES["png"]]))


def main(out: Path, names: Sequence[str]) -> None:
    """Run notebooks (all without names) and write each with its outputs."""
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(FOLDER.glob("*.py")):
        if not names or file.stem in names:
            # The cells run in a folder of their own.
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                text = executed(run(file))
            (out / file.with_suffix(".ipynb").name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--out", type=Path, default=FOLDER, help="folder for the .ipynb files")
    reader.add_argument("names", nargs="*", help="notebooks without .py; default: all")
    asked = reader.parse_args()
    main(asked.out, asked.names)
