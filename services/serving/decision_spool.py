"""Decisions on their way to the database: each lies in a file before it is answered, and goes on in batches.

Killing the process loses nothing that was answered: the file is in the hands of the operating system, and the next
process on this home takes over what an earlier one left. A crash of the whole machine can lose what the system had not
written to the disk yet, some seconds at most.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import orjson

from services.repeated_work import RepeatedWork
from services.serving.serving_metrics import decisions_dropped, decisions_waiting

EVERY_SECONDS: Final = 0.25
"""Real seconds from an answer to its row, about."""
BATCH: Final = 2_000
MOST: Final = 200_000
"""Decisions that may wait while the database is away; later ones are answered without a record, and counted."""

Line: TypeAlias = bytes
SaveLines: TypeAlias = Callable[[Sequence[bytes]], None]
"""Saves decisions, JSON each; those that are there already stay as they are."""

log = logging.getLogger(__name__)


class DecisionSpool:
    """A file of decisions in `folder`, and the thread that empties it by `save`."""

    def __init__(self, folder: Path, save: SaveLines) -> None:
        self._folder, self._save = folder, save
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._waiting: list[Line] = []
        self._lock = threading.Lock()
        self._file, self._path = self._open_file(0)
        self._number = 0
        self._adopted = self._closed = False
        self._work = RepeatedWork("decisions", self._empty, EVERY_SECONDS, "decisions wait on the disk", once_more=True)
        self._work.start()

    def put(self, line: Line) -> bool:
        """Write a decision to the file; return whether it is on its way. False: too many wait."""
        with self._lock:
            if len(self._waiting) >= MOST:
                decisions_dropped.inc()
                return False
            try:
                os.write(self._file, b"\n" + line)  # the break first: half a line, of a full disk, spoils no other
            except OSError as full:
                decisions_dropped.inc()
                log.error("a decision is not kept: %s", full.strerror)
                return False
            self._waiting.append(line)
        return True

    def close(self) -> None:
        """Save what waits and end the thread. What cannot be saved stays in the file."""
        if self._closed:
            return
        self._closed = True
        self._work.close()
        with self._lock:
            if not self._waiting:
                self._path.unlink(missing_ok=True)
            os.close(self._file)

    def _empty(self) -> None:
        """Save what waits; the file that held it goes once all of it is saved."""
        if not self._adopted:
            self._adopt_orphans()
            self._adopted = True
        with self._lock:
            if not self._waiting:
                return
            lines, self._waiting = self._waiting, []
            old_file, old_path = self._file, self._path
            self._number += 1
            self._file, self._path = self._open_file(self._number)
        decisions_waiting.set(len(lines))
        try:
            self._save_all(lines)
        except BaseException:
            with self._lock:  # both files stay, as one, until the database is back
                self._waiting = lines + self._waiting
                self._file, self._path = self._merge(old_file, old_path, self._file, self._path)
            raise
        old_path.unlink(missing_ok=True)
        os.close(old_file)
        decisions_waiting.set(0)

    def _merge(self, old_file: int, old_path: Path, new_file: int, new_path: Path) -> tuple[int, Path]:
        """Append the newer file to the older one, which goes on being used."""
        os.write(old_file, new_path.read_bytes())
        new_path.unlink(missing_ok=True)
        os.close(new_file)
        return old_file, old_path

    def _save_all(self, lines: Sequence[Line]) -> None:
        for begin in range(0, len(lines), BATCH):
            self._save(lines[begin : begin + BATCH])

    def _open_file(self, number: int) -> tuple[int, Path]:
        path = self._folder / f"decisions-{os.getpid()}-{id(self):x}-{number}.jsonl"
        file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_TRUNC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file, path

    def _adopt_orphans(self) -> None:
        """Save what processes that are gone left behind; a file in use is locked."""
        for path in sorted(self._folder.glob("decisions-*.jsonl")):
            try:
                file = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            try:
                self._save_all([line for line in path.read_bytes().split(b"\n") if _is_whole(line)])
                path.unlink(missing_ok=True)
            finally:
                os.close(file)


def _is_whole(line: bytes) -> bool:
    """Return whether a line is a whole decision: a process that was killed may leave half of one."""
    try:
        return bool(line) and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
