"""Imports inside the package point one way: from the border to people down to words and numbers."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator

PACKAGE = Path(simulator.__file__).parent
FILES = sorted(file for file in PACKAGE.rglob("*.py") if "shipped" not in file.relative_to(PACKAGE).parts)
LAYERS: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            {"words"},
            {"work", "plain_text"},
            {"fingerprint", "records"},
            {"compiling"},
            {"statistics", "statistics.decision", "statistics.multiplicity", "statistics.sizes"},
            {"statistics.endpoints", "statistics.sequential", "statistics.beliefs"},
            {"rules.draws", "rules.hazards", "rules.perfusion"},
            {"evidence", "rules.population"},
            {"rules.pathway"},
            {"scenario", "living"},
            {"run"},
            {"founding", "studies", "valuation"},
            {"centre"},
            {"questions.trial.design"},
            {"questions.trial.analysis"},
            {"questions.trial.conduct", "questions.value.sensitivity"},
            {"questions.trial.reading", "questions.value.consequences", "questions.value.research"},
            {"questions.trial.simulation"},
            {"questions.trial.results"},
            {"questions.trial.sizes"},
            {"questions.registry.export"},
            {"questions.registry.people"},
            {"questions.registry.offsets"},
            {"questions.registry.agreement"},
            {"questions.registry.synthetic"},
            {"questions.sweep.methods", "questions.verify.subject"},
            {"questions.sweep.clinical", "questions.verify.people"},
            {"questions.verify.events", "questions.verify.rulebook"},
            {"questions.verify.outcomes"},
            {
                "questions",
                "questions.boundaries",
                "questions.calibrate",
                "questions.compare",
                "questions.course",
                "questions.forecast",
                "questions.hospitals",
                "questions.registry",
                "questions.samplesize",
                "questions.story",
                "questions.sweep",
                "questions.trial",
                "questions.validate",
                "questions.value",
                "questions.verify",
            },
            {"schemas", "telling"},
            {"face"},
            {"explorer"},
            {"cli"},
        ),
    )
)
"""From the bottom up. A part imports from lower layers and from itself; parts of one layer do not know each other."""
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}
FACADE = {"explorer", "face", "run", "scenario", "words"}
"""What `import simulator` offers, found when it is asked for."""
PEOPLE = {"matplotlib", "rich", "jinja2", "typer", "xlsxwriter"}
"""Libraries that speak to people."""
SLOW = ("numba", "pandas", "scipy", "matplotlib", "SALib", "sklearn", "simpy", "pydantic", "pyarrow")


def part_named(name: str) -> str:
    """The part of the package that a dotted name below it belongs to. Every folder of rules, statistics and questions is one,
    and so is every file of the rules themselves."""
    first, *rest = name.split(".")
    if first not in {"rules", "statistics", "questions"}:
        return first
    if first == "rules":
        return ".".join([first, *rest[:1]])
    if not PACKAGE.joinpath(first, *rest).is_dir():
        rest.pop()
    return ".".join([first, *rest])


def whole(part: str) -> str:
    """The question, or the statistics, that a folder is part of; another part is its own."""
    return ".".join(part.split(".")[: 2 if part.startswith(("questions", "rules")) else 1])


def points_down(part: str, other: str) -> bool:
    """Whether `part` may import `other`: folders of one question by their own layers, all else by those of the questions."""
    if whole(part) != whole(other):
        part, other = whole(part), whole(other)
    return HEIGHT.get(other, len(LAYERS)) < HEIGHT[part]


def part_of(file: Path) -> str:
    """The part of the package that a file belongs to; empty for an `__init__` that holds nothing but parts."""
    return part_named(
        ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")
    )


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import of a file, inside functions and for type checkers too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            if node.module == "simulator":
                yield from ((node.lineno, f"simulator.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module or ""


def inside(file: Path) -> Iterator[tuple[int, str]]:
    """Line and part of every import from the package itself."""
    for line, name in imports(file):
        if name == "simulator" or name.startswith("simulator."):
            yield line, part_named(name.removeprefix("simulator").removeprefix("."))


def outside(file: Path) -> set[str]:
    """Libraries that a file imports, without the standard library."""
    return {name.partition(".")[0] for _, name in imports(file)} - set(sys.stdlib_module_names) - {"simulator"}


def test_every_part_has_a_layer() -> None:
    """A new module or folder of the package is given a place in the order before it is merged."""
    assert {part_of(file) for file in FILES} - {"", "rules"} == set(HEIGHT)


@pytest.mark.parametrize("part", sorted(HEIGHT))
def test_imports_point_down(part: str) -> None:
    """A part imports from lower layers and from itself, and from nothing else of the package."""
    wrong = [
        f"{file.relative_to(PACKAGE.parent)}:{line} imports {other or 'simulator'}"
        for file in FILES
        if part_of(file) == part
        for line, other in inside(file)
        if other != part and not points_down(part, other)
    ]
    assert not wrong, "\n".join(wrong)


def test_questions_meet_below() -> None:
    """No question knows another: what two of them need goes into a part that both stand on."""
    known = {
        f"{file.relative_to(PACKAGE)}:{line} imports {other}"
        for file in FILES
        if part_of(file).startswith("questions.")
        for line, other in inside(file)
        if other.startswith("questions.") and whole(other) != whole(part_of(file))
    }
    assert not known, "\n".join(sorted(known))


def test_command_line_asks_through_the_face() -> None:
    """Commands know no question, engine or rule: they turn options into arguments of the face, as a script would."""
    below = {
        "living",
        "run",
        "scenario",
        *(part for part in HEIGHT if part.startswith(("questions", "rules.", "statistics"))),
    }
    for file in FILES:
        if part_of(file) == "cli":
            assert not below & {other for _, other in inside(file)}, file


def test_facade_offers_only_running() -> None:
    """`import simulator` offers scenarios and runs, and nothing of money, trials or reports."""
    assert {part for _, part in inside(PACKAGE / "__init__.py")} == FACADE


@pytest.mark.parametrize("part", sorted(HEIGHT))
def test_people_are_met_at_the_border(part: str) -> None:
    """Figures, terminals and templates belong to report and cli; SimPy belongs to the engines in `living`."""
    used: set[str] = set()
    for file in FILES:
        if part_of(file) == part:
            used |= outside(file)
    if part not in {"telling", "face", "cli"}:
        assert not used & PEOPLE
    if part != "living":
        assert "simpy" not in used


def test_whoever_tells_reads_tables() -> None:
    """Telling knows no question, and nothing that holds a result's insides: what it is given are `Findings`."""
    files = [file for file in FILES if file.relative_to(PACKAGE).parts[0] == "telling"]
    known = {part for file in files for _, part in inside(file)}
    assert not {part for part in known if part.startswith("questions")}
    assert not known & {"face", "living", "run", "rules.pathway", "rules.population"}


