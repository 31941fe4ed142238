"""`clti explore` and `sim.explore`: the model in a browser, asked through a server on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.face.asked import check, scenario_of
from simulator.work.extras import check_extra

if TYPE_CHECKING:
    from simulator.explorer.running import Running
    from simulator.scenario import Scenario


def explore(scenario: str | Path | Scenario = "base", *, port: int = 0, browser: bool = True) -> Running:
    """Open the explorer of a scenario beside the Python that goes on; `stop()` of the result ends it.

    It listens on 127.0.0.1 at `port` (0: any that is free) and its `url` holds the token that opens it. `browser` opens the
    page. Needs the extra: ``pip install 'clti-simulator[explore]'``.

    Raises BadInput with everything that is wrong with what was asked for, and where the extra is missing.

    >>> import simulator as sim
    >>> sim.explore(port=-1)
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      explore: port = -1; allowed: a whole number, 0 to 65,535
    """
    running = listening(scenario, port).start()
    if browser:
        running.open()
    return running


def listening(scenario: str | Path | Scenario, port: int) -> Running:
    """An explorer that has its port and does not serve yet."""
    check("explore", port=(port, 0, 65_535))
    loaded = scenario_of(scenario, question="explore")
    check_extra("explore", "starlette", "uvicorn", question="explore", key="server")
    from simulator.explorer.running import Running

    return Running(loaded, port)
