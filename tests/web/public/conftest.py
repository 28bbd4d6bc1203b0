"""The sample shop after it mailed Ada once of each kind, as an outsider sees it: no console, no key, no cookie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert, select, update

from agents.template_writer import compose_draft
from mail.links import Links, OwnPage
from mail.message import EnvelopeBuilder
from models.mail import Brief
from models.states import Phase, TouchKind
from services.mailing.briefs import build_item
from settings import Settings
from store import tables as t
from store.catalogue import catalogue
from store.clients.clients import require_client
from store.database import connect, read_transaction, write_transaction
from tests.support.ports import free_port
from tests.web.conftest import prepare_home
from tests.web.sample_shop import NOW, ago
from web.app import create_app
from web.context import WebContext
from web.temporal import TemporalConnection

FIRST_N = 11
"""Number of Ada's first mail here; one more for each kind."""
MAILED = tuple(TouchKind)


@dataclass
class ClientSite:
    """The site and what Ada's mail links to."""

    client: TestClient
    engine: Engine
    settings: Settings
    bodies: dict[TouchKind, bytes]
    now: datetime = NOW
    """Business time and real time of the site; tests move it on."""

    @property
    def links(self) -> Links:
        return Links.from_settings(self.settings)

    def path(self, page: OwnPage, client_id: str = "ada", n: int = FIRST_N) -> str:
        return self.links.build_page_url(page, client_id, n).removeprefix(self.links.base_url)

    def load_row(self, client_id: str = "ada") -> Any:
        with read_transaction(self.engine) as connection:
            return connection.execute(select(t.clients).where(t.clients.c.client_id == client_id)).one()

    def list_rows(self, table: Any, client_id: str = "ada") -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(table).where(table.c.client_id == client_id)))

    def list_letters(self) -> list[dict[str, Any]]:
        """What the embedded mailbox took, oldest first."""
        arrived: list[dict[str, Any]] = self.client.get("/mailbox.json").json()
        return arrived

    def save(self, statement: Any) -> None:
        with write_transaction(self.engine) as connection:
            connection.execute(statement)


@pytest.fixture
def own(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ClientSite]:
    """Ada, who was mailed, and her site. With the parameter `mailbox` letters arrive in the embedded mailbox; else
    nobody takes mail."""
    nowhere = "127.0.0.1:9"
    post: dict[str, object] = {"smtp_url": f"smtp://{nowhere}"}
    if getattr(request, "param", "") == "mailbox":
        post = {"mailbox_port": free_port()}
    settings = prepare_home(tmp_path, temporal_address=nowhere, worker_health_url="none", **post)
    engine = connect(settings.database)
    bodies = mail_every_kind(engine, settings)
    app = create_app(settings)
    with TestClient(app, base_url=settings.base_url) as client:
        own = ClientSite(client, engine, settings, bodies)
        connection = TemporalConnection(settings)
        app.state.context = WebContext(settings, engine, lambda: own.now, connection, lambda: own.now)
        yield own
    engine.dispose()


def mail_every_kind(engine: Engine, settings: Settings) -> dict[TouchKind, bytes]:
    """Send Ada one mail of each kind, with three pieces, and return what was sent."""
    builder, bodies = EnvelopeBuilder.from_settings(settings), {}
    with write_transaction(engine) as connection:
        connection.execute(
            update(t.items).where(t.items.c.item_id == "knit-0").values(tags=["minimal"], price_cents=9_900)
        )
        ada = require_client(connection, "ada")
        items = {item.item_id: item for item in catalogue.list_items(connection) if item.item_id.startswith("knit")}
        for n, kind in enumerate(MAILED, FIRST_N):
            brief = Brief(
                client_id="ada", n=n, kind=kind, phase=Phase.ACTIVE, assessment_id="a", score=1.0, first_name="Ada",
                locale="en", shop_name=settings.shop_name, voice="", items=[build_item(i, "") for i in items.values()],
            )  # fmt: skip
            draft = compose_draft(brief)
            bodies[kind] = builder.build(ada, brief, draft, items, NOW).message
            row = {"client_id": "ada", "n": n, "reason_key": f"sent-{n}", "kind": kind, "assessment_id": "a"}
            row |= {"score": 1.0, "phase": "active", "state": "sent", "created_at": ago(2), "updated_at": ago(1)}
            row |= {"sent_at": ago(1), "brief": brief.model_dump(mode="json"), "draft": draft.model_dump(mode="json")}
            connection.execute(insert(t.outreaches).values(**row))
    return bodies
