"""A file of lines that a killed process leaves whole, written through memory that it shares with the file: after a call
to the operating system an answer would have to wait for the interpreter again."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

SPACE: Final = 1 << 20
"""Bytes of a file, reserved when it is made: a full disk must fail then, since later it would end the process."""


class SpoolFile:
    """One file, locked while it is used. `least`: bytes that it must hold. Raises OSError when the disk is full."""

    def __init__(self, path: Path, least: int = 0) -> None:
        self._path, self._used = path, 0
        self._size = max(SPACE, least)
        self._memory: mmap.mmap | None = None
        hidden = path.with_suffix(".new")  # until it is locked, so that nobody takes it for one that was left
        self._file = os.open(hidden, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
        self._lock = os.open(hidden, os.O_RDONLY)  # apart: shared memory would hold the lock beyond the process's end
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            os.posix_fallocate(self._file, 0, self._size)
            self._memory = mmap.mmap(self._file, self._size, mmap.MAP_SHARED | mmap.MAP_POPULATE)
            hidden.rename(path)
        except OSError:
            hidden.unlink(missing_ok=True)
            self.close()
            raise

    def append(self, line: bytes) -> bool:
        """Append a line; return False when it does not fit any more."""
        end = self._used + len(line) + 1
        if end > self._size:
            return False
        assert self._memory is not None  # noqa: S101 - it is set when the file is open
        self._memory[self._used : end] = line + b"\n"
        self._used = end
        return True

    def delete(self) -> None:
        """Delete the file; its lines are saved."""
        self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Close the file and leave its lines where they are."""
        if self._memory is not None:
            self._memory.close()
        os.close(self._file)
        os.close(self._lock)


def read_lines(path: Path) -> Iterator[bytes]:
    """Read the lines of a file that a process left; half a line, and the space after the last one, are left out."""
    return (line for line in path.read_bytes().split(b"\n") if _is_whole(line))


def _is_whole(line: bytes) -> bool:
    try:
        return bool(line) and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
