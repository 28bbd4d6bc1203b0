"""Declare activities that end by their own code alone.

The SDK otherwise raises a cancellation inside the thread of a step, between any two lines: also between taking a lock
or a connection and noting that it must be given back. A worker that was paused for half a minute then kept the turn to
write for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from temporalio import activity

Step = TypeVar("Step", bound=Callable[..., Any])


def declare_activity(name: str | None = None) -> Callable[[Step], Step]:
    """Declare an activity; a step in a thread that is cancelled goes on to its end, or until it next reports progress
    (`activities.heartbeat`). `name`: that of its function when None."""
    return activity.defn(name=name, no_thread_cancel_exception=True)
