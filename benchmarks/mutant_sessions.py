"""Running the tests on mutants: in processes forked from one that has loaded everything, so that no file is touched.

For each file pytest collects the tests named after it once. Every mutant is a fork of that process in which the functions do
what the changed text says. What these tests do not notice, and changes of constants, are tried once more in a fresh import
of the package, with all quick tests of the area.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.abc
import importlib.util
import io
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from mutants import ROOT, Mutant, module_of
from mutation_areas import tests_of

Keep = Callable[[Mutant, str], None]
"""What takes the outcome of a mutant."""
LONGEST = 600.0
"""CPU seconds that the tests of a file may take on the program as it is."""
LEAST = 60.0
"""Seconds of the clock in which a session collects a file's tests, runs them once and tries some mutants."""
CLOCK = 20.0
"""Seconds of the clock that a process gets for each of CPU time: machines are busy, and only what sleeps is caught by it."""


class Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc]  # both of typeshed's own
    """Gives Python the mutant's text when it imports the file, which stays as it is."""

    def __init__(self, file: str, text: str) -> None:
        self.path, self.text = str(ROOT / file), text
        self.module = module_of(file)

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """Only for the mutant."""
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_filename(self, fullname: str) -> str:
        """Where the file lies."""
        return self.path

    def get_data(self, path: Any) -> bytes:
        """The text with the change."""
        return self.text.encode()

    def path_stats(self, path: Any) -> Any:
        """None, so that no compiled copy is read or written."""
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


def test_afresh(mutant: Mutant, tests: list[str], seconds: float) -> int:
    """In a forked process: import the package with the change and run the tests. Returns pytest's exit code."""
    without_screen(seconds)
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


def test_in_place(mutant: Mutant, session: Any, seconds: float) -> int:
    """In a process forked after the tests were collected: exchange the functions and run the tests until one fails."""
    without_screen(seconds)
    module = sys.modules[module_of(mutant.file)]
    fresh = {"__name__": module.__name__, "__file__": module.__file__, "__package__": module.__package__}
    exec(compile(mutant.text, str(module.__file__), "exec"), fresh)
    exchange(vars(module), fresh, module.__name__)
    for item, following in zip(session.items, [*session.items[1:], None], strict=True):
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


def finished(number: int, longest: float, deadline: float) -> str | None:
    """The outcome of a forked process, which is ended after so many seconds of the clock; None if the deadline ends it."""
    end = time.monotonic() + longest
    cut = False
    pause = 0.001
    while True:
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            return None if cut else outcome(status)
        now = time.monotonic()
        if now > min(end, deadline):
            cut = cut or now > deadline
            with contextlib.suppress(ProcessLookupError):
                os.killpg(number, signal.SIGKILL)
        time.sleep(pause)
        pause = min(2.0 * pause, 0.05)


class SoundTestsFail(Exception):
    """The tests fail, or come to no end in time, on the program as it is."""


class Way:
    """A way to run tests on a mutant, which gets a few times the CPU time that they take on the program as it is."""

    def __init__(self, run: Callable[[Mutant, float], int], sound: Mutant) -> None:
        self.run, self.sound = run, sound
        self._limit: float | None = None

    def limit(self, deadline: float) -> float:
        """CPU seconds that a mutant may take, measured once."""
        if self._limit is None:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            found = self._outcome(self.sound, LONGEST, deadline)
            if found is None:
                raise SoundTestsFail("tests of the program as it is outlast the time that is left")
            if found != "survived":
                raise SoundTestsFail("tests fail without any change")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            self._limit = 4.0 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) + 5.0
        return self._limit

    def tried(self, mutant: Mutant, deadline: float) -> str | None:
        """The outcome, or None if the deadline comes first."""
        return self._outcome(mutant, self.limit(deadline), deadline)

    def _outcome(self, mutant: Mutant, seconds: float, deadline: float) -> str | None:
        return finished(forked(lambda: self.run(mutant, seconds)), CLOCK * seconds, deadline)


class Session:
    """A plugin of pytest that, instead of running the tests once, runs them for every mutant of a file.

    No mutant is begun after `end`, the file's share of the time, and what is running at the `deadline` has no outcome.
    """

    def __init__(self, mutants: list[Mutant], tests: list[str], end: float, deadline: float, keep: Keep) -> None:
        self.mutants, self.tests, self.keep = mutants, tests, keep
        self.end, self.deadline = end, deadline

    def pytest_runtestloop(self, session: Any) -> bool:
        """Try every mutant that there is time for."""
        gc.collect()
        gc.freeze()
        gc.disable()
        file = self.mutants[0].file
        sound = Mutant(file, "", "", "", (ROOT / file).read_text(encoding="utf-8"))
        in_place = Way(lambda mutant, seconds: test_in_place(mutant, session, seconds), sound)
        afresh = Way(self.afresh, sound)
        try:
            # Where even the program as it is outlasts the file's share, no mutant of it would come to an end.
            in_place.limit(self.end)
            for mutant in self.mutants:
                if time.monotonic() > self.end:
                    break
                found = in_place.tried(mutant, self.deadline) if self.in_place(mutant) else "survived"
                if found == "survived":
                    # Tests of a whole area can outlast a short share, and would take that of other files.
                    afresh.limit(self.end)
                    found = afresh.tried(mutant, self.deadline)
                if found is not None:
                    self.keep(mutant, found)
        except SoundTestsFail as why:
            sys.stderr.write(f"{file}: {why}: NUMBA_DISABLE_JIT=1 pytest {' '.join(self.tests)}\n")
        return True

    def in_place(self, mutant: Mutant) -> bool:
        """Whether the change is inside a function that can be exchanged; constants need a fresh import."""
        thing: Any = sys.modules.get(module_of(mutant.file))
        for name in mutant.function.split("."):
            thing = getattr(thing, name, None) if name else None
        return isinstance(plain(thing), FunctionType)

    def afresh(self, mutant: Mutant, seconds: float) -> int:
        """Run the tests in a fresh import. The package that this process has loaded is forgotten first."""
        for name, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "/")
            if file.is_relative_to(ROOT / "simulator") or file.is_relative_to(ROOT / "tests"):
                del sys.modules[name]
        return test_afresh(mutant, self.tests, seconds)


def judge(mutants: list[Mutant], end: float, deadline: float, keep: Keep) -> int:
    """In a forked process: the mutants of one file, in one session of pytest."""
    import pytest

    tests = tests_of(mutants[0].file)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        return int(pytest.main([*options(folder), tests[0]], plugins=[Session(mutants, tests, end, deadline, keep)]))


def judge_all(mutants: list[Mutant], deadline: float, workers: int, keep: Keep) -> None:
    """A session for each file, several at a time, in the order of their first mutants, which drawn at random are a draw of files
    in proportion to their mutants. Each has its share of the time that is left, and no less than a session takes to begin: where
    the time is short the last files have none, in place of all too little.
    """
    by_file: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, []).append(mutant)
    left, running = len(mutants), set[int]()
    for some in by_file.values():
        if len(running) == workers:
            running.discard(os.wait()[0])
        now = time.monotonic()
        if now > deadline:
            break
        end = min(now + max(LEAST, workers * (deadline - now) * len(some) / left), deadline)
        running.add(forked(lambda some=some, end=end: judge(some, end, deadline, keep)))  # type: ignore[misc]
        left -= len(some)
    for _ in running:
        os.wait()
