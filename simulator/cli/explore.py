"""`clti explore`: the model in a browser."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from simulator.cli.options import ScenarioName


def main(
    scenario: ScenarioName = "base",
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes one that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open a page on which policies, patients, evidence and prices are moved by hand and the model answers at once.

    Its numbers are those of the other commands; what was found can be saved as a scenario. Ctrl-C ends it. Nobody but this
    machine can reach it.
    """
    from simulator.explorer import listening

    running = listening(scenario, port)
    sys.stdout.write(f"{running.url}\n")
    sys.stdout.flush()
    if browser:
        running.open()
    try:
        running.run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
