"""A circuit for each algorithm: after repeated faults it is not asked for a while, then by one question at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

import pybreaker

from algorithms.slots.trouble import Trouble

FAULTS: Final = 5
"""In a row, after which the circuit opens."""
REST_SECONDS: Final = 30.0
"""Real seconds until it is tried again."""
NEUTRAL: Final = frozenset({"starting", "busy"})
"""These say nothing of how well an algorithm answers."""


class Circuit:
    """Safe from many threads. The library keeps the state; it is not held while an algorithm is asked, for its own way
    to wrap a call lets one caller at a time through, and a half-open circuit lets all."""

    def __init__(self, faults: int = FAULTS, rest_seconds: float = REST_SECONDS) -> None:
        self._kept = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(faults, rest_seconds, state_storage=self._kept)
        self._rest = timedelta(seconds=rest_seconds)
        self._probing = threading.Lock()

    @property
    def state(self) -> str:
        """`closed` (asked), `open` (not asked) or `half-open` (being tried)."""
        return str(self._breaker.current_state)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what happens inside: Trouble is a fault. Raises Trouble at once while the circuit is open."""
        probing = self._admitted()
        try:
            yield
            self._record(None)
        except Trouble as trouble:
            if trouble.code not in NEUTRAL:
                self._record(trouble)
            raise
        finally:
            if probing:
                self._probing.release()

    def _admitted(self) -> bool:
        """Whether this is the one question that tries a circuit that has rested. Raises Trouble for the others."""
        if self.state == pybreaker.STATE_CLOSED:
            return False
        opened = self._kept.opened_at
        rested = opened is None or datetime.now(UTC) >= opened + self._rest
        if not rested or not self._probing.acquire(blocking=False):
            raise Trouble("circuit_open", "too many faults in a row; it is left alone for a while")
        return True

    def _record(self, trouble: Trouble | None) -> None:
        def fail() -> NoReturn:
            raise trouble or RuntimeError

        # A circuit that another thread opened in the meantime takes no record of calls from before.
        with suppress(pybreaker.CircuitBreakerError, Trouble):
            self._breaker.call(fail if trouble else bool)
