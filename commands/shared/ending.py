"""What a command does when it is asked to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def clean_up_at_signals() -> Iterator[None]:
    """Leave by SystemExit at SIGTERM and SIGHUP, so that what is open is closed and temporary files are deleted.

    In a thread beside the main one, to which signals do not come, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def leave(number: int, _frame: FrameType | None) -> None:
        asked.append(128 + number)
        raise SystemExit(asked[0])

    before = {name: signal.signal(name, leave) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except BaseException:
        if asked:  # a library in between may have made another error of it
            raise SystemExit(asked[0]) from None
        raise
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
