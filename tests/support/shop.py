"""A small shop for tests: a real database, a real SMTP sink, the real activities; no doubles but for the model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from temporalio.client import Client

from hosting.dispatch import Dispatcher
from hosting.queues import run_workers
from mail.faulty_sink import FaultySink
from mail.mailbox import DeliveredMail
from models.campaign import CampaignSpec
from models.catalogue import ItemRow, StockRow
from models.clients import ClientRow
from models.events import EVENT
from services.clients import registration
from services.context import ServiceContext
from services.ingestion import intake, item_intake
from settings import Settings
from store.campaigns import campaigns
from store.database import connect, read_transaction, write_transaction
from store.events import outbox
from store.mail.policy import ShopPolicy
from store.tables import outreach_steps, outreaches
from tests.support import production
from tests.support.ports import free_port
from tests.support.tables import create_tables
from workflows.options import QUEUES

CATEGORIES = ["dress", "shirt", "trousers", "knit", "coat", "shoes"]
COLOURS = ["black", "navy", "ecru", "rust"]


@dataclass
class Shop:
    """One shop. Close it, or use `a_shop`."""

    settings: Settings
    engine: Engine
    context: ServiceContext
    sink: FaultySink

    def client(self, client_id: str, **fields: Any) -> None:
        """Put a client in; consents and lives in UTC unless told otherwise. Their workflow's start waits in the
        outbox."""
        now = fields.pop("now", datetime.now(UTC))
        row = {"email": f"{client_id.lower()}@example.com", "first_name": "Ana", "time_zone": "UTC", "consent": True}
        made = ClientRow.model_validate({"client_id": client_id, "signed_up_at": now, **row, **fields})
        with write_transaction(self.engine) as connection:
            put = registration.upsert_clients(connection, [made], self.terms, now, datetime.now(UTC))
        assert not put.refused, put.refused

    def sign_up(self, prefix: str, count: int, *, consent: bool = True) -> None:
        """So many clients at once, `prefix`0 and on."""
        now = datetime.now(UTC)
        rows = [
            ClientRow(
                client_id=f"{prefix}{k}",
                email=f"{prefix}{k}@example.com",
                first_name="Ana",
                time_zone="UTC",
                signed_up_at=now,
                consent=consent,
            )
            for k in range(count)
        ]
        with write_transaction(self.engine) as connection:
            registration.upsert_clients(connection, rows, self.terms, now, now)

    def event(self, client_id: str, kind: str, at: datetime, *, now: datetime | None = None, **fields: Any) -> None:
        """Something happened to a client at `at`."""
        body = {"event_id": f"{client_id}.{kind}.{at.timestamp():.6f}", "client_id": client_id, "type": kind}
        event = EVENT.validate_python({**body, "occurred_at": at, **fields})
        with write_transaction(self.engine) as connection:
            accepted = intake.accept_events(connection, [event], self.terms, now or at, datetime.now(UTC))
        assert not accepted.refused, accepted.refused

    def campaign(self, slug: str, now: datetime, **fields: Any) -> None:
        """Create a campaign that mails everybody unless told otherwise; its workflow's start waits in the outbox."""
        spec = CampaignSpec.model_validate({"slug": slug, "name": slug.title(), "control_share": 0, **fields})
        with write_transaction(self.engine) as connection:
            campaigns.create_campaign(connection, spec, now)
            outbox.push_nudges(connection, "campaign", [slug], datetime.now(UTC))

    @property
    def terms(self) -> ShopPolicy:
        """On which the store takes input."""
        return ShopPolicy.from_settings(self.settings)

    def mails(self) -> list[DeliveredMail]:
        """What arrived, oldest first."""
        return list(self.sink.mailbox.iterate_since(0))

    def ledger(self, client_id: str | None = None) -> list[Any]:
        """Rows of the ledger."""
        query = select(outreaches).order_by(outreaches.c.client_id, outreaches.c.n)
        with read_transaction(self.engine) as connection:
            return [r for r in connection.execute(query) if client_id in (None, r.client_id)]

    def steps(self, client_id: str, n: int) -> list[str]:
        """The states that one mail went through."""
        query = select(outreach_steps.c.state).where(outreach_steps.c.client_id == client_id, outreach_steps.c.n == n)
        with read_transaction(self.engine) as connection:
            return list(connection.scalars(query.order_by(outreach_steps.c.id)))

    @asynccontextmanager
    async def run_workers(self, client: Client, queues: Sequence[str] = QUEUES) -> AsyncIterator[Dispatcher]:
        """Workers on all queues; the dispatcher is yielded, to be asked `once` or run."""
        async with run_workers(client, self.context, queues):
            yield Dispatcher(client, self.engine, per_second=1_000)


def a_shop(folder: Path, *, stock: bool = True, **settings: Any) -> Shop:
    """A shop with 24 items in `folder`, its sink running. The caller stops `sink` and disposes of `engine`. Its
    database is a file of SQLite unless `database_url` or the run says otherwise."""
    port = free_port()
    if production.is_chosen() and "database_url" not in settings:
        settings["database_url"] = production.new_database()
    made = Settings(
        _env_file=None,
        home=folder,
        mailbox_port=port,
        smtp_timeout_s=settings.pop("smtp_timeout_s", 2.0),
        **settings,
    )
    engine = connect(made.database)
    create_tables(engine)
    now = datetime.now(UTC)
    rows = [
        ItemRow.model_validate(
            {
                "item_id": f"item{k:02}",
                "title": f"{COLOURS[k % 4].title()} {CATEGORIES[k % 6]} no. {chr(65 + k)}",
                "category": CATEGORIES[k % 6],
                "brand": "Loom",
                "colour": COLOURS[k % 4],
                "price": f"{40 + k}.50",
                "cost": "20.00",
                "sizes": ("S", "M", "L"),
                "added_at": now - timedelta(days=20 + k),
            }
        )
        for k in range(24)
    ]
    with write_transaction(engine) as connection:
        item_intake.put_items(connection, rows, ShopPolicy.from_settings(made), now)
        if stock:
            shelf = [StockRow(sku=f"{r.item_id}-M", item_id=r.item_id, size="M", on_hand=50) for r in rows]
            item_intake.put_stock(connection, shelf)
    sink = FaultySink.from_settings(made)
    sink.start()
    return Shop(settings=made, engine=engine, context=ServiceContext(settings=made, engine=engine), sink=sink)


def enter_shop(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Let commands of this process act on a shop."""
    monkeypatch.setenv("SELVEDGE_HOME", str(settings.home))
    monkeypatch.setenv("SELVEDGE_TEMPORAL_ADDRESS", settings.temporal_address)
    monkeypatch.setenv("SELVEDGE_DATABASE_URL", settings.database_url)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A fresh shop for one test."""
    made = a_shop(tmp_path / "home")
    try:
        yield made
    finally:
        made.sink.stop()
        made.engine.dispose()
