"""Signs of life from an activity that computes in a thread, so that a dead worker is noticed in seconds."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from temporalio import activity

EVERY_S: Final = 2.0


@contextmanager
def beating(every: float = EVERY_S) -> Iterator[None]:
    """Heartbeats now and then while the block runs."""
    context, over = contextvars.copy_context(), Event()

    def beat() -> None:
        while not over.wait(every):
            context.run(activity.heartbeat)

    thread = Thread(target=beat, name="heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
