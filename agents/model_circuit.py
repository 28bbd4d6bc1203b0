"""Which of the configured models is asked next: the first that works, and none before the time that it asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from errors import RateLimited, SelvedgeError, Unavailable

FAILURES: Final = 3
"""So many in a row open the circuit."""
FIRST_REST_S: Final = 30.0
LONGEST_REST_S: Final = 600.0


class ModelCircuit:
    """The circuit of one model: open for a while after failures in a row, and for as long as Retry-After says."""

    def __init__(self, name: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.name, self._monotonic = name, monotonic
        self._failures, self._rests_until, self._asked_until = 0, float("-inf"), float("-inf")

    @property
    def is_closed(self) -> bool:
        """Whether the model may be asked."""
        return self._monotonic() >= max(self._rests_until, self._asked_until)

    @property
    def wait_s(self) -> float:
        """Seconds for which the endpoint asked us to leave the model alone."""
        return max(0.0, self._asked_until - self._monotonic())

    def note_success(self) -> None:
        """Close the circuit."""
        self._failures, self._rests_until = 0, float("-inf")

    def note_failure(self, error: SelvedgeError) -> None:
        """Count a failure; open the circuit after some in a row, at once when the endpoint says for how long."""
        now, self._failures = self._monotonic(), self._failures + 1
        if isinstance(error, Unavailable) and error.retry_after:
            self._asked_until = now + error.retry_after
        if self._failures >= FAILURES:
            self._rests_until = now + min(FIRST_REST_S * 2 ** (self._failures - FAILURES), LONGEST_REST_S)


class ModelChain:
    """The models in the order in which they are preferred."""

    def __init__(self, names: Sequence[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.circuits = [ModelCircuit(name, monotonic) for name in dict.fromkeys(names)]

    def list_ready(self) -> list[ModelCircuit]:
        """List the models to ask, in order. Where all rest, the first is tried all the same.

        Raises:
            RateLimited: the endpoint asked us to leave every model alone; carries for how long.
        """
        ready = [circuit for circuit in self.circuits if circuit.is_closed]
        if ready:
            return ready
        free = [circuit for circuit in self.circuits if not circuit.wait_s]
        if not free:
            wait = min(circuit.wait_s for circuit in self.circuits)
            raise RateLimited("the model's endpoint asks us to wait", retry_after=wait)
        return free[:1]
