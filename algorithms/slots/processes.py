"""Algorithms of installed packages, each in helper processes that are killed when they hang.

A thread could not be stopped, and a hang that holds the interpreter's lock would stop everybody; a process can, and
does not. Each algorithm has a few helpers, ready before they are asked; a lost one is replaced in the background.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json

from algorithms.slots import trouble
from algorithms.slots.trouble import Trouble

HELPER: Final = Path(__file__).with_name("helper.py")
SECRET_PREFIXES: Final = ("SELVEDGE_", "AWS_", "PG")
"""What of our environment no algorithm sees."""
RETRY_FIRST: Final = 0.2
RETRY_LONGEST: Final = 30.0


@dataclass(frozen=True)
class Target:
    """What to load, `module:name`, and how. `slot`: what it must be for; empty: any. `paths`: further folders to look
    for packages in."""

    name: str
    entry: str
    slot: str = ""
    paths: tuple[str, ...] = ()
    memory_mb: int = 4_096
    start_seconds: float = 30.0
    environment: Mapping[str, str] = field(default_factory=dict)


class Helper:
    """One process. Not for two threads at once; see Helpers."""

    def __init__(self, target: Target) -> None:
        self.target, self._asked = target, 0
        self._peer, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - what an operator installed and named
                [sys.executable, "-I", "-B", str(HELPER), str(theirs.fileno()), target.entry, str(target.memory_mb),
                 str(target.start_seconds), *target.paths],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=_shown(target.environment), start_new_session=True,
            )  # fmt: skip

    def greeting(self) -> dict[str, Any]:
        """What the algorithm says of itself once it is loaded. Raises Trouble."""
        said = self._read(time.monotonic() + self.target.start_seconds, 100_000)
        if "slot" not in said:
            raise Trouble("not_loaded", str(said.get("error", "it said nothing")))
        if self.target.slot not in {"", said["slot"]}:
            raise Trouble("not_loaded", f"it says slot = {said['slot']!r}; here it is to answer {self.target.slot!r}")
        return said

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """The reply to an order before the moment `end` (monotonic seconds). After Trouble the helper is useless."""
        started = time.monotonic()
        try:
            self._peer.settimeout(max(end - started, 0.001))
            self._asked += 1
            self._peer.sendall(len(order).to_bytes(4, "big") + self._asked.to_bytes(4, "big") + order)
            return self._read(end, limit)
        except TimeoutError:
            raise trouble.late(end - started) from None
        except OSError:
            raise Trouble("crashed", "the process ended") from None

    def _read(self, end: float, limit: int) -> dict[str, Any]:
        head = self._exactly(8, end)
        size = int.from_bytes(head[:4], "big")
        if int.from_bytes(head[4:], "big") != self._asked:
            # One that forked answers twice; the second answer must not pass for that to the next client's question.
            raise Trouble("schema", "an answer to another order: does it fork, or write to the socket itself?")
        if size > limit:
            raise trouble.too_large(limit, limit)
        try:
            said = from_json(self._exactly(size, end))
        except ValueError as broken:
            raise Trouble("schema", f"not JSON: {broken}") from None
        return said if isinstance(said, dict) else {}

    def _exactly(self, size: int, end: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._peer.settimeout(left)
            part = self._peer.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise Trouble("crashed", f"the process ended{self._status()}")
            parts += part
        return bytes(parts)

    def _status(self) -> str:
        """How it ended. Only looked at: while nobody reaped it, its number and that of its group are no other's."""
        for _ in range(5):
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                killed = ended.si_code in {os.CLD_KILLED, os.CLD_DUMPED}
                return f" by signal {ended.si_status}" if killed else f" with status {ended.si_status}"
            time.sleep(0.001)  # the socket closes a moment before the process is gone
        return ""

    def kill(self) -> None:
        """End it and all that it started, at once. Any thread may; `reap` follows once nobody reads from it."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Kill it and wait for it to be gone."""
        self.kill()
        self._process.wait()
        self._peer.close()


class Helpers:
    """The helpers of one algorithm; safe to ask from many threads. Close it when it is not needed any more."""

    def __init__(self, target: Target, size: int = 2) -> None:
        self.target, self.size = target, size
        self.slot, self.version, self.fault = "", "unstated", ""
        self._idle: list[Helper] = []
        self._dead: list[Helper] = []
        self._busy: set[Helper] = set()
        self._changed = threading.Condition()
        self._closed = False
        self._keeper = threading.Thread(target=self._keep, name=f"helpers-{target.name}", daemon=True)
        self._keeper.start()

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """The reply before the moment `end` (monotonic seconds). Raises Trouble."""
        helper = self._taken(end)
        fit = False
        try:
            reply = helper.ask(order, end, limit)
            fit = True
            return reply
        finally:
            if not fit:
                helper.kill()
            self._put_back(helper, fit)

    def ready(self, seconds: float) -> bool:
        """Whether one is ready, within so many seconds; false at once when it cannot be loaded."""
        end = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self.fault or self._closed, max(end - time.monotonic(), 0))
            return bool(self._idle)

    def close(self) -> None:
        """End all processes. Those that are asked now end with Trouble."""
        with self._changed:
            self._closed = True
            for helper in (*self._idle, *self._busy):
                helper.kill()
            self._dead += self._idle
            self._idle = []
            self._changed.notify_all()
        self._keeper.join(5)

    def _taken(self, end: float) -> Helper:
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._closed, max(end - time.monotonic(), 0)):
                busy = bool(self._busy)
                raise Trouble("busy", "all its processes were busy") if busy else self._why_none()
            if self._closed:
                raise trouble.starting()
            helper = self._idle.pop()
            self._busy.add(helper)
            return helper

    def _why_none(self) -> Trouble:
        return Trouble("not_loaded", self.fault) if self.fault else trouble.starting()

    def _put_back(self, helper: Helper, fit: bool) -> None:
        with self._changed:
            self._busy.discard(helper)
            if not self._closed:
                (self._idle if fit else self._dead).append(helper)
            self._changed.notify_all()
        if self._closed:
            helper.reap()

    def _keep(self) -> None:
        """Bury the dead and replace them, until closed. Waits ever longer while the algorithm cannot be loaded."""
        pause = RETRY_FIRST
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._dead or self._missing() > 0)
                dead, self._dead = self._dead, []
                closed, missing = self._closed, self._missing()
            for helper in dead:
                helper.reap()
            if closed:
                return
            if missing > 0:
                pause = RETRY_FIRST if self._start_one() else min(pause * 2, RETRY_LONGEST)
                if pause > RETRY_FIRST:
                    with self._changed:
                        self._changed.wait_for(lambda: self._closed, pause)

    def _missing(self) -> int:
        return self.size - len(self._idle) - len(self._busy)

    def _start_one(self) -> bool:
        helper = None
        try:
            helper = Helper(self.target)
            said = helper.greeting()
        except (Trouble, OSError, ValueError) as broken:
            words = broken.words if isinstance(broken, Trouble) else f"it could not be loaded in time ({broken!r})"
            self._learnt("", self.version, words)
            if helper is not None:
                helper.reap()
            return False
        self._learnt(str(said["slot"]), str(said.get("version", "")), "")
        self._put_back(helper, True)
        return True

    def _learnt(self, slot: str, version: str, fault: str) -> None:
        with self._changed:
            self.slot, self.version, self.fault = slot or self.slot, version, fault
            self._changed.notify_all()


def _shown(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith(SECRET_PREFIXES)}
    # Helpers are many and cores are few: a library that starts a thread for each core would slow all of them.
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | kept
