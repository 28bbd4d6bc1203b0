"""Temporal is away for a while: events are taken all the same, and the workflows catch up. A workflow that was ended by
hand comes to life at the next event."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from store.database import read_transaction
from store.events import outbox
from tests.e2e.test_renewal import until
from tests.support.shop import Shop, a_shop
from tests.support.temporal import new_dev_server
from workflows import handles, ids


def count_waiting(shop: Shop) -> int:
    with read_transaction(shop.engine) as connection:
        return outbox.count_pending(connection)


async def test_nudges_wait_for_temporal_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "temporal").mkdir()
    server = new_dev_server(tmp_path / "temporal")
    shop = a_shop(tmp_path / "home", temporal_address=server.address, quiet_from_hour=0, quiet_until_hour=0)
    try:
        await server.start_async()
        client = await handles.connect(shop.settings.temporal_address, shop.settings.temporal_namespace)
        async with shop.run_workers(client) as dispatcher:
            draining = asyncio.create_task(dispatcher.run())
            shop.client("before")
            await until(lambda: len(shop.mails()) == 1)
            server.kill()
            shop.client("while1")
            shop.client("while2")
            shop.event("before", "order_placed", datetime.now(UTC), value="90.00")
            assert count_waiting(shop) == 3
            await asyncio.sleep(2)
            assert count_waiting(shop) == 3, "nothing is dropped while nobody answers"
            await server.start_async()
            await until(
                lambda: {row.client_id for row in shop.ledger() if row.state == "sent"} >= {"while1", "while2"}, 60
            )
            await until(lambda: count_waiting(shop) == 0, 60)

            await client.get_workflow_handle(ids.client("before")).terminate()
            shop.event("before", "quiz_answered", datetime.now(UTC), styles=("classic",))
            shop.event("before", "unsubscribed", datetime.now(UTC))
            shop.event("before", "consent_changed", datetime.now(UTC), consent=True)
            await until(lambda: count_waiting(shop) == 0, 60)
            async with asyncio.timeout(60):  # it lives again, and soon knows where the client stands
                while (status := await handles.query_client_status(client, "before")).score is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert status.client_id == "before"
            draining.cancel()
        assert len({mail.headers["Message-ID"] for mail in shop.mails()}) == len(shop.mails())
    finally:
        shop.sink.stop()
        shop.engine.dispose()
        server.stop()
