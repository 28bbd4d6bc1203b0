"""Several processes on one listening socket, watched: one that ends or hangs is replaced, and all end together.

They are forks of a process that has imported everything and opened nothing but sockets, so that a new one stands in a
moment. A connection waits in the one queue of the socket until some process takes it: what a process that is killed had
not taken yet, another takes.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

log = logging.getLogger("selvedge.processes")

Serve = Callable[[int, int], None]
"""Serves as the process of a number, until it is told to end; writes to the pipe about once a second meanwhile."""
Bury = Callable[[int], None]
"""Told the process id of each that has ended."""

LOOK_S: Final = 0.2
SILENT_S: Final = 30.0
"""A process that says nothing for so long hangs, and is killed."""
START_S: Final = 120.0
"""Within which one must stand."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
"""Rest before a process is replaced that ended before it stood."""
PATIENCE_S: Final = 10.0
"""For which processes that were told to end may take."""


@dataclass
class ForkedProcess:
    """One process. `pipe`: what it says comes here; `heard`: when it last said anything, None before it stands."""

    number: int
    pid: int
    pipe: int
    started: float
    heard: float | None = None


def say_alive(pipe: int) -> bool:
    """Say into the pipe that this process serves; False when nobody listens any more."""
    try:
        return os.write(pipe, b".") > 0
    except BlockingIOError:  # who listens is late
        return True
    except BrokenPipeError:
        return False


class ForkedProcesses:
    """The processes and who watches them. Use it in a process with one thread."""

    def __init__(self, count: int, serve: Serve, bury: Bury = lambda _: None, *, kind: str = "web") -> None:
        self._serve, self._bury, self._kind = serve, bury, kind
        self._running: dict[int, ForkedProcess] = {}
        self._due: dict[int, float] = dict.fromkeys(range(count), 0.0)
        self._pause: dict[int, float] = dict.fromkeys(range(count), FIRST_PAUSE_S)
        self._stopping = False
        self._have_stood = False

    def run(self) -> int:
        """Keep the processes up until SIGTERM or SIGINT; return the exit status: 1 where none ever stood."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        failed = False
        while not self._stopping and not failed:
            self._start_due()
            self._listen(LOOK_S)
            self._kill_silent()
            failed = not self._have_stood and not self._running
        self._end_all()
        return int(failed)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    # --- starting ---

    def _start_due(self) -> None:
        now = time.monotonic()
        for number, due in list(self._due.items()):
            if due <= now and not self._stopping:
                del self._due[number]
                self._running[number] = self._fork(number)

    def _fork(self, number: int) -> ForkedProcess:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become(number, reading, writing)
        os.close(writing)
        return ForkedProcess(number, pid, reading, time.monotonic())

    def _become(self, number: int, reading: int, writing: int) -> NoReturn:
        """Serve in the fork, and never return to whoever called."""
        status = 1
        try:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, signal.SIG_DFL)
            for pipe in (reading, *(one.pipe for one in self._running.values())):
                os.close(pipe)
            self._serve(number, writing)
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    # --- watching ---

    def _listen(self, seconds: float) -> None:
        """Hear who says something, and take the place of who has ended."""
        by_pipe = {one.pipe: one for one in self._running.values()}
        for pipe in select.select(list(by_pipe), [], [], seconds)[0]:
            if os.read(pipe, 4_096):
                by_pipe[pipe].heard = time.monotonic()
                self._have_stood = True
                self._pause[by_pipe[pipe].number] = FIRST_PAUSE_S
            else:
                self._replace(by_pipe[pipe])

    def _replace(self, ended: ForkedProcess) -> None:
        status = self._take_leave(ended)
        if self._stopping:
            return
        pause = 0.0
        if ended.heard is None:
            pause = self._pause[ended.number]
            self._pause[ended.number] = min(2 * pause, LONGEST_PAUSE_S)
        log.error("%s process %d ended with status %d; another takes its place", self._kind, ended.pid, status)
        self._due[ended.number] = time.monotonic() + pause

    def _take_leave(self, ended: ForkedProcess) -> int:
        """Wait for a process that has closed its pipe, and forget it; return its exit status."""
        _, status = os.waitpid(ended.pid, 0)
        os.close(ended.pipe)
        del self._running[ended.number]
        self._bury(ended.pid)
        return os.waitstatus_to_exitcode(status)

    def _kill_silent(self) -> None:
        now = time.monotonic()
        for one in self._running.values():
            silent = now - one.heard > SILENT_S if one.heard is not None else now - one.started > START_S
            if silent:
                log.error("%s process %d hangs; it is killed", self._kind, one.pid)
                os.kill(one.pid, signal.SIGKILL)

    # --- ending ---

    def _end_all(self) -> None:
        """Tell all to end, wait, and kill those that do not."""
        self._stopping = True
        for one in self._running.values():
            os.kill(one.pid, signal.SIGTERM)
        until = time.monotonic() + PATIENCE_S
        while self._running and time.monotonic() < until:
            self._listen(LOOK_S)
        for one in list(self._running.values()):
            os.kill(one.pid, signal.SIGKILL)
            self._take_leave(one)
