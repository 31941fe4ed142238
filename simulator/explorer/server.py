"""The server behind the page: one machine, one token, its own files, and answers as they are worked out.

It holds no rule and no number of the model. Whatever asks from elsewhere, without the token, or with anything that a control
cannot say, is refused by name.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.explorer import answers
from simulator.explorer.second import Second
from simulator.explorer.state import scenario_of
from simulator.scenario import Scenario
from simulator.words.errors import BadInput, Problem

PAGE = Path(__file__).with_name("page")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HOSTS = ("127.0.0.1", "localhost")
LARGEST = 65_536
"""Bytes of a question."""
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HERE = {"curves": answers.curves, "hundred": answers.hundred, "story": answers.story}
"""Questions that are answered at once, in this process."""
ENDED_BY_A_MOVE = ("views", "money", "trial", "reliance")
"""Questions that take time and are given up when a control moves."""
THERE = (*ENDED_BY_A_MOVE, "report")
"""Questions that take time. The last goes on in a process of its own."""
REMEMBERED = 64
"""Whole answers that are kept, the newest: what is undone, or opened on another page, is there at once."""


class Guard:
    """Lets nobody in who comes under another name, from another page, or without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 403, or let in; every answer carries the headers of `SAFE`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def safely(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((k.lower().encode(), v.encode()) for k, v in SAFE.items())]
            await send(message)

        refused = self._refused(Request(scope))
        await (self.app if refused is None else PlainTextResponse(refused, 403))(scope, receive, safely)

    def _refused(self, request: Request) -> str | None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host.rpartition(":")[0] not in HOSTS and host not in HOSTS:
            return "This server answers to 127.0.0.1 only.\n"
        if origin is not None and origin != f"http://{host}":
            return "This server answers its own page only.\n"
        if request.url.path.startswith("/page/"):
            return None
        given = request.headers.get("x-token", "") or request.query_params.get("token", "")
        if hmac.compare_digest(given.encode(), self.token):
            return None
        return "The token is missing: open the address that clti explore printed.\n"


