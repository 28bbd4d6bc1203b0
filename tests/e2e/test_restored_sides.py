"""One side comes back from an older copy while the other is newer: Temporal's database, or the shop's. What went is
known by the ledger and its register, so nobody is mailed twice; what had not gone goes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyrage import x25519
from temporalio.client import Client, WorkflowExecutionStatus

from hosting.census_watch import CensusWatch
from models.actors import Actor, Channel, Role
from services.backups.archive import SUFFIX
from services.backups.creation import create_backup
from services.backups.follow_up import RegisterKeeper
from services.backups.register import Register
from services.backups.restoration import restore
from store import clock
from store.database import write_transaction
from tests.e2e.test_lost_workflows import hold_until_tomorrow, look_twice, reconcile, start_shop, until
from tests.support.shop import Shop
from workflows import handles, ids
from workflows.options import MAIL_QUEUE, QUEUES

OWNER = Actor(who="owner", role=Role.OWNER, channel=Channel.COMMAND)


def start_clock(shop: Shop) -> datetime:
    now = datetime.now(UTC)
    with write_transaction(shop.engine) as connection:
        clock.start(connection, now, 1.0, now)
    return now


def list_states(shop: Shop) -> dict[str, str]:
    return {row.client_id: row.state for row in shop.ledger()}


def count_mails(shop: Shop) -> Counter[str]:
    return Counter(mail.recipient.partition("@")[0] for mail in shop.mails())


async def test_an_older_temporal_sends_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the copy two mails are about to be sent; they went after it, and a client came who is not in it."""
    shop, server, client = await start_shop(tmp_path)
    try:
        start_clock(shop)
        for name in ("early", "known"):
            shop.client(name)
        async with shop.run_workers(client, [queue for queue in QUEUES if queue != MAIL_QUEUE]) as dispatcher:
            await dispatcher.send_batch()
            await until(lambda: list_states(shop) == dict.fromkeys(("early", "known"), "scheduled"))
        server.kill()
        server.save_state()
        await server.start_async()
        client = await handles.connect(server.address, "default")
        async with shop.run_workers(client) as dispatcher:
            shop.client("late")
            await dispatcher.send_batch()
            await until(lambda: list_states(shop) == dict.fromkeys(("early", "known", "late"), "sent"))
        server.kill()
        server.recall_state()
        await server.start_async()
        client = await handles.connect(server.address, "default")
        assert await is_open(client, ids.outreach("early", 1)), "the old copy believes that it has not gone"
        async with shop.run_workers(client) as dispatcher:
            watch = CensusWatch(shop.context, client)
            for name in ("early", "known"):
                assert await client.get_workflow_handle(ids.outreach(name, 1)).result() == "sent"
            await until(lambda: look_twice(watch, 1))
            assert (await reconcile(shop, monkeypatch))["clients"] == 1
            await dispatcher.send_batch()
            await until(lambda: look_twice(watch, 0))
        assert count_mails(shop) == {"early": 1, "known": 1, "late": 1}
        assert set(list_states(shop).values()) == {"sent"}
    finally:
        close(shop)
        server.stop()


async def test_an_older_ledger_sends_nothing_again_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the backup one mail went, one waits for tomorrow, and one client's workflow is not started yet; after it that
    client was mailed, and another came."""
    secret = x25519.Identity.generate()
    keys = {"backup_folder": tmp_path / "backups", "backup_recipients": str(secret.to_public())}
    shop, server, client = await start_shop(tmp_path, **keys)
    settings, folder = shop.settings, tmp_path / "backups"
    keeper = RegisterKeeper(shop.context)
    try:
        now = start_clock(shop)
        async with shop.run_workers(client) as dispatcher:
            for name in ("gone", "tomorrow"):
                shop.client(name)
            hold_until_tomorrow(shop, "tomorrow", now)
            await dispatcher.send_batch()
            await until(lambda: list_states(shop) == {"gone": "sent", "tomorrow": "scheduled"})
            shop.client("between")
            create_backup(shop.engine, settings, datetime.now(UTC))
            shop.client("since")
            await dispatcher.send_batch()
            await until(lambda: [list_states(shop).get(name) for name in ("between", "since")] == ["sent"] * 2)
            keeper.keep()
        archive = next(folder.glob(f"*{SUFFIX}"))
        real, register = datetime.now(UTC), Register(folder)
        done = restore(shop.engine, settings, OWNER, archive, secret, register, real, real, into=True)
        assert (done.replayed, done.strangers) == (1, 1)
        assert list_states(shop) == {"gone": "sent", "tomorrow": "scheduled", "between": "sent"}
        async with shop.run_workers(client) as dispatcher:
            shop.client("new")
            watch = CensusWatch(shop.context, client)
            await reconcile(shop, monkeypatch)
            await dispatcher.send_batch()
            await until(lambda: list_states(shop).get("new") == "sent")
            await until(lambda: look_twice(watch, 0))
            assert await is_open(client, ids.outreach("tomorrow", 1)), "it goes tomorrow"
        assert count_mails(shop) == {"gone": 1, "between": 1, "since": 1, "new": 1}
        assert list_states(shop)["tomorrow"] == "scheduled"
    finally:
        close(shop)
        server.stop()


async def is_open(client: Client, workflow_id: str) -> bool:
    described = await client.get_workflow_handle(workflow_id).describe()
    return bool(described.status == WorkflowExecutionStatus.RUNNING)


def close(shop: Shop) -> None:
    shop.sink.stop()
    shop.engine.dispose()
