"""The reference of every key and the page of commands say what the program does today."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from simulator.cli import app as cli
from simulator.cli.new import NEXT
from simulator.schemas import KINDS, meanings, schema

DOCS = Path(__file__).parent.parent / "docs"
COMMANDS = DOCS / "commands.md"
WRITTEN = re.findall(r"^## clti (\w+)$", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE)


def objects(rule: Any) -> list[dict[str, Any]]:
    """Every table inside a schema."""
    if isinstance(rule, list):
        return [found for each in rule for found in objects(each)]
    if not isinstance(rule, dict):
        return []
    inside = [found for each in rule.values() for found in objects(each)]
    return ([rule] if isinstance(rule.get("properties"), dict) else []) + inside


def test_reference_is_up_to_date() -> None:
    """The page in the documentation is the one that its script makes now; if not: python docs/reference.py."""
    made = runpy.run_path(str(DOCS / "reference.py"))["page"]()
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == made


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_has_a_meaning(kind: str) -> None:
    """A key that nobody explained is named here; its meaning belongs in simulator/key_meanings.toml."""
    tables = objects(schema(kind))
    assert tables
    assert [key for table in tables for key, rule in table["properties"].items() if not rule.get("description")] == []


def test_no_meaning_is_left_over() -> None:
    """Every explained key is a key of some file, so that a renamed key takes its meaning along."""
    known = {key for kind in KINDS for table in objects(schema(kind)) for key in table["properties"]}
    said = {key for home in meanings().values() for model in home.values() for key in model}
    assert said - known == set()


def test_every_command_is_described() -> None:
    """The page of commands has a section for every command; each is registered or named by the starter files."""
    assert set(cli.COMMANDS) - set(WRITTEN) == set()
    assert len(WRITTEN) == len(set(WRITTEN))


def test_an_application_has_each_command_once() -> None:
    """However often it is made in one process, an application holds every command once, so that none starts slower."""
    cli.build()
    assert [each.name for each in cli.build().registered_commands] == list(cli.COMMANDS)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help(name: str) -> None:
    """Help of every command can be shown."""
    shown = CliRunner().invoke(cli.build(), [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


@pytest.mark.parametrize("line", re.findall(r"^clti .+$", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE))
def test_every_example_parses(line: str) -> None:
    """Each example on the page of commands names options and arguments that its command has."""
    words = line.partition("#")[0].split()[1:]
    if words[0].startswith("--") or words[0] not in cli.COMMANDS:
        assert words[0] in {"--help", "--install-completion", "--show-completion"} | set(WRITTEN)
        return
    group = typer.main.get_command(cli.build())
    command = group.get_command(None, words[0])  # type: ignore[attr-defined]
    assert command.make_context(words[0], words[1:]).params


def test_starters_name_commands_of_the_page() -> None:
    """What a starter file says to run is described."""
    assert {line.split()[1] for line in NEXT.values()} <= set(WRITTEN)
