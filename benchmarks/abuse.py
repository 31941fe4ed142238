"""Does bad input do harm? `python benchmarks/abuse.py [--files N] [--commands M] [--seed S] [--keep FOLDER]`.

First N damaged files of every kind go through their readers, then M whole commands run with damaged files and damaged
options, all in one process. Wanted: a result or a message, never another exception; exit code 0, 1 or 2; after 2 nothing
written. What fails is printed and kept in FOLDER with what led there. The same seed damages alike. Exit code 1: something failed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from damaged import FILES, VALUES  # noqa: E402

from simulator.cli import app  # noqa: E402

LONGEST = 120
"""Seconds of one command."""
EXIT_CODES = (0, 1, 2)
JUNK = (
    *(value.strip('"') for value in VALUES if len(value) < 100),
    "--",
    "-",
    "\udcff",
    "é\n",
    "0,1",
    "1/0",
    "3/8",
    "a=b,c",
)


@dataclass(frozen=True)
class Command:
    """A command with the kind of file it reads, and options with values that are quick."""

    words: tuple[str, ...]
    kind: str = ""
    options: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()


COMMANDS = (
    Command(
        ("compare",), "scenario", (("--patients", "30"), ("--seed", "3"), ("--view", "central")), ("--no-reliance",)
    ),
    Command(("trace",), "scenario", (("--patient", "3"), ("--policy", "protocol"), ("--seed", "1"))),
    Command(("economics",), "scenario", (("--draws", "3"), ("--patients", "10"), ("--threshold", "30000"))),
    Command(("economics", "base", "--perspective"), "payer", (("--draws", "3"), ("--patients", "10"))),
    Command(("trial",), "design", (("--trials", "5"), ("--truth", "null"), ("--power", "0.8")), ("--quick",)),
    Command(("sensitivity",), "study", (("--shard", "1/1"), ("--workers", "1"))),
    Command(("validate",), "validation", (("--draws", "4"), ("--patients", "20")), ("--no-structural",)),
    Command(("cea",), "results", (("--threshold", "20000"), ("--currency", "EUR"), ("--comparator", "conservative"))),
    Command(
        ("boundaries",),
        "",
        (("--looks", "3"), ("--alpha", "0.025"), ("--futility", "cp:0.2"), ("--information", "0.5,1")),
    ),
    Command(("samplesize", "binary"), "", (("--p0", "0.3"), ("--p1", "0.5"), ("--power", "0.9"))),
    Command(("samplesize", "survival"), "", (("--hazard-ratio", "0.7"), ("--median-0", "1"), ("--lost", "0.1"))),
    Command(("evidence",), "", (("--name", "tcpo2"), ("--grade", "assumption"), ("--group", "death"))),
    Command(("schema",), "", ()),
)
ENDS = {"patients": "csv", "results": "csv"}


def abuse_readers(number: int, start: int, keep: Path, folder: Path) -> Counter[str]:
    """Read so many damaged files, evenly of every kind; returns how often each fault came."""
    faults: Counter[str] = Counter()
    for name in FILES:
        begun = time.monotonic()
        outcomes = _read_all(name, -(-number // len(FILES)), start, keep, folder)
        faults.update(outcomes)
        print(
            f"{name}: {-(-number // len(FILES))} files in {time.monotonic() - begun:.0f} s, {outcomes.total()} failed"
        )
    return faults


def _read_all(name: str, number: int, start: int, keep: Path, folder: Path) -> Counter[str]:
    faults: Counter[str] = Counter()

    def read(content: bytes) -> None:
        try:
            FILES[name].read(folder, content)
        except Exception as error:
            faults[f"{name}: {_where(error)}"] += 1
            _keep(keep, f"{name}.{ENDS.get(name, 'toml')}", content, _where(error))

    _for_each(name, number, start, read)
    return faults


def _for_each(name: str, number: int, start: int, use: Callable[[bytes], None]) -> None:
    """Use so many damaged files of a kind, the same for the same seed."""

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(content=FILES[name].damaged)
    def each(content: bytes) -> None:
        use(content)

    each()


def abuse_commands(number: int, start: int, keep: Path, folder: Path) -> Counter[str]:
    """Run so many whole commands; returns how often each fault came."""
    drawn = _contents(number, start)
    chance = random.Random(start)
    faults: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for place in range(number):
        command = COMMANDS[place % len(COMMANDS)]
        words = list(command.words)
        content = b""
        if command.kind:
            content = drawn[command.kind].pop()
            file = folder / f"input.{ENDS.get(command.kind, 'toml')}"
            file.write_bytes(content)
            words.append(file.name)
        words += _options(command, chance)
        fault, code = _run([*words, "--out", "out"], folder)
        codes[str(code)] += 1
        if (place + 1) % 50 == 0:
            print(f"{place + 1} of {number} commands, {faults.total()} failed", flush=True)
        if fault:
            faults[f"{command.words[0]}: {fault}"] += 1
            _keep(
                keep,
                f"{place}-{'-'.join(command.words)}.{ENDS.get(command.kind, 'toml')}",
                content,
                f"{words!r}\n{fault}",
            )
    print("exit codes: " + ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())))
    return faults


def _contents(number: int, start: int) -> dict[str, list[bytes]]:
    """As many damaged files of each kind as there are commands, or the same ones again."""
    found: dict[str, list[bytes]] = {}
    for name in FILES:
        made: list[bytes] = []
        _for_each(name, number, start + 1, made.append)
        found[name] = made * -(-number // len(made))
    return found


def _options(command: Command, chance: random.Random) -> list[str]:
    """The command's options, now and then with a value that is none."""
    words = list(command.flags)
    for option, value in command.options:
        words += [option, chance.choice(JUNK) if chance.random() < 0.15 else value]
    return words


