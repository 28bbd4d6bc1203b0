"""What a command does when it is asked to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def clean_up_on_sigterm() -> Iterator[None]:
    """Leave by SystemExit at SIGTERM, so that whatever is open is closed and temporary files are deleted."""
    asked: list[int] = []

    def leave(number: int, _frame: FrameType | None) -> None:
        asked.append(128 + number)
        raise SystemExit(asked[0])

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except BaseException:
        if asked:  # a library in between may have made another error of it
            raise SystemExit(asked[0]) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
