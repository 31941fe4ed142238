"""Do the tests see mistakes? `python benchmarks/mutation.py [--only pathway] [--changed REF] [--hours N] [--workers N]`.

Every line of the rules, the loop and the closed forms is changed in every way of `mutation_operators.py`, one at a time, and
the quick tests of its file (`mutation_areas.py`) run without the compiler. A change that no test notices is a survivor; those
that nothing observable depends on are listed with the reason in `mutation_survivors.toml`.

Cosmic Ray says what to change and its operators change it; the tests run in a process forked from one that has already loaded
NumPy, SciPy and pandas, so that a mutant costs a second and no file is touched. Results are kept in --results, and a second
run takes only what is missing there; mutants come in an order drawn once, so that a run that --hours cuts short is a fair sample.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import hashlib
import importlib
import importlib.abc
import importlib.util
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from mutation_areas import AREAS, tests_of
from mutation_operators import changes_behaviour, operators

ROOT = Path(__file__).resolve().parents[1]
REASONS = Path(__file__).with_name("mutation_survivors.toml")
SEED = 1
"""Of the order of mutants."""
SLICE = 2_000
"""Mutants that are sorted by file at a time."""
WANTED = 0.95
"""The share of mutants that tests must notice."""
HEAVY = (
    "numpy",
    "numba",
    "scipy.stats",
    "scipy.optimize",
    "scipy.integrate",
    "pandas",
    "simpy",
    "pytest",
    "hypothesis",
)


@dataclass(frozen=True)
class Mutant:
    """One change: the file and function, what a line read and reads now, and the whole text with the change."""

    file: str
    function: str
    operator: str
    old: str
    new: str
    text: str

    @property
    def name(self) -> str:
        """Key that edits elsewhere in the file do not change."""
        return f"{self.file}::{self.function}: {self.old} -> {self.new}"


def changed_lines(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, each joined to one."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(" ".join(old).split()), " ".join(" ".join(new).split())


def definition_of(node: Any) -> str:
    """The qualified name of the function, method or class that a node stands in; "" outside them."""
    names = []
    while (node := node.parent) is not None:
        if node.type in {"funcdef", "classdef"}:
            names.append(str(node.name.value))
    return ".".join(reversed(names))


def mutants_of(file: str, functions: set[str] | None = None) -> Iterator[Mutant]:
    """Every change of a file, or of some of its functions; what means the same is given once."""
    before = ""
    text = (ROOT / file).read_text(encoding="utf-8")
    for part in get_ast(text).children:
        own = part.get_code()
        seen = {ast.dump(ast.parse(own))}
        for name, operator in operators().items():
            nodes = (node for node in ast_nodes(get_ast(own)) for _ in operator.mutation_positions(node))
            for occurrence, node in enumerate(nodes):
                function = definition_of(node)
                if not changes_behaviour(node) or (functions is not None and function not in functions):
                    continue
                changed = mutate_code(own, operator, occurrence)
                try:
                    meaning = ast.dump(ast.parse(changed))
                except SyntaxError:
                    continue
                if meaning not in seen:
                    seen.add(meaning)
                    whole = before + changed + text[len(before) + len(own) :]
                    yield Mutant(file, function, name, *changed_lines(own, changed), whole)
        before += own


def definitions(text: str) -> dict[str, str]:
    """Each function and method by its qualified name, and what stands outside them under "", without documentation."""
    found: dict[str, str] = {}

    def look(node: Any, path: str) -> None:
        for child in getattr(node, "body", []):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{path}.{child.name}" if path else child.name
                if isinstance(child, ast.FunctionDef):
                    if ast.get_docstring(child) is not None:
                        child.body = child.body[1:] or [ast.Pass()]
                    found[name] = ast.dump(child)
                else:
                    look(child, name)
            elif not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                found[path] = found.get(path, "") + ast.dump(child)

    look(ast.parse(text), "")
    return found


def changed_since(ref: str, file: str) -> set[str]:
    """Functions of a file that differ from a commit. A file that moved is compared with where it was."""

    def git(*words: str) -> str:
        run = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout

    before = file
    for line in git("diff", "--name-status", "--find-renames", ref).splitlines():
        status, *names = line.split("\t")
        if status.startswith("R") and names[1] == file:
            before = names[0]
    old = definitions(git("show", f"{ref}:{before}"))
    return {
        name for name, text in definitions((ROOT / file).read_text(encoding="utf-8")).items() if old.get(name) != text
    }


def module_of(file: str) -> str:
    """The name by which Python imports a file."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Gives Python the mutant's text when it imports the file, which stays as it is."""

    def __init__(self, file: str, text: str) -> None:
        self.path, self.text = str(ROOT / file), text
        self.module = module_of(file)

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> Any:
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_data(self, path: Any) -> bytes:
        return self.text.encode()

    def path_stats(self, path: Any) -> Any:
        raise OSError


