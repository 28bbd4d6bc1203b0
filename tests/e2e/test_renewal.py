"""A client continues as new while a mail of theirs is scheduled: the mail is still delivered, once, and no signal is
lost. On the real server, because the time-skipping one keeps children alive that the real one would end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from models.clients import ClientPolicy
from store import clock
from store.clients import holds
from store.database import write_transaction
from tests.support.shop import a_shop
from tests.support.temporal import new_dev_server
from workflows import handles, ids
from workflows.lifecycle import ClientLifecycle

HOUR_A_SECOND = 3600.0


async def test_a_mail_outlives_its_client_s_run(tmp_path: Path) -> None:
    (tmp_path / "temporal").mkdir()
    server = new_dev_server(tmp_path / "temporal", **{"limit.historyCount.suggestContinueAsNew": 40})
    shop = a_shop(tmp_path / "home", temporal_address=server.address, quiet_from_hour=0, quiet_until_hour=0)
    try:
        await server.start_async()
        client = await handles.connect(shop.settings.temporal_address, shop.settings.temporal_namespace)
        async with shop.run_workers(client) as dispatcher:
            now = datetime.now(UTC)
            shop.client("renewed")
            with write_transaction(shop.engine) as connection:
                clock.start(connection, now, HOUR_A_SECOND, now)
                holds.save_policy(connection, "renewed", ClientPolicy(preferred_hour=(now.hour + 12) % 24))
            await dispatcher.send_batch()
            handle = client.get_workflow_handle(ids.client("renewed"))
            await until(lambda: [row.state for row in shop.ledger()] == ["scheduled"])
            first_run = (await handle.describe()).run_id
            while (await handle.query(ClientLifecycle.status)).runs == 1:
                await handle.signal("nudge", {"reason": "test"})
                await asyncio.sleep(0.15)
            await handle.signal("pause", "not an object")
            assert (await handle.describe()).run_id != first_run
            assert [row.state for row in shop.ledger()] == ["scheduled"], "renewed while the mail waited"
            await until(lambda: len(shop.mails()) == 1)
            await until(lambda: [row.state for row in shop.ledger()] == ["sent"])
            outreach = client.get_workflow_handle(ids.outreach("renewed", 1))
            assert await asyncio.wait_for(outreach.result(), 120) == "sent"
            await handle.signal("pause", {"reason": "test"})
            await asyncio.sleep(1)
            status = await handle.query(ClientLifecycle.status)
            assert status.held == ("operator",)
            assert status.refused_signals == ("pause: input: model_type",)
            assert len(shop.mails()) == 1
    finally:
        shop.sink.stop()
        shop.engine.dispose()
        server.stop()


async def until(met: Callable[[], bool], seconds: float = 180) -> None:
    """Wait until `met`, or fail."""
    end = asyncio.get_running_loop().time() + seconds
    while not met():
        assert asyncio.get_running_loop().time() < end, "waited too long"
        await asyncio.sleep(0.1)
