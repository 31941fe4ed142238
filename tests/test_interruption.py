"""Ctrl-C and full disks: every command says what is safe and how to go on, in one line and without a traceback."""

from __future__ import annotations

import errno
import resource
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from simulator.cli import app
from simulator.cli.app import build
from simulator.words.errors import StorageFull
from simulator.work.disk import save_new
from simulator.work.store import Store

pytestmark = pytest.mark.usefixtures("undrawn")

STUDY = 'method = "sobol"\nsize = 16\nseed = 1\noutputs = ["y"]\n[model]\nkind = "ishigami"\n[parameters]\nall = true\n'
GOES_ON = "give the same command again to go on"
LONG = {
    "sensitivity": ("simulator.questions.sweep.sweep.execute", GOES_ON),
    "economics": ("simulator.questions.value.analysis.economic_analysis", GOES_ON),
    "trial": ("simulator.questions.trial.study.study_design", GOES_ON),
    "validate": ("simulator.questions.validate.validation.validate", GOES_ON),
    "calibrate": ("simulator.questions.calibrate.posterior.calibrate", GOES_ON),
    "compare": ("simulator.questions.compare.compare", "it starts from the beginning"),
}


@pytest.mark.parametrize("command", LONG)
def test_ctrl_c_says_how_to_go_on(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted command ends with exit code 130 and a line on what is kept and how to go on."""
    where, said = LONG[command]

    def interrupted(*args: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    study = tmp_path / "study.toml"
    study.write_text(STUDY)
    words = {"sensitivity": [str(study)], "trial": ["two_stage"], "calibrate": ["--smoke"]}.get(command, [])
    done = CliRunner().invoke(build(), [command, *words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 130
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Interrupted.") and said in last


def test_an_interrupted_study_counts_what_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word after Ctrl-C says how many runs are safe and where."""
    real, calls = Store.write, []

    def second(self: Store, *args: Any) -> Path:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *args)

    monkeypatch.setattr(Store, "write", second)
    study = tmp_path / "study.toml"
    study.write_text("rows_per_shard = 10\n" + STUDY)
    done = CliRunner().invoke(build(), ["sensitivity", str(study), "--out", str(tmp_path / "out")])
    assert done.exit_code == 130
    assert f"Interrupted. 10 of 80 runs are safe in {tmp_path / 'out' / 'shards'}" in done.stderr


@pytest.mark.parametrize("raised", [StorageFull("No room left"), OSError(errno.ENOSPC, "No space left", "/some/file")])
def test_a_full_disk_is_no_bad_input(
    raised: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is full, wherever it is noticed, is called one and ends with exit code 1."""

    def full(_names: object) -> Any:
        def command() -> None:
            raise raised

        return command

    monkeypatch.setattr(app, "build", full)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("No room left") and "problem(s)" not in said


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to write more than so many bytes to a file, as a quota or a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


SHORT = {
    "new": ("new", "scenario", "mine", "--out", "out/mine.toml"),
    "schema": ("schema", "--out", "out"),
    "evidence": ("evidence", "--group", "healing", "--out", "out"),
    "cea": ("cea", "in.csv", "--out", "out"),
}


@pytest.mark.parametrize("command", SHORT)
def test_no_half_file_is_left_where_the_system_refuses_to_write(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real write that is refused midway ends a command with the word for it and no file, and then it can be given again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "in.csv").write_text("draw,option,cost,effect\n0,a,1,1\n0,b,3,2\n1,a,2,1\n1,b,5,3\n", encoding="utf-8")
    with files_of_at_most(500):
        done = CliRunner().invoke(build(), SHORT[command])
    assert isinstance(done.exception, StorageFull)
    assert "No room left" in str(done.exception)
    assert list((tmp_path / "out").iterdir()) == []
    assert CliRunner().invoke(build(), SHORT[command]).exit_code == 0
    assert list((tmp_path / "out").iterdir()) != []


def test_every_command_is_soaked() -> None:
    """`benchmarks/soak.py` kills, damages and fills the disk of each command that the program has."""
    soak = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "soak.py"))
    program: Any = typer.main.get_command(build())
    assert {words[0] for words in soak["COMMANDS"].values()} == set(program.commands)


def test_a_new_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is never overwritten, where the file system knows no second name, too, and no draft is left behind."""
    target = tmp_path / "mine.toml"
    save_new(target, b"mine")
    with pytest.raises(FileExistsError):
        save_new(target, b"other")

    def none(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", none)
    with pytest.raises(FileExistsError):
        save_new(target, b"other")
    save_new(tmp_path / "second.toml", b"second")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        "mine.toml": b"mine",
        "second.toml": b"second",
    }
