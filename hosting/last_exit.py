"""Leave a process whose work does not end in time."""

from __future__ import annotations

import logging
import os
from threading import Timer

log = logging.getLogger("selvedge.worker")


def leave_after(seconds: float) -> None:
    """Leave the process in so many seconds, unless it has ended by then.

    A step in a thread cannot be stopped from outside. What it had not saved is done again by the next worker, as after
    a kill; whoever stops a worker need not wait for minutes of training."""
    timer = Timer(seconds, _leave, (seconds,))
    timer.daemon = True
    timer.start()


def _leave(seconds: float) -> None:
    log.warning("a step is still under way after %.0f s; another worker will do it again", seconds)
    os._exit(0)
