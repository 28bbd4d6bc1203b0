"""Counts of everything there is, for pages: made anew each time while that is quick, and recalled in a large shop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from errors import Unavailable
from store.database import read_transaction

Count = Callable[[Connection], Mapping[str, int]]

QUICK_S: Final = 0.05
"""A count that took no longer is made anew each time."""
SHARE: Final = 100
"""A slower one stands for so many times as long as it took: it costs a hundredth of a processor at most."""
OLDEST: Final = 10
"""So many times beyond that it is not shown any more, and a page waits for the new one."""


@dataclass(frozen=True)
class _Counted:
    values: Mapping[str, int]
    at: float
    took: float


class RecalledCounts:
    """The counts of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, threading.Lock()
        self._known: dict[Count, _Counted] = {}
        self._under_way: set[Count] = set()

    def read(self, count: Count, quick_s: float = QUICK_S) -> Mapping[str, int]:
        """Read a count: the present one, or where it takes over `quick_s`, the last one, while a thread makes the next.
        Raises Unavailable."""
        known = self._known.get(count)
        age = time.monotonic() - known.at if known else 0.0
        if known is None or known.took <= quick_s or age > OLDEST * SHARE * known.took:
            return self._count(count)
        if age > SHARE * known.took:
            self._begin(count)
        return known.values

    def _count(self, count: Count) -> Mapping[str, int]:
        begun = time.monotonic()
        with read_transaction(self._engine) as connection:
            values = count(connection)
        now = time.monotonic()
        self._known[count] = _Counted(values, now, now - begun)
        return values

    def _begin(self, count: Count) -> None:
        """Make a count in a thread, unless one does already."""
        with self._lock:
            if count in self._under_way:
                return
            self._under_way.add(count)
        threading.Thread(target=self._count_aside, args=(count,), name="counts", daemon=True).start()

    def _count_aside(self, count: Count) -> None:
        try:
            with suppress(Unavailable):  # the last one stands until the database answers again
                self._count(count)
        finally:
            with self._lock:
                self._under_way.discard(count)