def without_screen(seconds: float) -> None:
    """In a forked process: a session of its own, silent, that ends after so many CPU seconds."""
    os.setsid()
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))


def options(folder: str) -> list[str]:
    """How pytest is called."""
    return ["-x", "-q", "--tb=no", "--capture=no", "-p", "no:cacheprovider", "-m", "not slow", f"--basetemp={folder}/t"]


def test_afresh(mutant: Mutant | None, tests: list[str], seconds: float) -> int:
    """In a forked process: import the package with the change and run the tests. Returns pytest's exit code."""
    without_screen(seconds)
    if mutant is not None:
        sys.dont_write_bytecode = True
        sys.meta_path.insert(0, Changed(mutant.file, mutant.text))
    import pytest

    code = 0
    with tempfile.TemporaryDirectory() as folder:
        for test in tests:  # those of the file itself first
            code = code or int(pytest.main([*options(folder), test]))
    return code


def plain(thing: Any) -> Any:
    """The function inside a method, a property or a cache."""
    thing = getattr(thing, "__func__", getattr(thing, "fget", thing))
    return getattr(thing, "__wrapped__", thing)


def exchange(old: dict[str, Any], new: dict[str, Any], module: str) -> None:
    """Let the functions of a module that is in use do what those of the changed text do."""
    for name, value in new.items():
        before, after = plain(old.get(name)), plain(value)
        if getattr(before, "__module__", None) != module:
            continue
        if isinstance(before, FunctionType) and isinstance(after, FunctionType):
            before.__code__, before.__defaults__ = after.__code__, after.__defaults__
            if hasattr(old[name], "cache_clear"):
                old[name].cache_clear()
        elif isinstance(before, type) and isinstance(after, type):
            exchange(dict(vars(before)), dict(vars(after)), module)


def test_in_place(mutant: Mutant, items: list[Any], session: Any, seconds: float) -> int:
    """In a process forked after the tests were collected: exchange the functions and run the tests until one fails."""
    without_screen(seconds)
    module = sys.modules[module_of(mutant.file)]
    fresh = {"__name__": module.__name__, "__file__": module.__file__, "__package__": module.__package__}
    exec(compile(mutant.text, str(module.__file__), "exec"), fresh)
    exchange(vars(module), fresh, module.__name__)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def forked(work: Callable[[], int]) -> int:
    """The number of a process that does some work and ends with its result; one that breaks ends with 3."""
    number = os.fork()
    if number == 0:
        code = 3
        try:
            code = work()
        finally:
            os._exit(code)
    return number


def outcome(status: int) -> str:
    """What the end of a test process means."""
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else "killed"
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed"


def finished(number: int, longest: float) -> str:
    """The outcome of a forked process, which is ended after so many seconds of the clock."""
    end = time.monotonic() + longest
    pause = 0.001
    while True:
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            return outcome(status)
        if time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(number, signal.SIGKILL)
        time.sleep(pause)
        pause = min(2.0 * pause, 0.05)


