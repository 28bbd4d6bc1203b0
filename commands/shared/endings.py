"""How a long command ends before its time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def end_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what runs within as Ctrl-C does, so that it tidies up. In a thread beside the main
    one, to which signals do not come, nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.signal(name, _interrupt) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _interrupt(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)
