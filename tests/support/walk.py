"""Records which project files have functions that run, in the order of their first call, in all threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
ELSEWHERE = (".venv/", "tests/")
"""Not the product."""
BACKGROUND = ("algorithms", "recording", "helpers-")
"""Threads that look after a process every few seconds, whatever its clients do."""


class FunctionRecorder:
    """Records while `recording` is set. Install it before the threads start that are to be seen."""

    def __init__(self, *, ignore: tuple[str, ...] = ()) -> None:
        self.recording = False
        self.files: dict[str, str] = {}
        """Path within the repository -> the function by which it was first entered."""
        self._ignored = ELSEWHERE + ignore
        self._prefix = f"{ROOT}/"

    @contextmanager
    def install(self) -> Iterator[None]:
        """Watch this thread and those that start inside the block."""
        threading.setprofile(self._watch)
        sys.setprofile(self._watch)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _watch(self, frame: FrameType, event: str, _: Any) -> None:
        if not self.recording or event != "call":
            return
        code = frame.f_code
        path = code.co_filename
        if path.startswith(self._prefix) and code.co_name != "<module>":
            path = path[len(self._prefix) :]
            if path not in self.files and not path.startswith(self._ignored) and not _is_background():
                self.files[path] = code.co_qualname


def _is_background() -> bool:
    return threading.current_thread().name.startswith(BACKGROUND)
