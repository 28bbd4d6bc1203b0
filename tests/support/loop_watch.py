"""What an event loop must not do: ask the database itself, since with a frozen one nobody else is answered then."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

WEB = str(Path(__file__).parents[2] / "web")


@contextmanager
def watch_loop() -> Iterator[list[str]]:
    """Collect the places in `web/` from which a statement was asked on a thread that runs an event loop."""
    places: list[str] = []

    def notice(*_: Any) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        if place := _find_place(sys._getframe()):
            places.append(place)

    event.listen(Engine, "before_cursor_execute", notice)
    try:
        yield places
    finally:
        event.remove(Engine, "before_cursor_execute", notice)


def _find_place(frame: FrameType | None) -> str:
    """Find the line of `web/` that asks; none while the app starts or stops, when it serves nobody, nor for a loop that
    a service runs in a thread of its own: what asked for that stands outside of it."""
    place = ""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "lifespan":
            return ""
        if code.co_name == "run_forever":
            return place
        if not place and code.co_filename.startswith(WEB):
            place = f"{code.co_filename}:{frame.f_lineno} {code.co_name}"
        frame = frame.f_back
    return place


@asynccontextmanager
async def count_stalls(longest_s: float = 1.0) -> AsyncIterator[list[float]]:
    """Collect the times, in seconds, for which the event loop ran nothing, where they are longer than `longest_s`."""
    stalls: list[float] = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            asleep = loop.time()
            await asyncio.sleep(0.02)
            if (late := loop.time() - asleep) > longest_s:
                stalls.append(late)

    task = asyncio.create_task(tick())
    try:
        yield stalls
    finally:
        await asyncio.sleep(0)
        task.cancel()
