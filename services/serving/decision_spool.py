"""Decisions on their way to the database: each lies in a file before it is answered, and goes on in batches.

Killing the process loses nothing that was answered: the file is in the hands of the operating system, and another
process on this home takes over what it left. A crash of the whole machine can lose what the system had not
written to the disk yet, some seconds at most.
"""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from services.repeated_work import RepeatedWork
from services.serving.serving_metrics import decisions_dropped, decisions_waiting
from services.serving.spool_file import SpoolFile, read_lines

EVERY_SECONDS: Final = 0.25
"""Real seconds from an answer to its row, about."""
ADOPT_SECONDS: Final = 10.0
"""Real seconds between two looks for files that a killed process left."""
BATCH: Final = 2_000
MOST: Final = 200_000
"""Decisions that may wait while the database is away; later ones are answered without a record, and counted."""

Line: TypeAlias = bytes
SaveLines: TypeAlias = Callable[[Sequence[bytes]], None]
"""Saves decisions, JSON each; those that are there already stay as they are."""

log = logging.getLogger(__name__)


class DecisionSpool:
    """Files of decisions in `folder`, and the thread that empties them by `save`."""

    def __init__(self, folder: Path, save: SaveLines) -> None:
        self._folder, self._save = folder, save
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._waiting: list[Line] = []
        self._being_saved = 0
        self._lock = threading.Lock()
        # The process's id alone is not enough: those of containers that share the folder are alike.
        self._name, self._numbers = f"{os.getpid()}-{secrets.token_hex(8)}", itertools.count()
        self._files: list[SpoolFile] = []
        self._adopt_at, self._closed = 0.0, False
        self._work = RepeatedWork("decisions", self._empty, EVERY_SECONDS, "decisions wait on the disk", once_more=True)
        self._work.start()

    def put(self, line: Line) -> bool:
        """Write a decision to a file; return whether it is on its way. False: too many wait, or the disk is full."""
        with self._lock:
            if len(self._waiting) + self._being_saved >= MOST:
                decisions_dropped.inc()
                return False
            try:
                if not self._files or not self._files[-1].append(line):
                    self._files.append(self._open_file(len(line) + 1))
                    self._files[-1].append(line)
            except OSError as full:
                decisions_dropped.inc()
                log.error("a decision is not kept: %s", full.strerror)
                return False
            self._waiting.append(line)
        return True

    def close(self) -> None:
        """Save what waits and end the thread. What cannot be saved stays in the files."""
        if self._closed:
            return
        self._closed = True
        self._work.close()
        with self._lock:
            for file in self._files:
                if self._waiting:
                    file.close()
                else:
                    file.delete()

    def _empty(self) -> None:
        """Save what waits; the files that held it go once all of it is saved."""
        if time.monotonic() >= self._adopt_at:
            self._adopt_orphans()
            self._adopt_at = time.monotonic() + ADOPT_SECONDS
        with self._lock:
            lines, self._waiting = self._waiting, []
            files, self._files = self._files, []
            self._being_saved = len(lines)
        decisions_waiting.set(len(lines))
        try:
            self._save_all(lines)
        except BaseException:
            with self._lock:  # all files stay until the database is back
                self._waiting, self._files = lines + self._waiting, files + self._files
                self._being_saved = 0
            raise
        self._being_saved = 0
        for file in files:
            file.delete()
        decisions_waiting.set(0)

    def _save_all(self, lines: Sequence[Line]) -> None:
        for begin in range(0, len(lines), BATCH):
            self._save(lines[begin : begin + BATCH])

    def _open_file(self, least: int) -> SpoolFile:
        name = f"decisions-{self._name}-{next(self._numbers)}.jsonl"
        return SpoolFile(self._folder / name, least)

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
                self._save_all(list(read_lines(path)))
                path.unlink(missing_ok=True)
            finally:
                os.close(file)
