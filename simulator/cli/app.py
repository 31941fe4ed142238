"""`clti`: the commands, and what happens to their errors.

Exit codes: 0 done; 1 a check failed; 2 bad input, told on standard error with nothing written.
"""

from __future__ import annotations

import importlib
import sys

import typer

from simulator.errors import BadInput, CheckFailed
from simulator.report.spelling import write_any_character

COMMANDS = {
    "compare": "compare",
    "trace": "trace",
    "evidence": "evidence",
    "calibrate": "calibrate",
    "validate": "validate",
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

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Simulate what becomes of people with diabetes and no-option limb ischaemia under different policies of care.",
    epilog="Start with:  clti compare   (about a minute; writes a report you can open in a browser)",
)


def build() -> typer.Typer:
    """The application with every command that is there."""
    for name, module in COMMANDS.items():
        app.command(name)(importlib.import_module(f"simulator.cli.{module}").main)
    return app


def main() -> None:
    """Entry point of the `clti` command."""
    write_any_character()
    try:
        build()()
    except BadInput as bad:
        sys.stderr.write(f"{bad}\nNothing was written.\n")
        raise SystemExit(2) from None
    except CheckFailed as failed:
        sys.stderr.write(f"{failed}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
