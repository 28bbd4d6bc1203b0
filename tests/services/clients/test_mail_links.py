"""A client's word on our mail, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from domain.mail_consent import StayOutcome
from services.clients import mail_links
from store.database import read_transaction, write_transaction
from store.mail import messages
from store.mail.mailboxes import count_in_delivery
from store.mail.policy import ShopPolicy
from store.tables import clients, events, outreaches
from store.tables import outbox as outbox_table
from tests.store.conftest import NOW, REAL


@pytest.fixture
def person(engine: Engine) -> Engine:
    with write_transaction(engine) as connection:
        connection.execute(
            insert(clients).values(
                client_id="c1", email="c1@example.com", time_zone="UTC", signed_up_at=NOW, consent=True, consent_at=NOW
            )
        )
    return engine


def word(engine: Engine) -> tuple[bool, datetime | None]:
    with read_transaction(engine) as connection:
        row = connection.execute(select(clients.c.consent, clients.c.consent_at)).one()
    return row.consent, row.consent_at


def mail(client_id: str, n: int, state: str, **values: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "n": n,
        "reason_key": f"r{n}",
        "kind": "missed",
        "assessment_id": "a",
        "score": 1.0,
        "phase": "cooling",
        "state": state,
        "created_at": NOW,
        "updated_at": NOW,
        **values,
    }


def test_taking_consent_back_is_kept_with_its_event_and_only_once(person: Engine, policy: ShopPolicy) -> None:
    later = NOW + timedelta(days=3)
    for expected in (True, False):
        with write_transaction(person) as connection:
            assert mail_links.withdraw_consent(connection, "c1", 1, later, REAL, policy) is expected
    assert word(person) == (False, later)
    with read_transaction(person) as connection:
        rows = connection.execute(select(events.c.type, events.c.client_id, events.c.occurred_at)).all()
    assert [tuple(row) for row in rows] == [("unsubscribed", "c1", later)]


def test_consent_given_at_the_moment_it_was_taken_back_counts(person: Engine, policy: ShopPolicy) -> None:
    with write_transaction(person) as connection:
        mail_links.withdraw_consent(connection, "c1", 1, NOW, REAL, policy)
        for _ in range(2):
            assert mail_links.restore_consent(connection, "c1", 1, NOW, REAL, policy)[0] is StayOutcome.BACK
    assert word(person)[0] is True
    with read_transaction(person) as connection:
        assert connection.execute(select(outbox_table.c.target)).scalars().all() == ["c1"], "its workflow has to know"


def test_the_same_link_works_each_time(person: Engine, policy: ShopPolicy) -> None:
    for day in range(3):
        with write_transaction(person) as connection:
            at = NOW + timedelta(days=day)
            assert mail_links.withdraw_consent(connection, "c1", 1, at, REAL, policy)
        assert word(person)[0] is False
        with write_transaction(person) as connection:
            assert mail_links.restore_consent(connection, "c1", 1, at, REAL, policy)[0] is StayOutcome.BACK
        assert word(person)[0] is True


def test_an_unknown_client_has_nothing_to_take_back(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        assert not mail_links.withdraw_consent(connection, "nobody", 1, NOW, REAL, policy)
        assert mail_links.restore_consent(connection, "nobody", 1, NOW, REAL, policy)[0] is StayOutcome.OTHER
        assert connection.execute(select(events)).all() == []


def test_the_longest_client_id_can_leave_too(engine: Engine, policy: ShopPolicy) -> None:
    name = "c" * 64
    with write_transaction(engine) as connection:
        connection.execute(
            insert(clients).values(
                client_id=name, email="c@example.com", time_zone="UTC", signed_up_at=NOW, consent=True
            )
        )
        assert mail_links.withdraw_consent(connection, name, 12, NOW, REAL, policy)
    assert word(engine)[0] is False


def test_only_this_clients_mails_in_data_are_settling(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(
            insert(outreaches),
            [mail("c1", 1, "data"), mail("c1", 2, "claimed"), mail("c1", 3, "sent"), mail("c2", 1, "data")],
        )
        assert count_in_delivery(connection, [], ["c1"]) == 1
        assert count_in_delivery(connection, [], ["c3"]) == 0


def test_a_delivered_message_leads_back_to_the_ledger(engine: Engine) -> None:
    sent = NOW - timedelta(hours=2)
    with write_transaction(engine) as connection:
        connection.execute(insert(outreaches), [mail("c1", 1, "sent", message_id="<a@b>", sent_at=sent)])
        connection.execute(insert(outreaches), [mail("c1", 2, "data", message_id="<c@b>")])
        assert messages.find_by_message_id(connection, ["<a@b>", "<x@y>", ""]) == {"<a@b>": ("c1", 1)}
        assert messages.find_by_message_id(connection, []) == {}
        assert messages.find_sent_at(connection, "c1", 1) == sent
        assert messages.find_sent_at(connection, "c1", 2) == NOW
        assert messages.find_sent_at(connection, "c1", 9) is None