class Session:
    """A plugin of pytest that, instead of running the tests once, runs them for every mutant of a file."""

    def __init__(self, mutants: list[Mutant], tests: list[str], deadline: float, results: Results) -> None:
        self.mutants, self.tests, self.deadline, self.results = mutants, tests, deadline, results

    def pytest_runtestloop(self, session: Any) -> bool:
        items = session.items
        gc.collect()
        gc.freeze()
        gc.disable()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        sound = Mutant(self.mutants[0].file, "", "", "", "", (ROOT / self.mutants[0].file).read_text(encoding="utf-8"))
        if finished(forked(lambda: test_in_place(sound, items, session, 600.0)), 1200.0) != "survived":
            sys.stderr.write(f"tests fail without any change: NUMBA_DISABLE_JIT=1 pytest {' '.join(self.tests)}\n")
            return True
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        limit = 4.0 * (now.ru_utime + now.ru_stime - usage.ru_utime - usage.ru_stime) + 5.0
        for mutant in self.mutants:
            if time.monotonic() > self.deadline:
                break
            found = "survived"
            if self.in_place(mutant):
                found = finished(forked(lambda m=mutant: test_in_place(m, items, session, limit)), 20.0 * limit)  # type: ignore[misc]
            if found == "survived":
                found = finished(forked(lambda m=mutant: self.afresh(m, limit)), 20.0 * limit)  # type: ignore[misc]
            self.results.add(mutant, found)
            if found == "survived":
                os.write(2, f"survives: {mutant.name}\n".encode())
        return True

    def in_place(self, mutant: Mutant) -> bool:
        """Whether the change is inside a function that can be exchanged; constants need a fresh import."""
        thing: Any = sys.modules.get(module_of(mutant.file))
        for name in mutant.function.split("."):
            thing = getattr(thing, name, None) if name else None
        return isinstance(plain(thing), FunctionType)

    def afresh(self, mutant: Mutant, limit: float) -> int:
        """Run the tests in a fresh import. The package that this process has loaded is forgotten first."""
        for name, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "/")
            if file.is_relative_to(ROOT / "simulator") or file.is_relative_to(ROOT / "tests"):
                del sys.modules[name]
        return test_afresh(mutant, self.tests, limit)


def judge(mutants: list[Mutant], deadline: float, results: Results) -> int:
    """In a forked process: every mutant of one file, in one session of pytest."""
    import pytest

    tests = tests_of(mutants[0].file)
    first = tests[:1]  # what these do not notice, all tests of the area are asked about in a fresh import
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        return int(pytest.main([*options(folder), *first], plugins=[Session(mutants, tests, deadline, results)]))


def judge_all(mutants: list[Mutant], deadline: float, workers: int, results: Results) -> None:
    """Mutants in slices of their order, each slice by file, a session for each file, several at a time."""
    for start in range(0, len(mutants), SLICE):
        by_file: dict[str, list[Mutant]] = {}
        for mutant in mutants[start : start + SLICE]:
            by_file.setdefault(mutant.file, []).append(mutant)
        waiting, running = list(by_file.values()), set[int]()
        while waiting or running:
            while waiting and len(running) < workers and time.monotonic() < deadline:
                some = waiting.pop()
                running.add(forked(lambda some=some: judge(some, deadline, results)))  # type: ignore[misc]
            if not running:
                return
            running.discard(os.wait()[0])


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def state_of_tests(tests: Iterable[str]) -> str:
    """Changes with every test file and what tests share."""
    files = {file for test in tests for file in ([ROOT / test] if test.endswith(".py") else (ROOT / test).glob("*.py"))}
    return digest(
        *(file.read_text(encoding="utf-8") for file in sorted(files | set((ROOT / "tests").glob("[!t]*.py"))))
    )


