"""The two Temporal servers for tests: the real dev server, and the time-skipping one."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from demo.servers import SEARCH_ATTRIBUTES, build_dev_server_command, require_temporal, require_time_skipping
from tests.support.ports import free_ports
from tests.support.postgres import share_cluster

STARTS_WITHIN = timedelta(seconds=60)
"""Real time that the time-skipping server may take, far more than it needs."""
INDEXED = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}


@dataclass
class DevServer:
    """A dev server with its UI and a database file in `folder`; killed and started again, it goes on from the file."""

    binary: Path
    folder: Path
    ports: list[int]
    dynamic: dict[str, int] = field(default_factory=dict)
    """Dynamic configuration values, such as when to suggest a continue-as-new."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        """Start, and wait until workflows can be listed. Raises RuntimeError with its log when that fails."""
        asyncio.run(self.start_async())

    async def start_async(self) -> None:
        """`start` for callers that have an event loop already."""
        self._launch()
        await self._wait()

    def kill(self) -> None:
        """kill -9, as a crash would; `start` brings it back."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """A polite end."""
        self._end(signal.SIGTERM)

    def save_state(self) -> None:
        """Copy what it keeps, while it is stopped."""
        for path in self.folder.glob("temporal.db*"):
            shutil.copy2(path, self.folder / f"saved-{path.name}")

    def forget_state(self) -> None:
        """Lose all that it keeps, while it is stopped."""
        for path in self.folder.glob("temporal.db*"):
            path.unlink()

    def recall_state(self) -> None:
        """Go back to the copy, while it is stopped."""
        self.forget_state()
        for path in self.folder.glob("saved-*"):
            path.rename(self.folder / path.name.removeprefix("saved-"))

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)
        self.process = None

    def _launch(self) -> None:
        with (self.folder / "temporal.log").open("ab") as log:
            self.process = subprocess.Popen(self._build_command(), stdout=log, stderr=log, cwd=self.folder)

    def _build_command(self) -> list[str]:
        port, ui_port, http_port, metrics_port = self.ports
        database = self.folder / "temporal.db"
        ports = {"port": port, "ui_port": ui_port, "http_port": http_port, "metrics_port": metrics_port}
        command = build_dev_server_command(self.binary, database, **ports)
        for name, value in self.dynamic.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        return command

    async def _prepare(self, _client: Client) -> None:
        """Make it know our namespace and search attributes; this server does from its command."""

    async def _wait(self) -> None:
        until = time.monotonic() + 180
        while True:
            try:
                client = await Client.connect(self.address)
                await self._prepare(client)
                await client.count_workflows("Paused = true")
                return
            except (RuntimeError, RPCError) as not_yet:
                if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                    log = (self.folder / "temporal.log").read_text(errors="replace")
                    raise RuntimeError(f"Temporal did not start: {not_yet}: {log[-2000:]}") from not_yet
                await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
def dev_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A running server for the whole session, with our search attributes, on free ports."""
    server = new_dev_server(tmp_path_factory.mktemp("temporal"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def new_dev_server(folder: Path, **dynamic: int) -> DevServer:
    """A server of a test's own, not yet started: for tests that kill it. Whoever starts it stops it. A dev server, or
    the one on PostgreSQL where the run asks for it (`tests.support.production`)."""
    from tests.support import production

    if production.is_chosen():
        return production.new_server(folder, share_cluster(), dynamic=dynamic)
    return DevServer(require_temporal(), folder, free_ports(4), dynamic)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server for one test file, with our search attributes and pydantic payloads.

    Do not terminate workflows on it: terminating one whose first task is in flight stops time for the rest.
    """
    async with new_time_skipping() as env:
        yield env


@asynccontextmanager
async def new_time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The same, for whoever needs one outside a test."""
    env = await _start_time_skipping()
    try:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace="default",
                search_attributes={name: INDEXED[kind] for name, kind in SEARCH_ATTRIBUTES.items()},
            )
        )
        yield env
    finally:
        await env.shutdown()


async def wait_for_morning(env: WorkflowEnvironment) -> None:
    """Let it be between nine and ten, in UTC: by night nothing is begun, whenever tests run."""
    now = await env.get_current_time()
    await env.sleep(timedelta(hours=(9 - now.hour) % 24))


async def _start_time_skipping() -> WorkflowEnvironment:
    """Start it. Java needs 2 s alone, and many times that on a busy machine."""
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(require_time_skipping()),
        test_server_startup_timeout=STARTS_WITHIN,
        data_converter=pydantic_data_converter,
    )
