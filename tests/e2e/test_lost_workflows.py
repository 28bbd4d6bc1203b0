"""Workflows that are gone: Temporal's database lost, a client terminated, a mail cancelled or terminated. It is told,
and one command brings all back; nobody is mailed twice."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY
from temporalio.client import Client

import cli
from hosting.census_watch import CensusWatch
from models.clients import ClientPolicy
from services.clients.why_not import explain_no_mail
from store import clock
from store.clients import holds
from store.database import read_transaction, write_transaction
from store.events import workflows as stored
from tests.support.shop import Shop, a_shop, enter_shop
from tests.support.temporal import DevServer, new_dev_server
from workflows import handles, ids

CLIENTS = 4


async def until(met: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 60) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while True:
        answer: Any = met()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        assert asyncio.get_running_loop().time() < end, "waited too long"
        await asyncio.sleep(0.1)


def ask_why(shop: Shop, client_id: str) -> str:
    with read_transaction(shop.engine) as connection:
        key = shop.settings.keys.signing
        return explain_no_mail(connection, client_id, shop.context.mail_rules, key, datetime.now(UTC))


async def reconcile(shop: Shop, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
    enter_shop(monkeypatch, shop.settings)
    command = ["reconcile", "--json", *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, cli.selvedge, command, catch_exceptions=False)
    answer: dict[str, Any] = json.loads(result.output)
    return answer


async def start_shop(tmp_path: Path, **more: Any) -> tuple[Shop, DevServer, Client]:
    (tmp_path / "temporal").mkdir()
    server = new_dev_server(tmp_path / "temporal")
    shop = a_shop(tmp_path / "home", temporal_address=server.address, quiet_from_hour=0, quiet_until_hour=0, **more)
    await server.start_async()
    return shop, server, await handles.connect(server.address, "default")


async def test_what_is_gone_or_ended_is_told_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, server, client = await start_shop(tmp_path)
    try:
        async with shop.run_workers(client) as dispatcher:
            now = datetime.now(UTC)
            with write_transaction(shop.engine) as connection:
                clock.start(connection, now, 1.0, now)
            for k in range(CLIENTS):
                shop.client(f"c{k}")
            await dispatcher.send_batch()
            await until(lambda: [row.state for row in shop.ledger()] == ["sent"] * CLIENTS)
            watch = CensusWatch(shop.context, client)
            await until(lambda: look_twice(watch, 0))
            assert (await reconcile(shop, monkeypatch))["clients"] == 0, "nothing is missing"

            await client.get_workflow_handle(ids.client("c0")).terminate("by hand")
            await until(lambda: look_twice(watch, 1))
            assert "terminated in Temporal" in ask_why(shop, "c0")
            assert "No workflow" not in ask_why(shop, "c1")
            assert (await reconcile(shop, monkeypatch, "--look"))["clients"] == 1
            assert (await reconcile(shop, monkeypatch))["clients"] == 1
            await dispatcher.send_batch()
            await until(lambda: look_twice(watch, 0))
            assert "No workflow" not in ask_why(shop, "c0")
        server.stop()
        server.forget_state()
        await server.start_async()
        client = await handles.connect(server.address, "default")
        async with shop.run_workers(client) as dispatcher:
            watch = CensusWatch(shop.context, client)
            await until(lambda: look_twice(watch, CLIENTS))
            assert "`selvedge reconcile` starts it again" in ask_why(shop, "c2")
            assert (await reconcile(shop, monkeypatch))["clients"] == CLIENTS
            assert (await reconcile(shop, monkeypatch))["clients"] == 0, "asked for already"
            await dispatcher.send_batch()
            await until(lambda: look_twice(watch, 0))
            assert len(shop.mails()) == CLIENTS, "nobody twice"
            with read_transaction(shop.engine) as connection:
                assert stored.list_misplaced_clients(connection, datetime.now(UTC)) == []
                later = datetime.now(UTC) + timedelta(days=4_000)
                assert len(stored.list_misplaced_clients(connection, later)) == CLIENTS
    finally:
        shop.sink.stop()
        shop.engine.dispose()
        server.stop()


async def look_twice(watch: CensusWatch, lost: int) -> bool:
    await watch.look()
    return await watch.look() == lost == REGISTRY.get_sample_value("selvedge_workflows_missing")


async def test_a_mail_that_is_cancelled_or_terminated_is_cancelled_for_good(tmp_path: Path) -> None:
    shop, server, client = await start_shop(tmp_path)
    try:
        now = datetime.now(UTC)
        with write_transaction(shop.engine) as connection:
            clock.start(connection, now, 1.0, now)
        async with shop.run_workers(client) as dispatcher:
            for name in ("cancelled", "terminated"):
                shop.client(name, time_zone="UTC")
                hold_until_tomorrow(shop, name, now)
            await dispatcher.send_batch()
            await until(lambda: [row.state for row in shop.ledger()] == ["scheduled"] * 2)
            await client.get_workflow_handle(ids.outreach("cancelled", 1)).cancel()
            assert await client.get_workflow_handle(ids.outreach("cancelled", 1)).result() == "rejected"
            await client.get_workflow_handle(ids.outreach("terminated", 1)).terminate("by hand")
            watch = CensusWatch(shop.context, client)
            await until(lambda: look_until_rejected(watch, shop))
            assert {row.code for row in shop.ledger() if row.n == 1} == {"cancelled"}
            assert shop.mails() == []
    finally:
        shop.sink.stop()
        shop.engine.dispose()
        server.stop()


async def look_until_rejected(watch: CensusWatch, shop: Shop) -> bool:
    await watch.look()
    return [row.state for row in shop.ledger() if row.n == 1] == ["rejected"] * 2


def hold_until_tomorrow(shop: Shop, client_id: str, now: datetime) -> None:
    with write_transaction(shop.engine) as connection:
        holds.save_policy(connection, client_id, ClientPolicy(preferred_hour=(now.hour + 12) % 24))
