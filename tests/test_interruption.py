"""Ctrl-C and full disks: every command says what is safe and how to go on, in one line and without a traceback."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.cli import app
from simulator.cli.app import build
from simulator.words.errors import StorageFull
from simulator.work.store import Store

STUDY = 'method = "sobol"\nsize = 16\nseed = 1\noutputs = ["y"]\n[model]\nkind = "ishigami"\n[parameters]\nall = true\n'
GOES_ON = "give the same command again to go on"
LONG = {
    "sensitivity": ("simulator.questions.sweep.sweep.execute", GOES_ON),
    "economics": ("simulator.questions.value.analysis.economic_analysis", GOES_ON),
    "trial": ("simulator.questions.trial.study.study_design", GOES_ON),
    "validate": ("simulator.questions.validate.validate", GOES_ON),
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

    def full() -> Any:
        def command() -> None:
            raise raised

        return command

    monkeypatch.setattr(app, "build", full)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("No room left") and "problem(s)" not in said
