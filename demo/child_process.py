"""One process of the stack: start it, watch it, stop it, and keep its output in a log."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Final

MOST_RESTARTS: Final = 5
_PR_SET_PDEATHSIG: Final = 1


class ChildProcess:
    """A process that is to be up. `patience` is how many seconds it may take to end by itself when stopped."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str], patience: float) -> None:
        self.name, self.log = name, log
        self.restarts = 0
        self._command, self._env, self._patience = list(command), dict(env), patience
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False

    async def start(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C at the keyboard reaches the supervisor alone."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self._process = await self._spawn(out)

    async def _spawn(self, out: IO[bytes]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=partial(_end_with_parent, os.getpid()) if sys.platform == "linux" else None,
        )

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def wait_for_exit(self) -> int:
        """Wait until it ends although nobody stopped it, and return its exit status."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        status = await self._process.wait()
        if self._is_stopping:
            await asyncio.Event().wait()
        return status

    async def stop(self) -> None:
        """Tell it to end, wait, and kill it when it does not."""
        self._is_stopping = True
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self._patience)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._is_stopping = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def read_last_line(self) -> str:
        """Return the last line of its log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 4_000))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _end_with_parent(parent: int) -> None:
    """Make the child end when the supervisor is killed, so that nothing runs on unwatched; runs before exec."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died between fork and here
            os.kill(os.getpid(), signal.SIGTERM)
