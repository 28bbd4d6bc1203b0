"""Log lines that repeat themselves: a few a minute are kept, and how many were not."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Final

EVERY_S: Final = 60.0
AT_ONCE: Final = 5
_PASSES: Final = "selvedge_passes"
"""Where a line keeps the answer."""


class RepeatFilter(logging.Filter):
    """Lets `at_once` like lines pass in `every_s` seconds. Lines are alike by logger, text before its values, and the
    kind of error; the first one of the next time says how many were left out."""

    def __init__(self, at_once: int = AT_ONCE, every_s: float = EVERY_S) -> None:
        super().__init__()
        self._at_once, self._every_s = at_once, every_s
        self._seen: dict[tuple[object, ...], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written: one answer for each line, by however many handlers it goes."""
        if not hasattr(record, _PASSES):
            setattr(record, _PASSES, self._count(record))
        return bool(getattr(record, _PASSES))

    def _count(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        kind = record.exc_info[0] if record.exc_info else None
        since_count = self._seen.setdefault((record.name, record.levelno, str(record.msg), kind), [now, 0.0])
        if now - since_count[0] > self._every_s:
            if (missed := int(since_count[1]) - self._at_once) > 0:
                record.msg = f"{record.msg} ({missed:,} more like this were left out)"
            since_count[:] = [now, 0.0]
        since_count[1] += 1
        return since_count[1] <= self._at_once


def limit_repeats(names: Iterable[str]) -> None:
    """Limit what repeats itself in the named loggers, and in what reaches the handlers of the root."""
    repeats = RepeatFilter()
    for name in names:
        logging.getLogger(name).addFilter(repeats)
    for handler in logging.getLogger().handlers:
        handler.addFilter(repeats)
