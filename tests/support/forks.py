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
from typing import Any

from settings import Settings
from tests.support.ports import free_ports


def _serve(settings: Settings, log: str) -> None:
    from worker import serve
    from workflows.options import QUEUES

    with open(log, "ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    asyncio.run(serve(settings, QUEUES))


class ForkedWorkers:
    """One worker after another on the same settings."""

    def __init__(self, context: Any, settings: Settings, log: Path) -> None:
        metrics, health = free_ports(2)
        ports = {"worker_metrics_port": metrics, "worker_health_port": health}
        self._context, self._settings, self.log = context, settings.model_copy(update=ports), log
        self._process: BaseProcess | None = None

    def start(self) -> None:
        """The next one; does not wait until it is up."""
        self._process = self._context.Process(target=_serve, args=(self._settings, str(self.log)))
        self._process.start()

    def kill(self) -> None:
        """kill -9."""
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """A polite end, or another."""
        if self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, how)
            self._process.join(30)
            self._process = None


@contextmanager
def fork_workers(settings: Settings, folder: Path) -> Iterator[ForkedWorkers]:
    """Workers on `settings`; the last is stopped in the end, and their parent with it."""
    with prepare_fork_context("worker", "hosting.queues", "tests.support.forks") as context:
        workers = ForkedWorkers(context, settings, folder / "worker.log")
        try:
            yield workers
        finally:
            workers.end()


@contextmanager
def prepare_fork_context(*modules: str) -> Iterator[Any]:
    """A context whose processes are forked from one that has imported `modules`, which is stopped in the end."""
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    try:
        yield context
    finally:
        forkserver._forkserver._stop()  # type: ignore[attr-defined]
