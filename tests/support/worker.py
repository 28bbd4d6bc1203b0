"""The real worker in a process of its own, to be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
import psutil

from settings import Settings
from tests.support.ports import free_ports

ROOT = Path(__file__).parents[2]


def environment(settings: Settings, **more: object) -> dict[str, str]:
    """The variables that make another process run with `settings`."""
    changed = settings.model_dump(mode="json", exclude_defaults=True, exclude={"llm_api_key", "home"}) | more
    if settings.llm_api_key is not None:
        changed["llm_api_key"] = settings.llm_api_key.get_secret_value()
    given = {f"SELVEDGE_{name.upper()}": str(value) for name, value in changed.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SELVEDGE_")}
    return inherited | given | {"SELVEDGE_HOME": str(settings.home.absolute())}


def wait_for_health(port: int, is_alive: Callable[[], bool], log: Path, seconds: float) -> None:
    """Wait until a worker's health endpoint says that it is up. Raises TimeoutError with the end of its log, at once
    when it died."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and is_alive():
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise TimeoutError(f"the worker did not come up: {log.read_text()[-2000:]}")


class WorkerProcess:
    """`python worker.py` with the settings of a shop, for all queues or those named; its log is `folder/worker.log`."""

    def __init__(self, settings: Settings, folder: Path, *queues: str) -> None:
        self._metrics, self._health, self._queues = *free_ports(2), queues
        self._environment = environment(settings, worker_metrics_port=self._metrics, worker_health_port=self._health)
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "worker.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; does not wait until it is up."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "worker.py", *(f"--queue={queue}" for queue in self._queues)],
                env=self._environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        return self

    def wait_until_up(self, seconds: float = 180) -> Self:
        """Wait for its health endpoint; the machine may be busy. Raises TimeoutError, at once when the worker died."""
        wait_for_health(
            self._health, lambda: self.process is not None and self.process.poll() is None, self.log, seconds
        )
        return self

    def metrics(self) -> str:
        """What Prometheus would read."""
        return httpx.get(f"http://127.0.0.1:{self._metrics}/metrics", timeout=5).text

    @property
    def usage(self) -> psutil.Process:
        """Its CPU and memory."""
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int | None:
        """A polite end; its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int | None:
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(40)
        self.process = None
        return status
