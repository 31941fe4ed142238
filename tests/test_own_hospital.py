"""The path that docs/own_hospital.md describes, walked: a made-up export, its questions, the page, and the hospital elsewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator.cli.app import build
from simulator.face.asked import scenario_of
from simulator.questions.registry import here
from simulator.questions.registry.synthetic.generator import TUTORIAL_HOSPITAL

pytestmark = pytest.mark.usefixtures("undrawn")

PAGE = (Path(__file__).parent.parent / "docs" / "own_hospital.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line)[1:] for line in re.findall(r"^clti .+$", PAGE, re.MULTILINE)]
TOLD, ANSWERS = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_described_path_ends_in_the_hospitals_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked is what the page says, its answers suffice, the limits hold the hospital's truth, and the file is taken."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(here, "PEOPLE", 500)
    run, program = CliRunner(), build()
    new, read, exact, slots, *others = COMMANDS
    assert run.invoke(program, new).exit_code == 0
    asked = run.invoke(program, read)
    assert asked.exit_code != 0
    mapping = Path("ours.mapping.toml")
    text = mapping.read_text(encoding="utf-8")
    for line in ANSWERS.splitlines():
        text, changed = re.subn(rf"^{line.split(' = ')[0]} = .*\?.*$", line, text, flags=re.MULTILINE)
        assert changed == 1, line
    mapping.write_text(text, encoding="utf-8")
    assert "?" not in re.sub("#.*", "", text)
    done = run.invoke(program, exact)
    assert done.exit_code == 0, f"{done.output[-2000:]}\n{done.exception!r}"
    own = pd.read_csv("ours/own.csv").set_index("offset")
    for name, truth in TUTORIAL_HOSPITAL.items():
        assert own.loc[name, "after_low"] < truth < own.loc[name, "after_high"], name
    report = Path("ours/report.html").read_text(encoding="utf-8")
    for heading in re.findall(r"^\d\. \*(.+?)\*", PAGE, re.MULTILINE):
        assert f">{heading}</h2>" in report, heading
    assert slots[: len(exact)] == exact and slots[len(exact)] == "--slots-per-week"
    assert [words[0] for words in others] == ["compare", "economics", "explore"]
    assert run.invoke(program, [*others[0], "--patients", "60", "--out", "compared"]).exit_code == 0
    assert scenario_of("base", centre=others[1][-1]).register.joint


def test_what_is_asked_is_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message for the made-up export is the page's, word by word."""
    from simulator.cli.patients import main
    from simulator.questions.registry.synthetic.generator import tutorial
    from simulator.words.errors import CheckFailed

    monkeypatch.chdir(tmp_path)
    Path("ours.csv").write_bytes(tutorial())
    with pytest.raises(CheckFailed) as told:
        main(Path("ours.csv"), out=Path("out"))
    assert str(told.value).startswith(TOLD.strip())
