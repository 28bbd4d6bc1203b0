"""What is read of a client's mail before another one is planned: when they read us, and what they were shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert

from models.catalogue import StockRow
from models.states import OutreachState
from services.ingestion import item_intake
from services.ingestion.intake import accept_events
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction
from store.mail import mail_facts
from store.mail.policy import ShopPolicy
from store.tables import outreaches
from tests.store.conftest import NOW, REAL
from tests.store.seeds import days, event, seed_clients, seed_items


def seed_mail(connection: Connection, n: int, item_id: str, sent_at: datetime | None, **fields: Any) -> None:
    row = {"client_id": "ann", "n": n, "reason_key": f"k{n}", "kind": "missed", "assessment_id": "a1", "score": 1.0}
    draft = {"subject": f"On {item_id}", "items": [{"item_id": item_id}]}
    row |= {"phase": "at_risk", "state": OutreachState.SENT, "draft": draft, **fields}
    connection.execute(insert(outreaches).values(**row, sent_at=sent_at, created_at=NOW, updated_at=NOW))


def test_a_client_reads_when_they_open_and_not_when_a_machine_does(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bob")
        batch = [
            event("e1", "email_opened", at=NOW - days(3)),
            event("e2", "email_clicked", at=NOW - days(2)),
            event("e3", "email_clicked", at=NOW - days(1), machine=True),
            event("e4", "email_opened", "bob", at=NOW - days(1)),
            event("e5", "searched", at=NOW - days(1)),
        ]
        assert not accept_events(connection, batch, policy, NOW, REAL).refused
    with read_transaction(engine) as connection:
        assert mail_facts.list_reading_times(connection, ["ann", "bob", "cid"], NOW, 20) == {
            "ann": (NOW - days(2), NOW - days(3)),
            "bob": (NOW - days(1),),
        }
        assert mail_facts.list_reading_times(connection, ["ann"], NOW, 1) == {"ann": (NOW - days(2),)}
        assert mail_facts.list_reading_times(connection, ["ann"], NOW - days(2.5), 20) == {"ann": (NOW - days(3),)}


def test_what_was_shown_lately_is_what_other_mails_sent_since_have_shown(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        seed_mail(connection, 1, "old", NOW - days(50))
        seed_mail(connection, 2, "lately", NOW - days(5))
        seed_mail(connection, 3, "unsent", None, state=OutreachState.SCHEDULED)
        seed_mail(connection, 4, "mine", NOW - days(1))
    with read_transaction(engine) as connection:
        shown = mail_facts.load_shown(connection, [("ann", 4), ("bob", 1)], NOW - days(45))
    assert shown == {("ann", 4): (("lately",), ("On lately",)), ("bob", 1): ((), ())}


def test_an_item_has_run_out_when_all_its_sizes_have(engine: Engine, policy: ShopPolicy) -> None:
    shelves = [("a-s", "a", "S", 0), ("a-m", "a", "M", 2), ("b-s", "b", "S", 0)]
    with write_transaction(engine) as connection:
        seed_items(connection, policy, "a", "b", "uncounted")
        rows = [StockRow(sku=sku, item_id=item, size=size, on_hand=units) for sku, item, size, units in shelves]
        item_intake.put_stock(connection, rows)
    with read_transaction(engine) as connection:
        assert catalogue.is_in_stock(connection, ["a", "uncounted"])
        assert not catalogue.is_in_stock(connection, ["a", "b"])
        assert catalogue.is_in_stock(connection, [])