class Explorer:
    """What the server works with: the scenario, the second process, and which question of each kind is the newest."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.second = Second(scenario)
        self.background = Second(scenario)
        self.ready = threading.Event()
        self._newest: dict[tuple[str, str], object] = {}
        self._whole: dict[str, list[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Compile, or load, what the first questions need."""
        try:
            for kind in ("curves", "hundred", "story"):
                for _ in HERE[kind](self.scenario, {}):
                    break
            self.second.start()
        except BadInput:
            pass  # told when the page asks
        finally:
            self.ready.set()

    def close(self) -> None:
        """End every process, and every answer that is on its way."""
        self._newest = {}
        self.second.close()
        self.background.close()

    def asked(self, kind: str, page: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The parts of an answer, until it is whole or the page has a newer question of the kind.

        Raises BadInput, at the first step, for what a control cannot say.
        """
        mine = object()
        if kind == "curves":  # a move: what was asked about the setting before it is not wanted any more
            for other in ENDED_BY_A_MOVE:
                self._newest.pop((page, other), None)
        self._newest[page, kind] = mine
        if len(self._newest) > 1_000:
            self._newest = {(page, kind): mine}

        def wanted() -> bool:
            return self._newest.get((page, kind)) is mine

        question = json.dumps([kind, body])
        whole = self._whole.get(question)
        if whole is not None:
            yield from whole
            return
        parts = []
        for part in self._worked_out(kind, body, wanted):
            yield part
            if not wanted():
                return
            parts.append(part)
        if kind != "report" and wanted() and all(part.get("kind") != "failed" for part in parts):
            self._remember(question, parts)

    def _worked_out(self, kind: str, body: Mapping[str, Any], wanted: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        state = {key: value for key, value in body.items() if key != "patient"}
        if kind in THERE:
            scenario_of(self.scenario, state)
            process = self.second if kind in ENDED_BY_A_MOVE else self.background
            yield from process.ask(kind, state, wanted)
        elif kind == "story":
            yield from map(answers.plain, answers.story(self.scenario, state, body.get("patient")))
        else:
            yield from map(answers.plain, HERE[kind](self.scenario, state))

    def _remember(self, question: str, parts: list[dict[str, Any]]) -> None:
        with self._lock:
            self._whole[question] = parts
            while len(self._whole) > REMEMBERED:
                del self._whole[next(iter(self._whole))]


def app_of(explorer: Explorer, token: str) -> ASGIApp:
    """The application. `token` opens it."""

    async def page(_: Request) -> Response:
        return _file("index.html")

    async def file(request: Request) -> Response:
        return _file(request.path_params["name"])

    async def opened(_: Request) -> Response:
        found = await run_in_threadpool(answers.opened, explorer.scenario)
        return JSONResponse(answers.plain(found))

    async def ready(_: Request) -> Response:
        return JSONResponse({"ready": explorer.ready.is_set()})

    async def payers(_: Request) -> Response:
        return JSONResponse(answers.plain(await run_in_threadpool(answers.payers, explorer.scenario)))

    async def sources(_: Request) -> Response:
        return JSONResponse(answers.plain(await run_in_threadpool(answers.sources, explorer.scenario)))

    async def saved(request: Request) -> Response:
        body = await _body(request)
        return JSONResponse(answers.plain(await run_in_threadpool(answers.saved, explorer.scenario, body)))

    async def ask(request: Request) -> Response:
        kind, body = request.path_params["kind"], await _body(request)
        if kind not in HERE and kind not in THERE:
            return PlainTextResponse("No such question.\n", 404)
        parts = explorer.asked(kind, request.headers.get("x-page", "")[:40], body)
        first = await run_in_threadpool(next, parts, None)
        if first is not None and first.get("kind") == "problems":
            return JSONResponse(first, 422)
        return StreamingResponse(_lines(first, parts), media_type="application/x-ndjson")

    routes = [
        Route("/", page),
        Route("/page/{name}", file),
        Route("/opened", opened, methods=["POST"]),
        Route("/ready", ready, methods=["POST"]),
        Route("/payers", payers, methods=["POST"]),
        Route("/sources", sources, methods=["POST"]),
        Route("/saved", saved, methods=["POST"]),
        Route("/ask/{kind}", ask, methods=["POST"]),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=explorer.warm, daemon=True).start()
        yield
        explorer.close()

    handlers: dict[Any, Callable[[Request, Exception], Response]] = {BadInput: _refusal, Exception: _failure}
    return Guard(Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers), token)


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(24)


def _file(name: str) -> Response:
    place = PAGE / name
    if name not in {each.name for each in PAGE.iterdir()} or place.suffix not in TYPES:
        return PlainTextResponse("Nothing here.\n", 404)
    return Response(place.read_bytes(), media_type=TYPES[place.suffix])


async def _body(request: Request) -> dict[str, Any]:
    """The question as a table. Raises BadInput for anything else."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST:
            raise BadInput([Problem("page", "question", f"more than {LARGEST:,} bytes", f"at most {LARGEST:,} bytes")])
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadInput([Problem("page", "question", "not a JSON object", "a JSON object")])
    return body


async def _lines(first: Mapping[str, Any] | None, parts: Iterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    if first is None:
        return
    yield _line(first)
    async for part in iterate_in_threadpool(parts):
        yield _line(part)


def _line(part: Mapping[str, Any]) -> bytes:
    return json.dumps(part, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _refusal(_: Request, bad: Exception) -> Response:
    problems = bad.problems if isinstance(bad, BadInput) else ()
    return JSONResponse({"kind": "problems", "problems": [str(problem) for problem in problems]}, 422)


def _failure(_: Request, error: Exception) -> Response:
    traceback.print_exception(error, file=sys.stderr)
    return PlainTextResponse("This could not be worked out; the terminal says why.\n", 500)
