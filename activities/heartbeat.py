"""Send heartbeats from an activity that computes in a thread, so that a dead worker is noticed in seconds."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import CancelledError

EVERY_S: Final = 2.0


@contextmanager
def send_heartbeats(every: float = EVERY_S) -> Iterator[Callable[[Any], None]]:
    """Send heartbeats while the block runs. Call what it yields with a cursor, and each later heartbeat carries it; it
    raises CancelledError once the activity was cancelled, or timed out."""
    context, over = contextvars.copy_context(), Event()
    details: list[Any] = []

    def report_progress(cursor: Any) -> None:
        details[:] = [cursor]
        activity.heartbeat(cursor)
        if activity.is_cancelled():
            raise CancelledError("cancelled between two parts of the work")

    def send_repeatedly() -> None:
        while not over.wait(every):
            context.run(activity.heartbeat, *details)

    thread = Thread(target=send_repeatedly, name="heart", daemon=True)
    thread.start()
    try:
        yield report_progress
    finally:
        over.set()
        thread.join()
