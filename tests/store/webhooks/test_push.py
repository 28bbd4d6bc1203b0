"""What is told is written in the transaction of what happened, for each endpoint that asked, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from models.campaign import CampaignSpec
from models.fixes import FixState, FixWish
from models.states import CampaignState, OutreachState
from models.webhooks import WebhookType
from services.ingestion.intake import accept_events
from store import tables as t
from store.campaigns import campaigns
from store.database import write_transaction
from store.fixes import fixes
from store.mail import ledger
from store.mail.policy import ShopPolicy
from tests.store.conftest import NOW, REAL
from tests.store.seeds import event, seed_clients


def add_endpoint(connection: Connection, name: str, *types: WebhookType, state: str = "enabled") -> None:
    row = {"name": name, "url": "https://a.example/", "state": state, "why": "", "secret": "", "old_secret": ""}
    connection.execute(insert(t.webhook_endpoints).values(**row, created_at=REAL, created_by="eve"))
    connection.execute(insert(t.webhook_subscriptions), [{"type": kind, "endpoint": name} for kind in types])


def add_mail(connection: Connection, n: int, state: OutreachState) -> None:
    mail = {"client_id": "ann", "n": n, "kind": "welcome", "reason_key": f"k{n}", "state": state, "score": 1.0}
    more = {"assessment_id": "a1", "phase": "active", "created_at": NOW, "updated_at": NOW}
    connection.execute(insert(t.outreaches).values(**mail, **more))


def list_told(connection: Connection) -> list[tuple[Any, ...]]:
    m = t.webhook_messages.c
    query = select(m.endpoint, m.type, m.client_id, m.n, m.data, m.state).order_by(m.id)
    return [tuple(row) for row in connection.execute(query)]


def test_each_endpoint_is_told_what_it_asked_for(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        add_endpoint(connection, "all", *WebhookType)
        add_endpoint(connection, "off", WebhookType.MAIL_SENT, state="disabled")
        add_endpoint(connection, "fixes", WebhookType.FIX_STATE)
        for n in (1, 2, 3):
            add_mail(connection, n, OutreachState.DATA)
        assert ledger.move_mail(connection, "ann", 1, OutreachState.SENT, NOW)
        assert not ledger.move_mail(connection, "ann", 1, OutreachState.SENT, NOW)  # it moves once
        assert ledger.move_mail(connection, "ann", 3, OutreachState.UNKNOWN, NOW)
        back = [ledger.MailReturn("ann", n, NOW, "hard") for n in (1, 2)]
        ledger.move_returned(connection, back, OutreachState.BOUNCED)
        told = list_told(connection)
        ids = set(connection.scalars(select(t.webhook_messages.c.message_id)))
    assert sorted(told) == [
        ("all", "mail.bounced", "ann", 1, {"code": "hard"}, "waiting"),
        ("all", "mail.bounced", "ann", 2, {"code": "hard"}, "waiting"),
        ("all", "mail.sent", "ann", 1, {}, "waiting"),
        ("off", "mail.sent", "ann", 1, {}, "held"),
    ]
    assert len(ids) == 3, "the same message has one id, whoever is told"


def test_campaigns_and_fixes_tell_each_state_that_they_reach(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        add_endpoint(connection, "all", *WebhookType)
        campaigns.create_campaign(connection, CampaignSpec(slug="spring", name="Spring"), NOW)
        assert campaigns.move_campaign(connection, "spring", CampaignState.PAUSED, NOW)
        assert not campaigns.move_campaign(connection, "spring", CampaignState.DRAFT, NOW)
        fix_id = fixes.save_request(connection, "ann", FixWish(when="wave"), NOW, request_key="k")
        fixes.save_request(connection, "ann", FixWish(when="wave"), NOW, request_key="k")
        assert fixes.move_fix(connection, fix_id, FixState.CANCELLED, NOW, code="called_off")
        told = [(kind, client, data) for _, kind, client, _, data, _ in list_told(connection)]
    assert told == [
        ("campaign.state_changed", None, {"campaign": "spring", "state": "running"}),
        ("campaign.state_changed", None, {"campaign": "spring", "state": "paused"}),
        ("fix.state_changed", "ann", {"fix_id": fix_id, "state": "requested", "code": ""}),
        ("fix.state_changed", "ann", {"fix_id": fix_id, "state": "cancelled", "code": "called_off"}),
    ]


def test_a_person_s_click_is_told_and_a_machine_s_is_not(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        add_endpoint(connection, "clicks", WebhookType.MAIL_CLICKED)
        add_mail(connection, 1, OutreachState.DATA)
        assert ledger.move_mail(connection, "ann", 1, OutreachState.SENT, NOW)
        connection.execute(update(t.outreaches).values(sent_at=NOW - timedelta(hours=1), draft={"items": []}))
        clicks = [
            event("c1", "email_clicked", outreach="ann.1"),
            event("c2", "email_clicked", outreach="ann.1", machine=True),
            event("c3", "email_clicked"),
        ]
        for _ in range(2):
            accept_events(connection, clicks, policy, NOW, REAL)
        assert [(kind, n, data["event_id"]) for _, kind, _, n, data, _ in list_told(connection)] == [
            ("mail.clicked", 1, "c1")
        ]


def test_what_is_rolled_back_is_not_told(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        add_endpoint(connection, "all", *WebhookType)

    def fail() -> None:
        with write_transaction(engine) as connection:
            campaigns.create_campaign(connection, CampaignSpec(slug="spring", name="Spring"), NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with write_transaction(engine) as connection:
        assert list_told(connection) == []
