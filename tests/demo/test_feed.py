"""The feed speaks the real API, remembers how far it came, and can be repeated without effect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, insert, select

from demo import first_run, shop
from demo.feed import Cursor, Feed, build_cursor_path
from demo.people import Person
from demo.reactions import list_reactions
from demo.timeline import Timeline
from models.base import utc
from settings import Settings
from store import clock
from store.database import connect, read_transaction, write_transaction
from store.tables import clients, engagement, events, outbox, outreaches
from web.app import create_app

START = utc(2026, 11, 21, 7)
THIRD_DAY = START + timedelta(days=2, hours=15)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the shop imported, its clock standing on the third day."""
    home = tmp_path_factory.mktemp("demo")
    given = Settings(home=home, smtp_url="smtp://127.0.0.1:9", api_key="k", _env_file=None)
    build_cursor_path(given).parent.mkdir(parents=True)
    Cursor(build_cursor_path(given)).save(START, START)
    said: list[str] = []
    assert first_run.prepare_shop(given, said.append) is True
    assert first_run.prepare_shop(given, said.append) is False
    engine = connect(given.database)
    with write_transaction(engine) as connection:
        clock.start(connection, START, 1.0, THIRD_DAY)
        clock.stop(connection, START)
    engine.dispose()
    return given


@pytest.fixture(scope="module")
def engine(given: Settings) -> Iterator[Engine]:
    made = connect(given.database)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def web(given: Settings) -> Iterator[TestClient]:
    headers = {"Authorization": "Bearer k"}
    with TestClient(create_app(given), base_url="http://127.0.0.1:8000", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return shop.build_timeline(START)


def count_rows(engine: Engine) -> tuple[int, int]:
    with read_transaction(engine) as connection:
        return (
            connection.scalar(select(func.count()).select_from(events)) or 0,
            connection.scalar(select(func.count()).select_from(clients)) or 0,
        )


def test_the_shop_is_imported_whole_and_its_clients_wait_for_their_workflows(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(clients)) == shop.CLIENTS
        assert connection.scalar(select(func.count()).select_from(outbox)) == shop.CLIENTS
        assert (connection.scalar(select(func.sum(engagement.c.orders))) or 0) > 1_000


def test_what_fell_due_arrives_once_however_often_it_is_sent(
    given: Settings, engine: Engine, web: TestClient, timeline: Timeline
) -> None:
    cursor = Cursor(build_cursor_path(given))
    feed = Feed(timeline, cursor, engine, web)
    before = count_rows(engine)
    noon = START + timedelta(days=1, hours=5)
    first = feed.send_due_events(noon)
    after = count_rows(engine)
    assert first > 20
    assert after[0] == before[0] + first
    assert after[1] == before[1] + len([one for day in (0, 1) for one in timeline.list_signups(day) if due(one, noon)])
    assert feed.send_due_events(noon) == 0

    cursor.save(START, START)  # as after a kill before the cursor was written
    assert feed.send_due_events(noon) == 0
    assert count_rows(engine) == after

    assert feed.send_due_events(THIRD_DAY) > 0
    assert cursor.load() == (START, THIRD_DAY)
    expected = {
        raw["event_id"]
        for day in range(3)
        for raw in timeline.list_day_events(day)
        if raw["occurred_at"] <= iso(THIRD_DAY)
    }
    with read_transaction(engine) as connection:
        assert expected <= {row.event_id for row in connection.execute(select(events.c.event_id))}


def due(one: Person, now: datetime) -> bool:
    return one.row.signed_up_at is not None and one.row.signed_up_at <= now


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def test_nothing_is_lost_while_the_web_process_is_away(
    given: Settings, engine: Engine, web: TestClient, timeline: Timeline
) -> None:
    cursor = Cursor(build_cursor_path(given))
    reached = cursor.load()[1]
    with httpx.Client(base_url="http://127.0.0.1:9") as nobody, pytest.raises(httpx.HTTPError):
        Feed(timeline, cursor, engine, nobody).send_due_events(reached + timedelta(hours=6))
    assert cursor.load()[1] == reached


def test_clients_react_to_their_mail_in_the_same_way_whenever_asked(given: Settings, engine: Engine) -> None:
    sent = START + timedelta(hours=3)
    with write_transaction(engine) as connection:
        for number in range(1, 201):
            connection.execute(insert(outreaches).values(**_mail(f"client{number:05d}", sent)))
    whole = list_reactions(engine, sent, sent + timedelta(days=3))
    kinds = {event["type"] for event in whole}
    assert {"email_opened", "email_clicked", "order_placed", "unsubscribed"} <= kinds
    opened = sum(event["type"] == "email_opened" for event in whole)
    assert 70 < opened < 130
    assert all(float(event["value"]) > 0 for event in whole if event["type"] == "order_placed")
    halves = list_reactions(engine, sent, sent + timedelta(hours=9)) + list_reactions(
        engine, sent + timedelta(hours=9), sent + timedelta(days=3)
    )
    assert sorted(halves, key=str) == sorted(whole, key=str)


def _mail(client_id: str, sent: object) -> dict[str, object]:
    return {
        "client_id": client_id, "n": 1, "reason_key": "welcome", "kind": "welcome", "assessment_id": "a", "score": 1.0,
        "phase": "active", "state": "sent", "created_at": sent, "updated_at": sent, "sent_at": sent,
        "picks": [{"item_id": "coat-01", "score": 0.5, "parts": {}}],
    }  # fmt: skip


def test_a_campaign_moves_the_demo_s_clients_more_than_other_mail(given: Settings, engine: Engine) -> None:
    """So much that so few show it; docs/demo.md says that this is made up."""
    sent = START + timedelta(days=40)
    with write_transaction(engine) as connection:
        for number in range(501, 801):
            kind = {"kind": "campaign"} if number % 2 else {}
            connection.execute(insert(outreaches).values(**_mail(f"client{number:05d}", sent) | kind))
    bought = [
        e["client_id"] for e in list_reactions(engine, sent, sent + timedelta(days=3)) if e["type"] == "order_placed"
    ]
    by_campaign = sum(int(client_id[6:]) % 2 for client_id in bought)
    assert by_campaign > 2 * (len(bought) - by_campaign)
