"""Waiting for a workflow at a prompt: how far it is, until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from commands._progress import Progress
from errors import SelvedgeError

LOOK_S: Final = 1.0

Report = TypeVar("Report")


async def followed(report: Coroutine[Any, Any, Report], step: Callable[[], Awaitable[str]]) -> Report:
    """What `report` comes to. Meanwhile `step`, which says what it is at, is shown each time that it has changed."""
    ending, shown = asyncio.create_task(report), ""
    with Progress() as progress:
        while not ending.done():
            now = await _told(step)
            if now and now != shown:
                progress.step(shown := now)
            await asyncio.wait([ending], timeout=LOOK_S)
    return await ending


async def _told(step: Callable[[], Awaitable[str]]) -> str:
    """Before a worker has taken it, nothing is known."""
    try:
        return await asyncio.wait_for(step(), LOOK_S)
    except (SelvedgeError, TimeoutError):
        return ""
