"""`clti`: the commands, and what happens to their errors.

Exit codes: 0 done; 1 a check failed, or the disk is full; 2 bad input, told on standard error with nothing written; 130
interrupted. What stops long work says how to go on.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from simulator.telling.spelling import write_any_character
from simulator.words.errors import BadInput, CheckFailed
from simulator.work.parquet import keep_arrow_out

COMMANDS = {
    "compare": "compare",
    "explore": "explore",
    "trace": "trace",
    "evidence": "evidence",
    "calibrate": "calibrate",
    "validate": "validate",
    "forecast": "forecast",
    "patients": "patients",
    "sensitivity": "sensitivity",
    "merge": "merge",
    "economics": "economics",
    "cea": "cea",
    "trial": "trial",
    "boundaries": "boundaries",
    "samplesize": "samplesize",
    "verify": "verify",
    "new": "new",
    "schema": "schema",
}
"""Command name -> module in `simulator.cli` whose function `main` is the command."""
GO_ON = frozenset({"calibrate", "validate", "sensitivity", "economics", "trial"})
"""Commands that keep finished work and go on from it."""


class Commands(TyperGroup):
    """The commands as a group; Ctrl-C in any of them ends with a word on how to go on."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            going_on = (
                "Finished work is kept: give the same command again to go on."
                if ctx.invoked_subcommand in GO_ON
                else "This command keeps no unfinished work: given again, it starts from the beginning."
            )
            _say("Interrupted.", *getattr(stopped, "__notes__", ()), going_on)
            raise typer.Exit(130) from None


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """A new application with some of the commands, by default with every one that is there."""
    app = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        help="Simulate what becomes of people with diabetes and no-option limb ischaemia under different policies of care.",
        epilog="Start with:  clti compare   (about a minute; writes a report you can open in a browser)",
    )
    # With this a single command is still called by its name.
    app.callback()(lambda: None)
    for name in names:
        app.command(name)(importlib.import_module(f"simulator.cli.{COMMANDS[name]}").main)
    return app


def main() -> None:
    """Entry point of the `clti` command."""
    write_any_character()
    keep_arrow_out()
    # A command makes much that lasts and little that refers to itself in circles. Looking for those, every seven hundred objects
    # and once more at the end, took a fifth of the processor time of a trial.
    gc.set_threshold(50_000, 10, 10)
    atexit.register(gc.freeze)
    try:
        # To read the options of all commands takes longer than many a command.
        asked = [name for name in sys.argv[1:2] if name in COMMANDS]
        build(asked or COMMANDS)()
    except BadInput as bad:
        sys.stderr.write(f"{bad}\nNothing was written.\n")
        raise SystemExit(2) from None
    except CheckFailed as failed:
        _say(str(failed), *getattr(failed, "__notes__", ()))
        raise SystemExit(1) from None
    except OSError as error:
        # A write that no mechanism of ours guards, as of a starter file.
        from simulator.work.disk import FULL, storage_fault

        if error.errno not in FULL:
            raise
        _say(str(storage_fault(Path(str(error.filename or "the output")), error)))
        raise SystemExit(1) from None


def _say(*lines: str) -> None:
    sys.stderr.write(" ".join(lines) + "\n")


if __name__ == "__main__":
    main()
