"""Run a prepared simulation: the real workflows, activities and mail code on a server whose time skips what is idle.

Time stands still while an activity runs. What an activity asks of other workflows goes out before it ends, so that
every signal arrives at the moment at which it was sent, however fast the days pass.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from hosting.dispatch import Dispatcher
from hosting.queues import run_workers
from mail.sink import Sink
from services.campaigns.simulation import PreparedSimulation
from store.database import read_transaction
from store.events import outbox
from workflows.encryption import build_converter

TICKS_A_DAY: Final = 4
TICK: Final = timedelta(days=1) / TICKS_A_DAY
TICK_TAKES_AT_MOST: Final = timedelta(hours=2)
STARTS_WITHIN: Final = timedelta(seconds=60)
NUDGES_A_SECOND: Final = 800.0
_KINDS: Final = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}


async def run_simulation(
    prepared: PreparedSimulation,
    server: Path,
    search_attributes: Mapping[str, str],
    tell: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Run the days of a simulation. `server`: the time-skipping server; `tell` hears of each day and all mails."""
    sink = Sink.from_settings(prepared.context.settings)
    sink.start()
    try:
        env = await WorkflowEnvironment.start_time_skipping(
            runtime=Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="ERROR"))),
            test_server_existing_path=str(_silence(server, prepared.context.settings.home)),
            test_server_startup_timeout=STARTS_WITHIN,
            data_converter=build_converter(prepared.context.settings.payload_keys),
        )
        try:
            await _register(env, search_attributes)
            await _pass_days(prepared, env, tell)
        finally:
            await env.shutdown()
    finally:
        sink.stop()


def _silence(server: Path, folder: Path) -> Path:
    """Write a start script of the server that says nothing: what it says is not for people."""
    script = folder / "time-skipping-server"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(server))} "$@" >/dev/null 2>&1\n')
    script.chmod(0o700)
    return script


async def _register(env: WorkflowEnvironment, search_attributes: Mapping[str, str]) -> None:
    kinds = {name: _KINDS[kind] for name, kind in search_attributes.items()}
    request = AddSearchAttributesRequest(namespace="default", search_attributes=kinds)
    await env.client.operator_service.add_search_attributes(request)


async def _pass_days(prepared: PreparedSimulation, env: WorkflowEnvironment, tell: Callable[[int, int], None]) -> None:
    world, started = prepared.world, await env.get_current_time()
    world.start_clock(started)
    dispatcher = Dispatcher(env.client, prepared.context.engine, per_second=NUDGES_A_SECOND)
    flush = _Flush(dispatcher, prepared.context.engine)
    async with run_workers(env.client, prepared.context, interceptors=[flush]):
        await flush.send_all()
        for tick in range(1, prepared.order.days * TICKS_A_DAY + 1):
            left = started + tick * TICK - await env.get_current_time()
            if left > timedelta(0):
                await _pass(env, left)
            now = prepared.starts_at + tick * TICK
            await asyncio.to_thread(world.go_on, now)
            await flush.send_all()
            if tick % TICKS_A_DAY == 0:
                await asyncio.to_thread(world.close_day, now)
                day = tick // TICKS_A_DAY
                tell(day, sum(row.sent + row.other_sent for row in world.days.values()))


async def _pass(env: WorkflowEnvironment, span: timedelta) -> None:
    """Let time pass, however long all that happens meanwhile takes: a thousand mails of one morning need more than the
    half minute after which a call of the server ends by itself."""
    request = SleepRequest()
    request.duration.FromTimedelta(span)
    await env.client.test_service.unlock_time_skipping_with_sleep(request, timeout=TICK_TAKES_AT_MOST)


class _Flush(Interceptor):
    """Sends what waits in the outbox after every activity, before time goes on."""

    def __init__(self, dispatcher: Dispatcher, engine: Engine) -> None:
        self._dispatcher, self._engine = dispatcher, engine
        self._turn = asyncio.Lock()
        self._asked = self._served = 0

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _FlushAfter(next, self)

    async def send_all(self) -> None:
        """Send all nudges that are due. Activities that end together share one look: it begins after all of them have
        committed."""
        self._asked += 1
        ticket = self._asked
        async with self._turn:
            if self._served >= ticket:
                return
            self._served = self._asked
            while await asyncio.to_thread(self._count) and await self._dispatcher.send_batch():
                pass

    def _count(self) -> int:
        with read_transaction(self._engine) as connection:
            return outbox.count_pending(connection)


class _FlushAfter(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, flush: _Flush) -> None:
        super().__init__(next)
        self._flush = flush

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await self.next.execute_activity(input)
        await self._flush.send_all()
        return answer
