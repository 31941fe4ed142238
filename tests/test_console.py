"""Whatever the console can write, commands write their files first and then print what the console has for each sign."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from simulator.cli import app
from simulator.telling import console, spelling
from simulator.telling.formats import text_table

RESULTS = "draw,option,cost,effect\n" + "".join(
    f"{draw},{option},{cost + draw},{effect + draw / 100}\n"
    for draw in range(3)
    for option, cost, effect in (("Größe €", 100, 2.5), ("治療 ±", 300, 2.7))
)


def told(encoding: str, shown: str, out: Path) -> None:
    """What a command has to write and to print of option names from two scripts on a console of some encoding."""
    assert "Größe €" in (out / "report.html").read_text(encoding="utf-8")
    assert "Written to out" in shown
    assert ("Größe" if encoding != "ascii" else "Grosse EUR") in shown


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "utf-16"])
def test_a_command_writes_first_and_prints_what_the_console_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """With option names from two scripts a command ends with exit code 0 and a report, whatever the console's encoding."""
    (tmp_path / "results.csv").write_text(RESULTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "argv", ["clti", "cea", "results.csv", "--out", "out"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert not ended.value.code
    screen.flush()
    told(encoding, screen.buffer.getvalue().decode(encoding), tmp_path / "out")


UNDRAWN = """
from blank import blank_pictures
from simulator.cli.app import main
from simulator.telling import studio
studio.cores = lambda: 1
with blank_pictures():
    main()
"""


def test_a_program_of_its_own_prints_what_the_console_can(tmp_path: Path) -> None:
    """The same of a process that takes its encoding from the environment, as a shell starts it."""
    (tmp_path / "results.csv").write_text(RESULTS, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", UNDRAWN, "cea", "results.csv", "--out", "out"],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode("ascii")
    told("ascii", run.stdout.decode("ascii"), tmp_path / "out")


def test_output_that_nobody_reads_loses_no_files(tmp_path: Path) -> None:
    """A pipe that is closed before the first line, as of `head -0`, leaves the output folder complete."""
    reading, writing = os.pipe()
    os.close(reading)
    subprocess.run(
        [sys.executable, "-m", "simulator.cli.app", "evidence", "--group", "healing", "--out", "out"],
        cwd=tmp_path,
        stdout=writing,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    os.close(writing)
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("−4.6 ± 0.4", "ascii", "-4.6 +/- 0.4"),
        ("−4.6 ± 0.4", "cp1252", "-4.6 ± 0.4"),
        ("Größe é", "ascii", "Grosse e"),
        ("你", "cp1252", "\\u4f60"),
        ("a\udcffb", "utf-8", "a\\xffb"),
        ("plain", "utf-8", "plain"),
    ],
)
def test_a_sign_becomes_what_is_like_it(text: str, encoding: str, written: str) -> None:
    """A sign that an encoding lacks becomes its likeness, or its code where it has none; others stay."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert spelling.printable(text, stream) == written


def test_columns_keep_their_places_in_ascii() -> None:
    """A table whose cells hold ± has lines of one length, although +/- is longer."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    table = pd.DataFrame({"what": ["a", "b"], "value": ["1 ± 2", "no error"]})
    console.print_text(text_table(table), on=console.console(stream))
    stream.seek(0)
    lines = [line for line in stream.read().splitlines() if line.startswith(("|", "+"))]
    assert any("1 +/- 2" in line for line in lines)
    assert len({len(line) for line in lines}) == 1
