"""What the documents say is so: numbers, commands, files that they name, and code that they show."""

from __future__ import annotations

import re
import runpy
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from simulator import load_scenario
from simulator.cli.app import build

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NUMBERED = ("README.md", "MODEL.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
NAMED = re.compile(r"`((?:simulator|scenarios|calibration|docs|tests|notebooks)/[\w./-]+|[A-Z]+\.(?:md|cff))`")
INLINE = re.compile(r"`(clti [^`\n]+)`")
named = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text_of(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return [body for found, body in FENCE.findall(text_of(page)) if found == language]


def commands(page: Path) -> list[list[str]]:
    """Every `clti` command of a page as its words, without the program's name and without a pipe or a second command."""
    lines = [line for body in blocks(page, "console") for line in body.splitlines()]
    found = [part.strip() for line in lines for part in line.split("&&")] + INLINE.findall(text_of(page))
    words = [shlex.split(part, comments=True) for part in found]
    return [each[1:] for each in words if each and Path(each[0]).name == "clti"]


@cache
def script() -> dict[str, Any]:
    """The script that recomputes numbers."""
    return runpy.run_path(str(ROOT / "docs" / "printed_numbers.py"))


@cache
def found() -> tuple[Any, dict[str, str]]:
    """What the simulations say, and the numbers by name."""
    results = script()["Found"]()
    return results, script()["numbers"](results)


@pytest.mark.parametrize("name", NUMBERED)
def test_numbers_are_up_to_date(name: str) -> None:
    """Every marked number and table is what the program finds now; if not: python docs/printed_numbers.py --write."""
    page = text_of(ROOT / name)
    assert script()["difference"](page, script()["renewed"](page, *found())) == []


@pytest.mark.parametrize("name", NUMBERED)
def test_every_mark_is_read(name: str) -> None:
    """A mark with a misspelt name, without its number or without its end does not pass for a checked number."""
    page = text_of(ROOT / name)
    read = sum(len(script()[kind].findall(page)) for kind in ("NUMBER", "TABLE", "DRAWN"))
    assert read == len(script()["MARK"].findall(page)) > 0


def test_every_number_is_printed() -> None:
    """The script computes no number or table that no page prints."""
    printed = {name for page in NUMBERED for name in script()["MARK"].findall(text_of(ROOT / page))}
    assert printed == {*found()[1], *script()["TABLES"], "views"}


def test_a_drifted_number_is_seen() -> None:
    """A number that is not what the program finds differs from the renewed page."""
    page = "x <!-- number: register.fitted -->999 y\n"
    made = script()["renewed"](page, *found())
    assert made == f"x <!-- number: register.fitted -->{found()[1]['register.fitted']} y\n"
    assert len(script()["difference"](page, made)) == 2


@named
def test_marks_do_not_begin_a_line(page: Path) -> None:
    """A number's mark stands inside its line: at its beginning Markdown would take the whole line for HTML."""
    assert not re.search(r"^ *<!-- number", text_of(page), re.MULTILINE)


@named
def test_named_files_exist(page: Path) -> None:
    """Files that a page links to or names are there."""
    linked = [page.parent / target for target in LINK.findall(text_of(page))]
    mentioned = [ROOT / target for target in NAMED.findall(text_of(page))]
    missing = [str(file) for file in linked + mentioned if "*" not in str(file) and not file.exists()]
    assert not missing


def read(command: Any, words: list[str]) -> None:
    """Let a command read its words without running it; a word that it does not take raises."""
    if hasattr(command, "commands"):
        read(command.commands[words[0]], words[1:])
    else:
        command.make_context(command.name, words)


@named
def test_commands_are_understood(page: Path) -> None:
    """Every command of a page is one that the program has, with options and arguments that it takes."""
    program: Any = typer.main.get_command(build())
    for words in commands(page):
        if len(words) == 1:  # named in a sentence, or run without arguments
            assert words[0] in program.commands or words[0].startswith("--")
        elif words:
            read(program, words)


def test_readme_has_its_two_commands() -> None:
    """The README's run and test commands stand after their marks, where continuous integration finds them."""
    page = text_of(ROOT / "README.md")
    for step in ("run", "test"):
        assert re.search(rf"^<!-- {step} -->\n```console\n\S.*\n```$", page, re.MULTILINE)


@named
def test_python_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python code of a page runs as it stands, block after block, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for body in blocks(page, "python"):
        exec(compile(body, page.name, "exec"), names)


@named
def test_toml_is_accepted(page: Path, tmp_path: Path) -> None:
    """A scenario that a page shows loads as it stands."""
    for number, body in enumerate(blocks(page, "toml")):
        if "extends" in body:
            file = tmp_path / f"{number}.toml"
            file.write_text(body, encoding="utf-8")
            assert load_scenario(file).compare


def test_vision_is_short() -> None:
    """The vision has at most ten lines."""
    assert len(text_of(ROOT / "VISION.md").splitlines()) <= 10
