"""The worker's two small ports: whether it is well, and figures that do not outlive what they count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, delete, insert, update

from errors import ConfigError
from hosting.health import WorkerHealth
from models.mail_servers import ServerState
from models.refreshes import Drift, RefreshReport, RefreshState
from services.context import ServiceContext
from settings import Settings
from store.database import connect, write_transaction
from store.events import outbox
from store.learning import refreshes
from store.mail import mail_servers
from store.tables import outbox as nudges
from store.tables import standings
from tests.support.ports import free_ports
from tests.support.tables import create_tables


class Temporal:
    """A client whose server is up or not."""

    def __init__(self, up: bool = True) -> None:
        self.up = up
        self.service_client = self

    async def check_health(self, *, timeout: timedelta) -> bool:  # noqa: ASYNC109 - as the SDK has it
        return self.up


@pytest.fixture
def context(tmp_path: Path) -> ServiceContext:
    metrics, health = free_ports(2)
    settings = Settings(home=tmp_path, worker_metrics_port=metrics, worker_health_port=health, _env_file=None)
    engine = connect(settings.database)
    create_tables(engine)
    return ServiceContext(settings=settings, engine=engine)


@asynccontextmanager
async def well(context: ServiceContext, temporal: Temporal | None = None) -> AsyncIterator[None]:
    async with WorkerHealth(context, cast(Any, temporal or Temporal()), count_every_s=0.02):
        yield


async def read_health(context: ServiceContext) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", context.settings.worker_health_port)
    writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    return answer


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - a figure tells nobody when it changes
            await asyncio.sleep(0.01)


def clients(phase: str) -> float | None:
    return REGISTRY.get_sample_value("selvedge_clients", {"phase": phase})


def stand(engine: Engine, phase: str) -> None:
    now = datetime.now(UTC)
    row = {"client_id": "ann", "phase": phase, "phase_since": now, "band": "active", "score": 1.0}
    with write_transaction(engine) as connection:
        if not connection.execute(update(standings).values(phase=phase)).rowcount:
            connection.execute(insert(standings).values(**row, assessment_id="a1", assessed_at=now))


async def test_all_is_well(context: ServiceContext) -> None:
    async with well(context):
        assert (await read_health(context)).startswith("HTTP/1.1 200 OK\r\n")


async def test_what_is_down_is_named(context: ServiceContext) -> None:
    async with well(context, Temporal(up=False)):
        answer = await read_health(context)
    assert answer.startswith("HTTP/1.1 503 ")
    assert answer.endswith("\r\n\r\ndown: temporal\n")


async def test_a_mail_server_that_refuses_the_login_is_named(context: ServiceContext) -> None:
    since = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with write_transaction(context.engine) as connection:
        state = ServerState(code="smtp_auth", failures=1, since=since, try_at=since)
        mail_servers.save_server_state(connection, "127.0.0.1:1025", state)
    async with well(context):
        answer = await read_health(context)
    assert answer.startswith("HTTP/1.1 503 ")
    assert answer.endswith("down: mail server 127.0.0.1:1025: login refused (smtp_auth), since 2026-06-01 12:00 UTC\n")


async def test_a_taken_port_names_its_variable(context: ServiceContext) -> None:
    async with well(context):
        with pytest.raises(ConfigError, match="SELVEDGE_WORKER_METRICS_PORT"):
            async with well(context):
                pass


async def test_a_phase_that_the_last_client_left_counts_nobody(context: ServiceContext) -> None:
    stand(context.engine, "cooling")
    async with well(context):
        await until(lambda: clients("cooling") == 1)
        stand(context.engine, "at_risk")
        await until(lambda: clients("at_risk") == 1 and clients("cooling") == 0)
    assert clients("dormant") == 0


async def test_the_drift_of_the_last_refresh_is_told(context: ServiceContext) -> None:
    moved = Drift(feature="price of an item", statistic=0.4, p=0.0, before=90, now=80, alarm=True)
    now = datetime.now(UTC)
    with write_transaction(context.engine) as connection:
        for name, drift, state in (("d1", (moved,), RefreshState.DONE), ("d2", (), RefreshState.PICKING)):
            report = RefreshReport(refresh=name, drift=drift, state=state)
            refreshes.begin_refresh(connection, report, [], [""], now + timedelta(days=name == "d2"))
    async with well(context):
        await until(lambda: REGISTRY.get_sample_value("selvedge_drift_alarms") == 1)
    assert REGISTRY.get_sample_value("selvedge_drift", {"feature": "price of an item"}) == 0.4


async def test_what_waits_in_the_outbox_is_told(context: ServiceContext) -> None:
    now = datetime.now(UTC)
    with write_transaction(context.engine) as connection:
        outbox.push_nudges(connection, "client", ["ann"], now - timedelta(minutes=20))
        outbox.push_nudges(connection, "client", ["bob"], now)
    async with well(context):
        await until(lambda: REGISTRY.get_sample_value("selvedge_outbox_pending") == 2)
        waited = REGISTRY.get_sample_value("selvedge_outbox_oldest_seconds")
        assert waited is not None
        assert 1_200 <= waited < 1_260
        with write_transaction(context.engine) as connection:
            connection.execute(delete(nudges))
        await until(lambda: REGISTRY.get_sample_value("selvedge_outbox_oldest_seconds") == 0)


async def test_how_old_the_last_training_is_is_told(context: ServiceContext) -> None:
    report = RefreshReport(refresh="d1", state=RefreshState.DONE, until=datetime.now(UTC) - timedelta(hours=40))
    with write_transaction(context.engine) as connection:
        refreshes.begin_refresh(connection, report, [], [""], datetime.now(UTC))
    async with well(context):
        await until(lambda: (REGISTRY.get_sample_value("selvedge_refresh_age_seconds") or 0) >= 144_000)
    assert (REGISTRY.get_sample_value("selvedge_refresh_age_seconds") or 0) < 144_060
