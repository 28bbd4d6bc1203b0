"""Wait for a workflow at a prompt and show how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from commands.shared.progress import ProgressLine
from errors import SelvedgeError

POLL_S: Final = 1.0


Report = TypeVar("Report")


async def wait_with_progress(report: Coroutine[Any, Any, Report], step: Callable[[], Awaitable[str]]) -> Report:
    """Wait for `report` and return it. Meanwhile `step`, which says how far it is, is printed whenever it changes."""
    ending, shown = asyncio.create_task(report), ""
    with ProgressLine() as progress:
        while not ending.done():
            text = await _read_step(step)
            if text and text != shown:
                progress.step(shown := text)
            await asyncio.wait([ending], timeout=POLL_S)
    return await ending


async def _read_step(step: Callable[[], Awaitable[str]]) -> str:
    """Return how far it is; empty before a worker has taken it."""
    try:
        return await asyncio.wait_for(step(), POLL_S)
    except (SelvedgeError, TimeoutError):
        return ""