def test_statistics_know_no_patient() -> None:
    """Statistics import words, workers, the compiler and each other; evidence, rules and scenarios are unknown to them."""
    known = {whole(other) for file in FILES if whole(part_of(file)) == "statistics" for _, other in inside(file)}
    assert known == {"words", "work", "compiling", "statistics"}


@pytest.mark.parametrize("part", ["living", *sorted(part for part in HEIGHT if part.startswith("rules."))])
def test_rules_know_numbers_only(part: str) -> None:
    """Rules and what lives by them know arrays and compilation, and nothing of tables, files of evidence or money."""
    for file in FILES:
        if part_of(file) == part:
            assert outside(file) <= {"numpy", "simpy"}, file


def test_help_needs_no_slow_library() -> None:
    """`clti --help` imports no slow library, because commands import them when they run."""
    code = "import sys; from simulator.cli.app import build; build(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(SLOW) & set(loaded)


def test_no_circle_of_files() -> None:
    """No file imports itself by way of others, not even inside a function; what only type checkers read does not count."""
    names = {
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): file
        for file in FILES
    }
    asked = {name: set(_asked_by(file, names)) - {name} for name, file in names.items()}
    while leaves := {name for name, others in asked.items() if not others & set(asked)}:
        asked = {name: others for name, others in asked.items() if name not in leaves}
    while above := set(asked) - set().union(*asked.values()):
        asked = {name: others & set(asked) for name, others in asked.items() if name not in above}
    assert not asked, f"in a circle: {', '.join(sorted(asked))}"


def _asked_by(file: Path, names: dict[str, Path]) -> Iterator[str]:
    """Dotted names of the files that a file imports when it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in typed:
            for alias in node.names:
                yield next((n for n in (f"{node.module}.{alias.name}", node.module) if n in names), "")
