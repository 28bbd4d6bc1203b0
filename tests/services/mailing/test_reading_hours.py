"""The house sends at the hour at which a client reads, and costs one statement for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from domain.timing import MailRules
from models.clients import ClientPolicy
from models.states import TouchKind
from services.mailing.send_times import ReadingHours, require_send_time_facts
from store.database import connect, read_transaction
from store.mail import reading_hours
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StockedShop]:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    stocked = StockedShop(engine)
    stocked.client("c", time_zone="Europe/Paris")
    stocked.client("quiet", time_zone="Europe/Paris")
    stocked.events([{"client_id": "c", "type": "email_opened", "days_ago": n + 0.25} for n in range(1, 15)])
    yield stocked
    engine.dispose()


def propose_reading_time(engine: Engine, who: str, kind: str = TouchKind.MISSED, **policy: Any) -> datetime | None:
    with read_transaction(engine) as connection:
        facts = require_send_time_facts(connection, who, NOW)
        facts = facts._replace(client=facts.client.model_copy(update={"policy": ClientPolicy(**policy)}))
        row: Any = SimpleNamespace(kind=kind)
        return ReadingHours().propose_time(connection, row, facts, MailRules(), NOW)


def test_a_mail_waits_for_the_hour_at_which_the_client_reads(shop: StockedShop) -> None:
    """Opened at 06:00 in UTC, 08:00 in Paris, which is when the day of mail begins."""
    chosen = propose_reading_time(shop.engine, "c")
    assert chosen is not None
    assert NOW + timedelta(hours=18) <= chosen < NOW + timedelta(hours=19)


def test_a_stated_hour_a_welcome_and_silence_leave_it_as_it_was(shop: StockedShop) -> None:
    assert propose_reading_time(shop.engine, "c", preferred_hour=18) is None
    assert propose_reading_time(shop.engine, "c", TouchKind.WELCOME) is None
    assert propose_reading_time(shop.engine, "quiet") is None


def test_who_never_read_is_sent_to_when_others_read(shop: StockedShop) -> None:
    for n in range(40):
        shop.client(f"x{n}", time_zone="Europe/Paris")
        shop.events([{"client_id": f"x{n}", "type": "email_clicked", "days_ago": k + 0.75} for k in range(1, 15)])
    reading_hours.count_reading_hours(shop.engine, NOW)
    chosen = propose_reading_time(shop.engine, "quiet")
    assert chosen is not None
    assert NOW + timedelta(hours=5, minutes=30) <= chosen < NOW + timedelta(hours=7)


def test_no_statement_a_mail_once_warm(shop: StockedShop) -> None:
    hours, statements = ReadingHours(), list[str]()
    with read_transaction(shop.engine) as connection:
        facts = require_send_time_facts(connection, "c", NOW)
        row: Any = SimpleNamespace(kind=TouchKind.MISSED)
        hours.propose_time(connection, row, facts, MailRules(), NOW)
        event.listen(shop.engine, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql))
        hours.propose_time(connection, row, facts, MailRules(), NOW)
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 0