def _run(words: list[str], folder: Path) -> tuple[str, int | str]:
    """What was wrong with one command (empty: nothing), and its exit code."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    before = sorted(folder.rglob("*"))
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    code: int | str = "none"
    fault = ""
    sys.argv = ["clti", *words]
    signal.alarm(LONGEST)
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            app.main()
    except SystemExit as left:
        code = int(left.code or 0) if not isinstance(left.code, str) else 1
    except TimeoutError:
        fault = f"longer than {LONGEST} s"
    except BaseException as error:
        fault = _where(error)
    finally:
        signal.alarm(0)
    if not fault and code not in EXIT_CODES:
        fault = f"exit code {code}"
    if not fault and code == 2 and sorted(folder.rglob("*")) != before:
        fault = f"exit code 2, but written: {sorted({*folder.rglob('*')} - {*before})[:3]}"
    return fault, code


def _where(error: BaseException) -> str:
    """Kind and place of an error: alike for what is one fault."""
    place = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(place) if "simulator" in frame.filename), place[-1])
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:150]}"


def _keep(keep: Path, name: str, content: bytes, why: str) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    if not (keep / f"{name}.why").exists():
        (keep / name).write_bytes(content)
        (keep / f"{name}.why").write_text(why, encoding="utf-8", errors="backslashreplace")


def _late(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def main() -> int:
    """Abuse readers and commands as the command line asks."""
    options = argparse.ArgumentParser(description="Damaged files and options through readers and commands.")
    options.add_argument("--files", type=int, default=10_000, help="Damaged files for the readers.")
    options.add_argument("--commands", type=int, default=300, help="Whole commands.")
    options.add_argument("--seed", type=int, default=1, help="Seed of the damage.")
    options.add_argument("--keep", type=Path, default=Path("clti-out/abuse"), help="Folder for what fails.")
    asked = options.parse_args()
    signal.signal(signal.SIGALRM, _late)
    os.environ.setdefault("COLUMNS", "100")
    faults: Counter[str] = Counter()
    steps: list[tuple[int, Callable[[int, int, Path, Path], Counter[str]]]] = [
        (asked.files, abuse_readers),
        (asked.commands, abuse_commands),
    ]
    for number, step in steps:
        if number:
            with tempfile.TemporaryDirectory() as folder:
                faults.update(step(number, asked.seed, asked.keep.resolve(), Path(folder)))
    for fault, count in faults.most_common():
        print(f"{count} x {fault}")
    print(f"{faults.total()} failed" + (f"; see {asked.keep}" if faults else ""))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
