"""A second process for answers that take time, so that curves never wait for them. It ends with the server, however that ends.

It is started as a program of its own and spoken to through its standard input and output, so that a notebook or a script
that opens an explorer is not run a second time.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import IO, Any

from simulator.scenario import Scenario
from simulator.words.errors import BadInput

LOOK = 0.05
"""Seconds between two looks whether an answer is still wanted."""
DO, STOP = "do", "stop"
LOST: Mapping[str, Any] = {"kind": "failed", "text": "the second process ended; move a control to ask again"}


class Superseded(Exception):
    """Nobody waits for the answer any more."""


class Second:
    """Asks the second process, which is started when it is first needed and again should it have died."""

    def __init__(self, scenario: Scenario) -> None:
        # Written down now, because a scenario works out parts of itself when they are first looked at.
        self._scenario = pickle.dumps(scenario)
        self._waiting: dict[int, queue.Queue[Any]] = {}
        self._numbers = count()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process, if it is not running."""
        with self._lock:
            if self._closed or (self._process is not None and self._process.poll() is None):
                return
            command = [sys.executable, "-m", "simulator.explorer.second"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(self._scenario)
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def close(self) -> None:
        """End the process; it is not started again."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.terminate()
                self._process.wait(5.0)
                self._process = None

    def ask(self, kind: str, state: Mapping[str, Any], wanted: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """The parts of an answer, as long as it is `wanted`."""
        self.start()
        number, parts = next(self._numbers), queue.Queue[Any]()
        self._waiting[number] = parts
        self._send((DO, number, kind, dict(state)))
        whole = False
        try:
            while wanted() and not self._closed:
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
                self._send((STOP, number))

    def _send(self, message: Any) -> None:
        with self._lock:
            if self._process is None or self._process.stdin is None:
                return
            try:
                pickle.dump(message, self._process.stdin)
                self._process.stdin.flush()
            except (OSError, ValueError):
                return  # it ended: whoever listens says so

    def _listen(self, answers: IO[bytes]) -> None:
        while True:
            try:
                number, part = pickle.load(answers)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                for parts in list(self._waiting.values()):
                    parts.put(dict(LOST))
                    parts.put(None)
                return
            if number in self._waiting:
                self._waiting[number].put(part)


class Work:
    """The second process itself: answers one question after another until its input ends.

    A question that was stopped ends at its next part.
    """

    def __init__(self, questions: IO[bytes], answers: IO[bytes]) -> None:
        self.questions, self.answers = questions, answers
        self.told: queue.Queue[Any] = queue.Queue()
        self.waiting: deque[tuple[int, str, dict[str, Any]]] = deque()
        self.stopped: set[int] = set()

    def run(self) -> None:
        """Work until the input ends."""
        from simulator.explorer import answers

        scenario = pickle.load(self.questions)
        threading.Thread(target=self._read, daemon=True).start()
        kinds = {kind: getattr(answers, kind) for kind in ("views", "money", "trial", "reliance", "report")}
        while True:
            self._hear(wait=not self.waiting)
            number, kind, state = self.waiting.popleft()
            if number not in self.stopped:
                self._answer(kinds[kind], number, scenario, state)
            self.stopped.discard(number)

    def _read(self) -> None:
        while True:
            try:
                self.told.put(pickle.load(self.questions))
            except (EOFError, OSError):
                os._exit(0)  # the server is gone

    def _hear(self, *, wait: bool) -> None:
        while wait or not self.told.empty():
            what, number, *rest = self.told.get()
            if what == DO:
                self.waiting.append((number, *rest))
                wait = False
            else:
                self.stopped.add(number)

    def _say(self, number: int, part: Any) -> None:
        pickle.dump((number, part), self.answers)
        self.answers.flush()
        self._hear(wait=False)
        if number in self.stopped:
            raise Superseded

    def _answer(self, question: Any, number: int, scenario: Scenario, state: dict[str, Any]) -> None:
        from simulator.explorer.answers import plain, report

        def told(done: int, of: int) -> None:
            self._say(number, {"kind": "progress", "done": done, "of": of})

        try:
            try:
                for part in question(scenario, state, told) if question is report else question(scenario, state):
                    self._say(number, plain(part))
            except BadInput as bad:
                self._say(number, {"kind": "problems", "problems": [str(problem) for problem in bad.problems]})
            except OSError:
                raise
            except Superseded:
                raise
            except Exception:
                traceback.print_exc(file=sys.stderr)
                self._say(number, {"kind": "failed", "text": "this could not be worked out; the terminal says why"})
            self._say(number, None)
        except Superseded:
            return


def main() -> None:
    """Be the second process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this process
    if hasattr(os, "nice"):
        os.nice(5)
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    try:
        Work(sys.stdin.buffer, answers).run()
    except (BrokenPipeError, EOFError, pickle.UnpicklingError):
        os._exit(0)  # the server ended before it had asked anything, or as it was answered


if __name__ == "__main__":
    main()
