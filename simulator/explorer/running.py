"""A server that runs: where it listens, and how it ends with everything that it started."""

from __future__ import annotations

import logging
import socket
import threading
import time
import webbrowser
from typing import Any

import uvicorn

from simulator.explorer.server import Explorer, app_of, new_token
from simulator.scenario import Scenario
from simulator.words.errors import BadInput, Problem

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that gives up its answers first when it ends, so that none is torn off."""

    def __init__(self, config: uvicorn.Config, explorer: Explorer) -> None:
        super().__init__(config)
        self.explorer = explorer

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what was started, then the server."""
        self.explorer.close()
        # What is torn off now, as a compilation, is meant to be: no traceback of it.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


class Running:
    """An explorer that listens. `url` opens its page; `stop()` ends it."""

    def __init__(self, scenario: Scenario, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            allowed = f"a port that is free ({error.strerror or error}), or 0 for any"
            raise BadInput([Problem("explore", "port", str(port), allowed)]) from None
        token = new_token()
        self.explorer = Explorer(scenario)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}/?token={token}"
        config = uvicorn.Config(
            app_of(self.explorer, token), log_level="warning", access_log=False, timeout_graceful_shutdown=1, ws="none"
        )
        self._server = _Server(config, self.explorer)
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until Ctrl-C."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._end()

    def start(self) -> Running:
        """Serve behind the caller's back, as in a notebook, until `stop()` or the end of Python."""
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """End the server, the second process and every answer on its way."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10.0)
        self._end()

    def open(self) -> None:
        """Show the page in a browser as soon as the server listens."""

        def show() -> None:
            while not self._server.started:
                time.sleep(0.02)
            webbrowser.open(self.url)

        threading.Thread(target=show, daemon=True).start()

    def _end(self) -> None:
        self.explorer.close()
        self._socket.close()

    def __repr__(self) -> str:
        return f"clti explore at {self.url}"

    def _repr_html_(self) -> str:
        return f'<a href="{self.url}" target="_blank" rel="noopener">clti explore</a>'

    def __enter__(self) -> Running:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()
