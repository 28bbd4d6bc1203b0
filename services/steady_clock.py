"""Real time that does not jump: a machine's clock that is set years ahead for seconds would move clients there for
good."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from errors import Unavailable

MOST_S: Final = 60.0
"""What a clock may be set by at once."""
USUAL_S: Final = 5.0
"""What it drifts by, and is followed in."""
_SINCE_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where there is such a clock."""


def read_uptime() -> float:
    """Read the real seconds since this machine began."""
    return time.clock_gettime(_SINCE_BOOT)


class SteadyClock:
    """Real time, aware UTC; callable from any thread. A jump is refused until it is undone or the process restarted."""

    def __init__(self, wall: Callable[[], float] = time.time, uptime: Callable[[], float] = read_uptime) -> None:
        self._wall, self._uptime = wall, uptime
        self._began, self._lock = wall() - uptime(), Lock()

    def __call__(self) -> datetime:
        """Return real time. Raises Unavailable while the clock has jumped."""
        with self._lock:
            now = self._wall()
            jump = now - self._uptime() - self._began
            if abs(jump) > MOST_S:
                raise Unavailable(
                    f"this machine's clock has jumped by {jump:,.0f} s: set it right, or restart if it is"
                )
            if abs(jump) < USUAL_S:
                self._began += jump
        return datetime.fromtimestamp(now, UTC)
