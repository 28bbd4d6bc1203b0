"""Work that a thread of a process does again and again, whatever fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from errors import SelvedgeError

log = logging.getLogger(__name__)


class RepeatedWork:
    """A thread that calls `step` with a rest of `seconds` after each; close it.

    A step that raises is one line in the log, which begins with `fails` (what is not done), and the next one is tried
    all the same. `rest_factor`: rest that many times as long as a step took, where that is more. `once_more`: do a last
    step when it is closed.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], object],
        seconds: float,
        fails: str,
        *,
        rest_factor: float = 0.0,
        once_more: bool = False,
    ) -> None:
        self._step, self._seconds, self._fails = step, seconds, fails
        self._rest_factor, self._once_more = rest_factor, once_more
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a step at once."""
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it is to end: a long step may ask, and stop early."""
        return self._closed.is_set()

    def close(self, seconds: float = 10.0) -> None:
        """End the thread; wait at most so many seconds for its last step."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        rest = 0.0
        while not self._closed.wait(rest):
            started = time.monotonic()
            self._try_step()
            rest = max(self._seconds, self._rest_factor * (time.monotonic() - started))
        if self._once_more:
            self._try_step()

    def _try_step(self) -> None:
        try:
            self._step()
        except SelvedgeError as away:  # what is away will be back
            log.warning("%s: %s", self._fails, away.code)
        except Exception as broken:  # a thread that ended here would do nothing more, and nobody would see
            log.error("%s: %s", self._fails, type(broken).__name__)