class Results:
    """Outcomes so far, one line of JSON each: a result holds for the same text of the file and the same tests."""

    def __init__(self, path: Path, trust_kills: bool) -> None:
        self.path, self.trust_kills = path, trust_kills
        self._known: dict[str, dict[str, str]] = {}
        self._states: dict[str, str] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._known[row["mutant"]] = row

    def _marks(self, mutant: Mutant) -> dict[str, str]:
        if mutant.file not in self._states:
            self._states[mutant.file] = state_of_tests(tests_of(mutant.file))
        return {"text": digest(mutant.text), "tests": self._states[mutant.file]}

    def of(self, mutant: Mutant) -> str | None:
        """The outcome, if it is known for this text and these tests."""
        row = self._known.get(mutant.name)
        if row is None:
            return None
        if self.trust_kills and row["outcome"] != "survived":
            return row["outcome"]
        return row["outcome"] if row | self._marks(mutant) == row else None

    def add(self, mutant: Mutant, found: str) -> None:
        row = {"mutant": mutant.name, "operator": mutant.operator, "outcome": found} | self._marks(mutant)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def reasons() -> dict[str, str]:
    """Why nothing observable depends on a change, by mutant."""
    if not REASONS.exists():
        return {}
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8")).get("survivor", [])
    return {f"{row['file']}::{row['function']}: {row['change']}": row["reason"] for row in rows}


def report(mutants: list[Mutant], results: Results) -> bool:
    """Print the score per file and the survivors. Whether enough mutants die and every survivor has its reason."""
    known = reasons()
    unexplained = []
    print(f"\n{'file':<48}{'mutants':>8}{'run':>7}{'noticed':>9}{'score':>8}")
    total = noticed = 0
    for file in sorted({mutant.file for mutant in mutants}):
        of_file = [mutant for mutant in mutants if mutant.file == file]
        found = {mutant: results.of(mutant) for mutant in of_file}
        run = [mutant for mutant in of_file if found[mutant] is not None]
        dead = [mutant for mutant in run if found[mutant] != "survived"]
        total, noticed = total + len(run), noticed + len(dead)
        share = f"{len(dead) / len(run):.1%}" if run else ""
        print(f"{file:<48}{len(of_file):>8}{len(run):>7}{len(dead):>9}{share:>8}")
        unexplained += [mutant for mutant in run if found[mutant] == "survived" and mutant.name not in known]
        for mutant in run:
            if found[mutant] == "survived":
                why = known.get(mutant.name, "NO REASON")
                print(f"    {mutant.function or 'module'}: {mutant.old} -> {mutant.new}\n        {why}")
    share = noticed / total if total else 1.0
    print(f"\n{noticed} of {total} mutants noticed ({share:.1%}); {len(unexplained)} survivors without a reason")
    return share >= WANTED and not unexplained


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--changed", metavar="REF", help="only functions that differ from this commit")
    parser.add_argument("--hours", type=float, default=1e3, help="stop after so long with what there is")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=ROOT / "clti-out" / "mutation.jsonl")
    parser.add_argument("--trust-kills", action="store_true", help="do not try again what other tests noticed")
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    chosen = parser.parse_args()
    deadline = time.monotonic() + 3600.0 * chosen.hours
    files = sorted({file for area in AREAS for file in area.files() if chosen.only in file})
    mutants = [
        mutant
        for file in files
        for mutant in mutants_of(file, None if chosen.changed is None else changed_since(chosen.changed, file))
    ]
    random.Random(SEED).shuffle(mutants)
    if chosen.list:
        for mutant in mutants:
            print(mutant.name)
        return 0
    results = Results(chosen.results, chosen.trust_kills)
    missing = [mutant for mutant in mutants if results.of(mutant) is None]
    print(f"{len(mutants)} mutants, {len(missing)} to run")
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    judge_all(missing, deadline, chosen.workers, results)
    results = Results(chosen.results, chosen.trust_kills)
    return 0 if report(mutants, results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
