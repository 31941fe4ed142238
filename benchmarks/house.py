"""How the program's house is built, counted: `python benchmarks/house.py --beside NAME=FOLDER ... > docs/house.md`.

Counts files, lines and arguments of the package in this tree and, beside it, of any other package: an earlier commit of this
one (`git worktree add`), or a library as it is installed. Everything is read from the source text and nothing is imported, so
a package need not run to be counted. Tests inside a package are left out.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles

PACKAGE = Path(__file__).parents[1] / "simulator"
LEFT_OUT = frozenset({"tests", "test", "shipped", "__pycache__"})
"""Folders inside a package that are no part of how it is built."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class House:
    """A package: what it is called in the table, and its folder."""

    name: str
    folder: Path

    @cached_property
    def trees(self) -> dict[Path, ast.Module]:
        """The syntax tree of every file."""
        files = (file for file in sorted(self.folder.rglob("*.py")) if not LEFT_OUT & {*self.inside(file).parts})
        return {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}

    @cached_property
    def functions(self) -> list[tuple[str, Function]]:
        """Every function and method, those inside others too, with its file inside the package."""
        named = ((self.inside(file).with_suffix("").as_posix(), tree) for file, tree in self.trees.items())
        return [(file, node) for file, tree in named for node in ast.walk(tree) if isinstance(node, Function)]

    @cached_property
    def files(self) -> Counter[str]:
        """Files by folder, those in folders below it not counted."""
        return Counter(self.inside(file).parent.as_posix() for file in self.trees)

    def inside(self, file: Path) -> Path:
        """A file's path inside the package."""
        return file.relative_to(self.folder)

    def lines(self) -> int:
        """Lines of all files, blank ones and comments among them."""
        return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in self.trees)

    def public_names(self) -> int:
        """Names that the package offers at its top: `__all__` where it is written out, else all that it binds or imports."""
        body = self.trees[self.folder / "__init__.py"].body
        for node in body:
            if (
                "__all__" in bound(node)
                and isinstance(node, ast.Assign)
                and isinstance(node.value, ast.List | ast.Tuple)
            ):
                return len(node.value.elts)
        return len({name for node in body for name in bound(node) if not name.startswith("_")})

    def notebook_imports(self) -> list[int]:
        """How many dots below the package's own name the notebooks beside it import from, a number for every import."""
        notebooks = (self.folder.parent / "notebooks").glob("*.py")
        return [
            name.count(".")
            for file in notebooks
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            for name in modules(node)
            if name.partition(".")[0] == self.folder.name
        ]


def bound(node: ast.stmt) -> Iterator[str]:
    """Names that a statement at the top of a file binds."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in names)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def modules(node: ast.AST) -> Iterator[str]:
    """Dotted names of the modules that an import is from."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""


def length(function: Function) -> int:
    """Lines of a function, its docstring among them and its decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def arguments(function: Function) -> int:
    """Arguments of a function, without `self` and `cls`; `*args` and `**kwargs` are one each."""
    own = function.args
    named = [each.arg for each in (*own.posonlyargs, *own.args)]
    there = len(named) + len(own.kwonlyargs) + (own.vararg is not None) + (own.kwarg is not None)
    return there - (named[:1] in (["self"], ["cls"]))


def most_of(house: House, measure: Callable[[Function], int]) -> str:
    """The largest measure of a function, and which function has it."""
    most, file, name = max((measure(function), file, function.name) for file, function in house.functions)
    return f"{most} ({file}.{name})"


def measures(house: House) -> dict[str, str]:
    """What the table says of a package, by row."""
    lengths = [length(function) for _, function in house.functions]
    taken = [arguments(function) for _, function in house.functions]
    depths = house.notebook_imports()
    (widest, most), *_ = house.files.most_common(1)
    notebooks = {
        "imports of notebooks": str(len(depths)),
        "of these from below the package": str(sum(depth > 0 for depth in depths)),
        "deepest, in names below the package": str(max(depths, default=0)),
    }
    return {
        "files": f"{len(house.trees):,}",
        "lines": f"{house.lines():,}",
        "folders": str(len(house.files)),
        "files per folder, median": f"{median(house.files.values()):g}",
        "files per folder, most": f"{most} ({widest if widest != '.' else 'top'})",
        "functions": f"{len(lengths):,}",
        "lines per function, median": f"{median(lengths):g}",
        "lines per function, 95 of 100 have at most": f"{quantiles(lengths, n=20, method='inclusive')[-1]:.0f}",
        "lines per function, most": most_of(house, length),
        "arguments per function, median": f"{median(taken):g}",
        "arguments per function, most": most_of(house, arguments),
        "functions with more than 10 arguments": str(sum(number > 10 for number in taken)),
        "public names": str(house.public_names()),
        **(notebooks if depths else dict.fromkeys(notebooks, "")),
    }


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, the first column left and the others right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(houses: list[House]) -> str:
    """The page of the documents: every measure of every package, then the files of each folder of this one and of its past."""
    found = {house.name: measures(house) for house in houses}
    rows = [[row, *(own[row] for own in found.values())] for row in found[houses[0].name]]
    own = [house for house in houses if house.folder.name == PACKAGE.name]
    folders = sorted({folder for house in own for folder in house.files})
    files = [
        [folder if folder != "." else "(top)", *(str(house.files[folder] or "") for house in own)] for folder in folders
    ]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PACKAGE, capture_output=True, text=True, check=True
    )
    return f"""# How the house is built

Counted on {datetime.now(UTC):%Y-%m-%d} at commit {commit.stdout.strip()} by `benchmarks/house.py`, which reads source text and \
imports nothing; lines
include blank ones, comments and docstrings. A library's size says what it does, not how well it is built: compare the lines
and arguments of a function, not the totals. A command has an argument for every option. Libraries come without notebooks.

{markdown(["", *found], rows)}

## Files in each folder

{markdown(["folder", *(house.name for house in own)], files)}
"""


def house_of(text: str) -> House:
    """A package from the command line: NAME=FOLDER, FOLDER, or the name of an installed package."""
    name, _, place = text.rpartition("=")
    folder = Path(place)
    if not folder.is_dir():
        spec = find_spec(place) if place.isidentifier() else None
        if spec is None or spec.origin is None:
            raise argparse.ArgumentTypeError(f"{place}: neither a folder nor an installed package")
        folder = Path(spec.origin).parent
    if not (folder / "__init__.py").is_file():
        raise argparse.ArgumentTypeError(f"{place}: no package, because it holds no __init__.py")
    return House(name or folder.name, folder.resolve())


def main() -> int:
    """Print the page."""
    options = argparse.ArgumentParser(description="Count files, lines and arguments of this package and of others.")
    options.add_argument(
        "--beside", action="append", default=[], type=house_of, metavar="NAME=FOLDER",
        help="Another package: its folder, with a name if wanted, or the name of an installed one. Can be repeated.",
    )  # fmt: skip
    sys.stdout.write(page([House("now", PACKAGE), *options.parse_args().beside]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
