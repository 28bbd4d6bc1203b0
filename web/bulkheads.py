"""How many requests of each kind are in progress at once, in plain ASGI: what waits for the database fills its own
places and no others, so that opt-outs, health and what needs no database are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import Unavailable
from web.error_responses import answer_own_error

refused: Final = Counter("selvedge_http_refused_total", "Requests refused because too many are in progress", ["area"])


@dataclass(frozen=True)
class Area:
    """Requests whose path begins with one of `paths`: so many in progress at once, and so many that wait for that, for
    `patience_s` real seconds at most."""

    name: str
    paths: tuple[str, ...]
    at_once: int
    waiting: int
    patience_s: float = 5.0
    uses_threads: bool = True


AREAS: Final = (
    Area("opt_outs", ("/u/",), at_once=16, waiting=500, patience_s=20.0),
    Area("probes", ("/healthz", "/metrics"), at_once=4, waiting=20),
    Area("files", ("/static/",), at_once=8, waiting=500),
    # Pages of the shop, by whoever comes: these fill no place of staff, and no others theirs.
    Area("visitors", ("/visitor/", "/s.js"), at_once=24, waiting=2_000, patience_s=2.0),
    # Answered from memory by the event loop.
    Area("lists", ("/v1/recommendations", "/v1/session", "/ofrep/"), at_once=5_000, waiting=0, uses_threads=False),
    # A tool works in a thread; one that asks a person keeps its place, without a thread, until they answer.
    Area("agents", ("/mcp",), at_once=200, waiting=0),
    # An identity provider that is slow holds up those who sign in by it, and nobody else.
    Area("provider", ("/sign-in/provider",), at_once=8, waiting=100),
    Area("others", ("/",), at_once=40, waiting=1_000),
)
"""The first that fits counts."""


def count_threads(areas: Sequence[Area] = AREAS) -> int:
    """Count the threads that the areas may keep busy together."""
    return sum(area.at_once for area in areas if area.uses_threads) + 8


class Bulkheads:
    """Middleware that answers 503 with "later" to a request for which there is no place."""

    def __init__(self, app: ASGIApp, areas: Sequence[Area] = AREAS) -> None:
        self._app = app
        self._gates = [_Gate(area) for area in areas]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        gate = next(
            gate for gate in self._gates if scope["path"].startswith(gate.area.paths) or gate is self._gates[-1]
        )
        if not await gate.enter():
            refused.labels(gate.area.name).inc()
            answer = answer_own_error(Request(scope), Unavailable("too much is asked at once; try again in a moment"))
            await answer(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            gate.leave()


class _Gate:
    """The places of one area."""

    def __init__(self, area: Area) -> None:
        self.area = area
        self._free = asyncio.Semaphore(area.at_once)
        self._waiting = 0

    async def enter(self) -> bool:
        """Take a place; return False where there is none in time."""
        if not self._free.locked():
            await self._free.acquire()  # at once, so no clock is set
            return True
        if self._waiting >= self.area.waiting:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(self.area.patience_s):
                await self._free.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self._free.release()
