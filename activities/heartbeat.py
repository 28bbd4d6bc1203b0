"""Signs of life from an activity that computes in a thread, so that a dead worker is noticed in seconds."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from temporalio import activity

EVERY_S: Final = 2.0


@contextmanager
def beating(every: float = EVERY_S) -> Iterator[Callable[[Any], None]]:
    """Heartbeats now and then while the block runs. Tell what is given how far the work is, and each beat says so."""
    context, over = contextvars.copy_context(), Event()
    details: list[Any] = []

    def far(cursor: Any) -> None:
        details[:] = [cursor]
        activity.heartbeat(cursor)

    def beat() -> None:
        while not over.wait(every):
            context.run(activity.heartbeat, *details)

    thread = Thread(target=beat, name="heart", daemon=True)
    thread.start()
    try:
        yield far
    finally:
        over.set()
        thread.join()
