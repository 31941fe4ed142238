"""What the documents say is so: numbers, commands, files that they name, and code that they show."""

from __future__ import annotations

import re
import runpy
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from own_counts import FEW_LIVES
from typer.testing import CliRunner

from simulator import load_scenario
from simulator.centre import own
from simulator.cli.app import build
from simulator.questions.sweep.policy_sweep import sweep_of
from simulator.questions.sweep.study_reading import study_tables
from simulator.questions.trial.reading.design_reading import load_design
from simulator.questions.verify import verification

ROOT = Path(__file__).parent.parent
PLACES = ("*.md", "docs/*.md", "benchmarks/*.md", "notebooks/*.md", "scenarios/designs/*.md")
PAGES = sorted(file for place in PLACES for file in ROOT.glob(place))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
NUMBERED = ("README.md", "MODEL.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
NAMED = re.compile(r"`((?:simulator|scenarios|calibration|docs|tests|notebooks)/[\w./-]+|[A-Z]+\.(?:md|cff))`")
INLINE = re.compile(r"`(clti [^`\n]+)`")
named = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

QUICK = {
    "compare": ["--patients", "100"],
    "calibrate": ["--check", "--patients", "2000"],
    "validate": ["--draws", "2", "--patients", "10", "--study", "tamaris"],
    "verify": ["--patients", "200"],
    "economics": ["--policy", "conservative", "--policy", "protocol", "--draws", "10", "--patients", "10"],
    "trial": ["--trials", "20", "--quick"],
    "forecast": ["--draws", "20", "--patients", "40"],
}
"""Options with which a command of the pages is run here. The fit itself takes minutes; its own tests run a small one."""
STUDIES = dict.fromkeys(("one_way", "morris", "MY-STUDY.toml", "STUDY.toml"), "small.toml")
"""Studies of the pages, and the small one that is run in their place."""
NOT_RUN = {"--install-completion", "--show-completion", "--cluster", "--course", "--trial", "explore", "...",
           "ours.csv", "ours/centre.toml"}  # fmt: skip
"""Words of commands that are read and not run: they change the user's shell, need a cluster, need what a long run left or many
lives, go on until they are stopped (their own tests run such ones), stand for many words, or are a path that a test walks."""
ELSEWHERE = ("python3 -m venv", ".venv/bin/", "dask ")
"""How other commands of the pages begin: what continuous integration does itself, and the scheduler's own programs."""


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


def test_the_mark_of_the_figure_names_what_it_draws() -> None:
    """Another difference of an outcome drawn makes another mark, an outcome that no panel shows does not."""
    views, digest = found()[0].views, script()["digest"]
    drawn = views["outcome"] == "walking"
    assert digest(views[views["outcome"] != "healing"]) == digest(views)
    assert digest(views.assign(difference=views["difference"] + 0.001 * drawn)) != digest(views)


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


def search_test() -> list[tuple[str, list[str]]]:
    """File and names of every row of the search test in CONTRIBUTING.md."""
    part = text_of(ROOT / "CONTRIBUTING.md").partition("## The search test")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")][2:]
    return [(file.strip(" `"), re.findall(r"`([^`]+)`", names)) for _, file, names in rows]


@pytest.mark.parametrize(("file", "names"), search_test(), ids=lambda each: each if isinstance(each, str) else "")
def test_the_search_test_is_answered_where_it_says(file: str, names: list[str]) -> None:
    """Each name that answers a question of the search test is defined or written as a key in the file that the row names."""
    text = text_of(ROOT / file)
    assert names
    for name in names:
        defined = rf'^\s*(?:(?:def |class |\[(?:\w+\.)*|"""){name}\b|{name}(?:: .*)? = )'
        assert re.search(defined, text, re.MULTILINE), name


def read(command: Any, words: list[str]) -> None:
    """Let a command read its words without running it; a word that it does not take raises."""
    if hasattr(command, "commands"):
        read(command.commands[words[0]], words[1:])
    else:
        command.make_context(command.name, words)


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_are_understood(page: Path) -> None:
    """Every command of a page or notebook is one that the program has, with options and arguments that it takes."""
    program: Any = typer.main.get_command(build())
    for words in commands(page):
        if len(words) == 1:  # named in a sentence, or run without arguments
            assert words[0] in program.commands or words[0].startswith("--")
        elif words:
            read(program, words)


def shown_commands() -> list[tuple[str, ...]]:
    """The commands that the pages tell a reader to give: in fences, and in the README's table of where to go next."""
    rows = [line for line in text_of(ROOT / "README.md").splitlines() if line.startswith("|")]
    parts = [part for row in rows for part in INLINE.findall(row)]
    parts += [part for page in PAGES for body in blocks(page, "console") for part in re.split(r"\n|&&", body)]
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        words = shlex.split(part, comments=True)
        if words[:1] == ["clti"] and not NOT_RUN.intersection(words):
            words = [STUDIES.get(word, word) for word in (*words[1:], *QUICK.get(words[1], []))]
            # Commands that differ in the output folder or in a word that says the default are run once.
            same = re.sub(r" --out \S+| base\b", "", " ".join(dict.fromkeys(words)))
            found.setdefault(same, tuple(words))
    return sorted(found.values())


def write_inputs(run: CliRunner, program: typer.Typer, words: tuple[str, ...]) -> None:
    """The files that a command reads, in the working folder."""
    starters = {"two_doses.toml": "policy", "my_trial.toml": "design", "design.toml": "design", "ours.toml": "centre"}
    for word in words:
        if word in starters:
            assert run.invoke(program, ["new", starters[word], Path(word).stem]).exit_code == 0
    for name in {"costs_and_effects.csv", "clti-out/economics/draws.parquet"}.intersection(words):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame([(draw, option, 1000 + 700 * new + 7 * draw, 1 + new * draw / 500)
                              for draw in range(200) for new, option in enumerate(("usual", "new"))],
                             columns=["draw", "option", "cost", "effect"])  # fmt: skip
        if name.endswith(".csv"):
            table.to_csv(name, index=False)
        else:
            valued = dict.fromkeys(("recovery_gain", "recovery_spread"), table["draw"] / 200)
            table.assign(**valued).to_parquet(name)
    if "small.toml" in words or "part-1" in words:
        Path("small.toml").write_text(
            'title = "Small"\nmethod = "one_way"\nsize = 2\nseed = 1\npatients = 50\n'
            'outputs = ["protocol.major_amputation@1"]\n[model]\nkind = "clti"\n'
            '[parameters]\nnames = ["recovery_gain", "amputation_hr_dialysis"]\ncorrelated = "transformation"\n'
        )
    if "part-1" in words:
        for part in ("1", "2"):
            shard = ["sensitivity", "small.toml", "--shard", f"{part}/2", "--out", f"part-{part}"]
            assert run.invoke(program, shard).exit_code == 0


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("words", shown_commands(), ids=" ".join)
def test_commands_run(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that a page shows ends well, with fewer patients and draws than it would take by itself."""
    monkeypatch.chdir(tmp_path)
    if words[0] == "verify":
        # The first check of each domain. The test of verification runs all of them; the last of one takes 20 seconds.
        some = list({each.domain: each for each in reversed(verification.all_checks())}.values())
        monkeypatch.setattr(verification, "all_checks", lambda: some)
    monkeypatch.setattr("simulator.questions.compare.job.RELIANCE_PATIENTS", 200)
    # A hospital's own counts are read with fewer lives, too; how many there should be, test_hospitals.py says.
    for name, size in FEW_LIVES.items():
        monkeypatch.setattr(own, name, size)
    run, program = CliRunner(), build()
    write_inputs(run, program, words)
    done = run.invoke(program, list(words))
    assert done.exit_code == 0, f"{done.output[-2000:]}\n{done.exception!r}"


@named
def test_other_commands_are_known(page: Path) -> None:
    """Fences show nothing else than commands of this program and those that continuous integration gives."""
    for body in blocks(page, "console"):
        for part in re.split(r"\n|&&", body.strip()):
            assert part.strip().startswith(("clti ", *ELSEWHERE)), part
    assert not re.search(r"^    (clti|python|pip) ", text_of(page), re.MULTILINE), "commands stand in fences"


def test_readme_has_its_commands() -> None:
    """The README's commands that run, test and make the site stand after their marks, where continuous integration finds them."""
    page = text_of(ROOT / "README.md")
    for step in ("run", "test", "site"):
        assert re.search(rf"^<!-- {step} -->\n```console\n\S.*\n```$", page, re.MULTILINE)
    assert "for step in run test site; do" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@named
def test_python_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python code of a page runs as it stands, block after block, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for body in blocks(page, "python"):
        exec(compile(body, page.name, "exec"), names)


@named
def test_toml_is_accepted(page: Path, tmp_path: Path) -> None:
    """A scenario, a design or a study that a page shows loads as it stands."""
    for number, body in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(body, encoding="utf-8")
        if "extends" in body:
            assert load_scenario(file).compare
        elif "[[endpoints]]" in body:
            assert load_design(file).design.primary
        else:
            assert len(sweep_of(*study_tables(file)).inputs)


def test_vision_is_short() -> None:
    """The vision has at most ten lines."""
    assert len(text_of(ROOT / "VISION.md").splitlines()) <= 10
