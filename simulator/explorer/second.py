"""A second process for answers that take time, so that curves never wait for them. It ends with the server, however that ends."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from simulator.scenario import Scenario
from simulator.words.errors import BadInput

LOOK = 0.05
"""Seconds between two looks whether an answer is still wanted."""
DO, STOP = "do", "stop"


class Superseded(Exception):
    """Nobody waits for the answer any more."""


class Second:
    """Asks the second process, which is started when it is first needed and again should it have died."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._waiting: dict[int, queue.Queue[Any]] = {}
        self._numbers = count()
        self._lock = threading.Lock()
        self._process: Any = None
        self._here: Any = None

    def start(self) -> None:
        """Start the process, if it is not running."""
        with self._lock:
            if self._process is not None and self._process.is_alive():
                return
            spawn = multiprocessing.get_context("spawn")
            self._here, there = spawn.Pipe()
            self._process = spawn.Process(target=work, args=(there, self._scenario), daemon=True)
            self._process.start()
            there.close()
            threading.Thread(target=self._listen, args=(self._here,), daemon=True).start()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(5.0)

    def ask(self, kind: str, state: Mapping[str, Any], wanted: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """The parts of an answer, as long as it is `wanted`."""
        self.start()
        number, parts = next(self._numbers), queue.Queue[Any]()
        self._waiting[number] = parts
        self._send(DO, number, kind, dict(state))
        whole = False
        try:
            while wanted():
                try:
                    part = parts.get(timeout=LOOK)
                except queue.Empty:
                    continue
                if whole := part is None:
                    return
                yield part
        finally:
            del self._waiting[number]
            if not whole:
                self._send(STOP, number)

    def _send(self, *message: Any) -> None:
        with self._lock:
            try:
                self._here.send(message)
            except OSError:
                self._forget()

    def _listen(self, here: Connection) -> None:
        while True:
            try:
                number, part = here.recv()
            except (EOFError, OSError):
                self._forget()
                return
            if number in self._waiting:
                self._waiting[number].put(part)

    def _forget(self) -> None:
        for parts in list(self._waiting.values()):
            parts.put({"kind": "failed", "text": "the second process ended; move a control to ask again"})
            parts.put(None)


def work(there: Connection, scenario: Scenario) -> None:
    """Answer one question after another until the pipe closes; a question that was stopped ends at its next part."""
    import os

    from simulator.explorer import answers

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends this process
    if hasattr(os, "nice"):
        os.nice(5)
    waiting: deque[tuple[int, str, dict[str, Any]]] = deque()
    stopped: set[int] = set()

    def listen() -> None:
        while there.poll(None if not waiting else 0):
            what, number, *rest = there.recv()
            if what == DO:
                waiting.append((number, *rest))
            else:
                stopped.add(number)

    kinds = {
        "views": answers.views,
        "money": answers.money,
        "trial": answers.trial,
        "reliance": answers.reliance,
        "report": answers.report,
    }
    while True:
        try:
            listen()
            if not waiting:
                continue
            number, kind, state = waiting.popleft()
            _answer(there, kinds[kind], number, scenario, state, listen, stopped)
        except (EOFError, OSError):
            return


def _answer(
    there: Connection,
    question: Any,
    number: int,
    scenario: Scenario,
    state: dict[str, Any],
    listen: Callable[[], None],
    stopped: set[int],
) -> None:
    from simulator.explorer.answers import plain, report

    def told(done: int, of: int) -> None:
        listen_without_waiting()
        if number in stopped:
            raise Superseded
        there.send((number, {"kind": "progress", "done": done, "of": of}))

    def listen_without_waiting() -> None:
        if there.poll():
            listen()

    try:
        for part in question(scenario, state, told) if question is report else question(scenario, state):
            there.send((number, plain(part)))
            listen_without_waiting()
            if number in stopped:
                break
    except Superseded:
        pass
    except BadInput as bad:
        there.send((number, {"kind": "problems", "problems": [str(problem) for problem in bad.problems]}))
    except (EOFError, OSError):
        raise
    except Exception:
        traceback.print_exc(file=sys.stderr)
        there.send((number, {"kind": "failed", "text": "this could not be worked out; the terminal says why"}))
    stopped.discard(number)
    there.send((number, None))
