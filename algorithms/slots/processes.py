"""Algorithms of installed packages, each in helper processes that are killed when they hang.

A thread cannot be stopped, and a hang that holds the interpreter's lock stops every thread; a process can be killed and
holds up nobody else. Each algorithm has a few helpers that wait ready; a lost one is replaced in the background.
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

from algorithms.slots import algorithm_error
from algorithms.slots.algorithm_error import AlgorithmError

HELPER: Final = Path(__file__).with_name("helper.py")
VISIBLE_NAMES: Final = frozenset({"PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV"})
VISIBLE_PREFIXES: Final = (
    "LC_",
    "LD_",
    "PYTHON",
    "OMP_",
    "OPENBLAS_",
    "MKL_",
    "CUDA_",
    "NVIDIA_",
    "XDG_",
    "ALGORITHM_",
)
"""What a helper sees of our environment. An algorithm's own variables begin with ALGORITHM_."""
"""Environment variables with these prefixes are hidden from algorithms."""
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
    """One helper process, for one thread at a time; see Helpers."""

    def __init__(self, target: Target) -> None:
        self.target, self._order_number = target, 0
        self._peer, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - what an operator installed and named
                [sys.executable, "-I", "-B", str(HELPER), str(theirs.fileno()), target.entry, str(target.memory_mb),
                 str(target.start_seconds), *target.paths],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=_filter_environment(target.environment), start_new_session=True,
            )  # fmt: skip

    def read_greeting(self) -> dict[str, Any]:
        """Read the slot and version that the process sends once the algorithm is loaded. Raises AlgorithmError."""
        greeting = self._read_reply(time.monotonic() + self.target.start_seconds, 100_000)
        if "slot" not in greeting:
            raise AlgorithmError("not_loaded", str(greeting.get("error", "it said nothing")))
        if self.target.slot not in {"", greeting["slot"]}:
            raise AlgorithmError(
                "not_loaded", f"it says slot = {greeting['slot']!r}; here it is to answer {self.target.slot!r}"
            )
        return greeting

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """Send an order and return the reply before the moment `end` (monotonic seconds). After an AlgorithmError the
        helper cannot be used again."""
        started = time.monotonic()
        try:
            self._peer.settimeout(max(end - started, 0.001))
            self._order_number += 1
            self._peer.sendall(len(order).to_bytes(4, "big") + self._order_number.to_bytes(4, "big") + order)
            return self._read_reply(end, limit)
        except TimeoutError:
            raise algorithm_error.build_late_error(end - started) from None
        except OSError:
            raise AlgorithmError("crashed", "the process ended") from None

    def _read_reply(self, end: float, limit: int) -> dict[str, Any]:
        head = self._receive_exactly(8, end)
        size = int.from_bytes(head[:4], "big")
        if int.from_bytes(head[4:], "big") != self._order_number:
            # One that forked answers twice; the second answer must not pass for that to the next client's question.
            raise AlgorithmError("schema", "an answer to another order: does it fork, or write to the socket itself?")
        if size > limit:
            raise algorithm_error.build_size_error(limit, limit)
        try:
            reply = from_json(self._receive_exactly(size, end))
        except ValueError as broken:
            raise AlgorithmError("schema", f"not JSON: {broken}") from None
        return reply if isinstance(reply, dict) else {}

    def _receive_exactly(self, size: int, end: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._peer.settimeout(left)
            part = self._peer.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise AlgorithmError("crashed", f"the process ended{self._describe_exit()}")
            parts += part
        return bytes(parts)

    def _describe_exit(self) -> str:
        """Describe how the process ended, without reaping it: until then its number and that of its group belong to no
        other process."""
        for _ in range(5):
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                killed = ended.si_code in {os.CLD_KILLED, os.CLD_DUMPED}
                return f" by signal {ended.si_status}" if killed else f" with status {ended.si_status}"
            time.sleep(0.001)  # the socket closes a moment before the process is gone
        return ""

    def kill(self) -> None:
        """Kill the process and all that it started, from any thread; `reap` follows once nobody reads from it."""
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
        self._keeper = threading.Thread(target=self._maintain, name=f"helpers-{target.name}", daemon=True)
        self._keeper.start()

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """Ask an idle helper and return the reply before the moment `end` (monotonic seconds). Raises
        AlgorithmError."""
        helper = self._take_idle(end)
        healthy = False
        try:
            reply = helper.ask(order, end, limit)
            healthy = True
            return reply
        finally:
            if not healthy:
                helper.kill()
            self._put_back(helper, healthy)

    def is_ready(self, seconds: float) -> bool:
        """Return whether a helper is idle, waiting at most so many seconds; false at once when the algorithm cannot be
        loaded."""
        end = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self.fault or self._closed, max(end - time.monotonic(), 0))
            return bool(self._idle)

    def close(self) -> None:
        """Kill all processes. Calls under way end with AlgorithmError."""
        with self._changed:
            self._closed = True
            for helper in (*self._idle, *self._busy):
                helper.kill()
            self._dead += self._idle
            self._idle = []
            self._changed.notify_all()
        self._keeper.join(5)

    def _take_idle(self, end: float) -> Helper:
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._closed, max(end - time.monotonic(), 0)):
                busy = bool(self._busy)
                raise AlgorithmError("busy", "all its processes were busy") if busy else self._explain_none_idle()
            if self._closed:
                raise algorithm_error.build_loading_error()
            helper = self._idle.pop()
            self._busy.add(helper)
            return helper

    def _explain_none_idle(self) -> AlgorithmError:
        return AlgorithmError("not_loaded", self.fault) if self.fault else algorithm_error.build_loading_error()

    def _put_back(self, helper: Helper, healthy: bool) -> None:
        with self._changed:
            self._busy.discard(helper)
            if not self._closed:
                (self._idle if healthy else self._dead).append(helper)
            self._changed.notify_all()
        if self._closed:
            helper.reap()

    def _maintain(self) -> None:
        """Reap dead helpers and replace them until closed, with ever longer pauses while the algorithm cannot be
        loaded."""
        pause = RETRY_FIRST
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._dead or self._count_missing() > 0)
                dead, self._dead = self._dead, []
                closed, missing = self._closed, self._count_missing()
            for helper in dead:
                helper.reap()
            if closed:
                return
            if missing > 0:
                pause = RETRY_FIRST if self._start_one() else min(pause * 2, RETRY_LONGEST)
                if pause > RETRY_FIRST:
                    with self._changed:
                        self._changed.wait_for(lambda: self._closed, pause)

    def _count_missing(self) -> int:
        return self.size - len(self._idle) - len(self._busy)

    def _start_one(self) -> bool:
        helper = None
        try:
            helper = Helper(self.target)
            greeting = helper.read_greeting()
        except (AlgorithmError, OSError, ValueError) as broken:
            words = (
                broken.words if isinstance(broken, AlgorithmError) else f"it could not be loaded in time ({broken!r})"
            )
            self._save_status("", self.version, words)
            if helper is not None:
                helper.reap()
            return False
        self._save_status(str(greeting["slot"]), str(greeting.get("version", "")), "")
        self._put_back(helper, True)
        return True

    def _save_status(self, slot: str, version: str, fault: str) -> None:
        with self._changed:
            self.slot, self.version, self.fault = slot or self.slot, version, fault
            self._changed.notify_all()


def _filter_environment(environment: Mapping[str, str]) -> dict[str, str]:
    visible = {
        name: value for name, value in environment.items() if name in VISIBLE_NAMES or name.startswith(VISIBLE_PREFIXES)
    }
    # Helpers are many and cores are few: a library that starts a thread for each core would slow all of them.
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | visible
