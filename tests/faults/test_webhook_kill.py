"""The worker's dispatcher of webhooks may be killed at any moment: every message arrives, under one id each."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update

from hosting.webhook_watch import dispatch_webhooks
from models.actors import SYSTEM
from models.campaign import CampaignSpec
from models.webhooks import MessageState, WebhookOrder
from services.context import ServiceContext
from services.webhooks.delivery import build_allowlist
from services.webhooks.endpoints import add_endpoint
from settings import Settings
from store import tables as t
from store.campaigns import campaigns
from store.database import connect, read_transaction, write_transaction
from tests.support.forks import prepare_fork_context
from tests.support.tables import create_tables
from tests.support.webhook_receiver import WebhookReceiver

MESSAGES: Final = 120


def _serve(settings: Settings) -> None:
    asyncio.run(dispatch_webhooks(ServiceContext(settings, connect(settings.database))))


def dispatch(forks: Any, settings: Settings, receiver: WebhookReceiver, until: int) -> None:
    """Run the dispatcher in a process of its own, and kill it once so many messages came."""
    process = forks.Process(target=_serve, args=(settings,))
    process.start()
    limit = time.monotonic() + 60
    while len(receiver.ids) < until and time.monotonic() < limit and process.is_alive():
        time.sleep(0.005)
    process.kill()
    process.join(30)


def test_a_kill_loses_no_message(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, webhook_networks="127.0.0.0/8", _env_file=None)
    context = ServiceContext(settings, connect(settings.database))
    create_tables(context.engine)
    fork = prepare_fork_context("hosting.webhook_watch", "tests.faults.test_webhook_kill")
    with fork as forks, WebhookReceiver(delay_s=0.01) as receiver:
        order = WebhookOrder(name="erp", url=receiver.url)
        now, allowlist = datetime.now(UTC), build_allowlist(settings)
        add_endpoint(context.engine, SYSTEM, settings.keys.signing, allowlist, order, now, now)
        with write_transaction(context.engine) as connection:
            for k in range(MESSAGES):
                campaigns.create_campaign(connection, CampaignSpec(slug=f"c{k}", name="C"), now)
        for until in (20, 60, MESSAGES):
            dispatch(forks, settings, receiver, until)
            with write_transaction(context.engine) as connection:  # the leases of whoever died run out
                leased = t.webhook_messages.c.leased_until.is_not(None)
                connection.execute(update(t.webhook_messages).where(leased).values(leased_until=now))
    with read_transaction(context.engine) as connection:
        rows = connection.execute(select(t.webhook_messages.c.message_id, t.webhook_messages.c.state)).all()
    assert receiver.ids == {row.message_id for row in rows}
    assert len(receiver.ids) == MESSAGES
    assert {row.state for row in rows} <= {MessageState.DELIVERED, MessageState.WAITING}
    assert MESSAGES <= len(receiver.deliveries) < MESSAGES + 50, "only what was under way may come twice"
