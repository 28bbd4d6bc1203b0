"""A circuit breaker for each algorithm: after repeated faults it is not asked for a while, then by one question at a
time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

import pybreaker

from algorithms.slots.algorithm_error import AlgorithmError

FAULTS: Final = 5
"""In a row, after which the circuit opens."""
REST_SECONDS: Final = 30.0
"""Real seconds until it is tried again."""
NEUTRAL: Final = frozenset({"starting", "busy"})
"""These say nothing of how well an algorithm answers."""


class Circuit:
    """A circuit breaker, safe from many threads. The library keeps the state; no lock of it is held while an algorithm
    is asked, because its own way to wrap a call lets one caller through at a time and a half-open circuit lets all
    through."""

    def __init__(self, faults: int = FAULTS, rest_seconds: float = REST_SECONDS) -> None:
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(faults, rest_seconds, state_storage=self._storage)
        self._rest = timedelta(seconds=rest_seconds)
        self._probing = threading.Lock()

    @property
    def state(self) -> str:
        """`closed` (asked), `open` (not asked) or `half-open` (being tried)."""
        return str(self._breaker.current_state)

    @contextmanager
    def count_outcome(self) -> Iterator[None]:
        """Count what happens inside: an AlgorithmError is a fault. Raises AlgorithmError at once while the circuit is
        open."""
        probing = self._admit_probe()
        try:
            yield
            self._record(None)
        except AlgorithmError as trouble:
            if trouble.code not in NEUTRAL:
                self._record(trouble)
            raise
        finally:
            if probing:
                self._probing.release()

    def _admit_probe(self) -> bool:
        """Return whether this is the one question that tries a rested circuit. Raises AlgorithmError for all others."""
        if self.state == pybreaker.STATE_CLOSED:
            return False
        opened = self._storage.opened_at
        rested = opened is None or datetime.now(UTC) >= opened + self._rest
        if not rested or not self._probing.acquire(blocking=False):
            raise AlgorithmError("circuit_open", "too many faults in a row; it is left alone for a while")
        return True

    def _record(self, trouble: AlgorithmError | None) -> None:
        def fail() -> NoReturn:
            raise trouble or RuntimeError

        # A circuit that another thread opened in the meantime takes no record of calls from before.
        with suppress(pybreaker.CircuitBreakerError, AlgorithmError):
            self._breaker.call(fail if trouble else bool)
