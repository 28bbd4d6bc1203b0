"""The worker's health endpoint and its Prometheus metrics, on two small ports."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from prometheus_client import start_http_server
from temporalio.client import Client
from temporalio.service import RPCError

from errors import ConfigError, Unavailable
from models.drafts import DraftStage
from models.states import Phase
from services import metrics
from services.context import ServiceContext
from services.mailing import mail_server
from services.write_probe import probe_database, probe_home
from store.clients.lists import count_clients_by_phase
from store.database import read_transaction
from store.events import outbox
from store.learning import refreshes
from store.mail import drafts

COUNT_EVERY_S: Final = 15.0


class WorkerHealth:
    """`GET /healthz` on the health port: 200 when database, Temporal and mail server can be used, else 503."""

    def __init__(self, context: ServiceContext, client: Client, *, count_every_s: float = COUNT_EVERY_S) -> None:
        self._context, self._client, self._count_every_s = context, client, count_every_s

    async def __aenter__(self) -> Self:
        s = self._context.settings
        try:
            self._metrics = start_http_server(s.worker_metrics_port, addr=s.worker_host)
        except OSError:
            raise ConfigError(f"SELVEDGE_WORKER_METRICS_PORT: port {s.worker_metrics_port} is taken") from None
        try:
            self._server = await asyncio.start_server(self._respond, s.worker_host, s.worker_health_port)
        except OSError:
            self._stop_metrics()
            raise ConfigError(f"SELVEDGE_WORKER_HEALTH_PORT: port {s.worker_health_port} is taken") from None
        self._counting = asyncio.create_task(self._count())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._counting.cancel()
        self._server.close()
        self._stop_metrics()

    def _stop_metrics(self) -> None:
        server, thread = self._metrics
        server.shutdown()
        server.server_close()
        thread.join()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(reader.readline(), 2)
            down = await self._find_outage()
            status = "503 Service Unavailable" if down else "200 OK"
            body = f"down: {down}\n" if down else "ok\n"
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close"
            writer.write(f"{head}\r\n\r\n{body}".encode())
            await writer.drain()
        writer.close()

    async def _find_outage(self) -> str:
        try:
            await asyncio.to_thread(probe_database, self._context.engine)
            outage = await asyncio.to_thread(self._describe_mail_outage)
        except Unavailable:
            return "database"
        try:
            await asyncio.to_thread(probe_home, self._context.settings.home)
        except Unavailable as full:
            return str(full)
        try:
            if not await self._client.service_client.check_health(timeout=timedelta(seconds=2)):
                return "temporal"
        except RPCError:
            return "temporal"
        return f"mail server {outage}" if outage else ""

    def _describe_mail_outage(self) -> str:
        with read_transaction(self._context.engine) as connection:
            return mail_server.describe_outage(connection, self._context.settings)

    async def _count(self) -> None:
        while True:
            with suppress(Unavailable):
                await asyncio.to_thread(self._set_gauges)
            await asyncio.sleep(self._count_every_s)

    def _set_gauges(self) -> None:
        with read_transaction(self._context.engine) as connection:
            mail_server.set_gauges(connection, self._context.settings)
            real_now = self._context.wall()
            _, now = self._context.load_business_time(connection, real_now)
            metrics.outbox_pending.set(outbox.count_pending(connection))
            oldest = outbox.find_oldest_due(connection, real_now)
            metrics.outbox_oldest.set((real_now - oldest).total_seconds() if oldest else 0)
            waiting = drafts.count_waiting(connection)
            counts, latest = count_clients_by_phase(connection), refreshes.list_latest(connection, done=True)
        until = latest[0].until if latest else None
        metrics.refresh_age.set((now - until).total_seconds() if until else 0)
        for phase in ("new", *Phase):  # all of them: one that the last client left stands at 0, not at its last count
            metrics.clients.labels(phase=phase).set(counts.get(phase, 0))
        for stage in DraftStage:
            metrics.drafts_waiting.labels(stage=stage).set(waiting.get(stage, 0))
        for drift in latest[0].drift if latest else ():
            metrics.drift.labels(feature=drift.feature).set(drift.statistic)
        metrics.drift_alarms.set(sum(item.alarm for item in latest[0].drift) if latest else 0)
