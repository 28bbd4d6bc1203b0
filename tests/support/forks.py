"""The real worker in a process that is up in a moment: forked from one that has imported everything, to be killed
again and again."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Self

import psutil

from settings import Settings
from tests.support.ports import free_ports
from tests.support.worker import wait_for_health

WORKER: Final = ("worker", "hosting.queues", "tests.support.forks")
"""What the parent of workers imports."""


def _serve(settings: Settings, log: str) -> None:
    from worker import serve
    from workflows.options import QUEUES

    with open(log, "ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    asyncio.run(serve(settings, QUEUES))


class ForkedWorkers:
    """One worker after another on the same settings; its log is `folder/worker.log`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        metrics, self._health = free_ports(2)
        ports = {"worker_metrics_port": metrics, "worker_health_port": self._health}
        self._settings, self.log = settings.model_copy(update=ports), folder / "worker.log"
        self._process: BaseProcess | None = None

    def start(self) -> Self:
        """Start the next one; does not wait until it is up."""
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(WORKER))
        self._process = context.Process(target=_serve, args=(self._settings, str(self.log)))
        self._process.start()
        return self

    def wait_until_up(self, seconds: float = 180) -> Self:
        """Wait for its health endpoint. Raises TimeoutError, at once when the worker died."""
        wait_for_health(self._health, lambda: self._process is not None and self._process.is_alive(), self.log, seconds)
        return self

    @property
    def usage(self) -> psutil.Process:
        """Its CPU and memory."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.pid is None:
            return
        os.kill(process.pid, how)
        process.join(40)
        if process.is_alive():
            process.kill()
            process.join(10)
            raise TimeoutError(f"the worker did not end: {self.log.read_text()[-2000:]}")


@contextmanager
def fork_workers(settings: Settings, folder: Path) -> Iterator[ForkedWorkers]:
    """Workers on `settings`; the last is stopped in the end. Their parent stays for the next test: it takes seconds to
    import everything."""
    workers = ForkedWorkers(settings, folder)
    try:
        yield workers
    finally:
        workers.stop()


@contextmanager
def prepare_fork_context(*modules: str) -> Iterator[Any]:
    """A context whose processes are forked from one that has imported `modules`, which is stopped in the end."""
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    _stop_fork_server(forkserver._forkserver)  # of another test
    context.set_forkserver_preload(list(modules))
    try:
        yield context
    finally:
        _stop_fork_server(forkserver._forkserver)


def _stop_fork_server(server: Any) -> None:
    """Stop it whatever children it still has: it would wait until all of them have ended."""
    if server._forkserver_pid is not None:
        os.kill(server._forkserver_pid, signal.SIGKILL)
    server._stop()
