"""The links of a mail, through the real app."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert, select, update

from mail.links import Links
from models.base import utc
from models.clock import Clock
from settings import Settings
from store import clock
from store.database import connect, read_transaction, write_transaction
from store.tables import clients, engagement, events, items, metadata, outreaches
from tests.mail.samples import settings
from tests.support.algorithms import wait_until
from tests.support.tables import create_tables
from web.app import create_app
from web.context import WebContext
from web.temporal import TemporalConnection

NOW = utc(2026, 6, 1, 12)
REAL = utc(2026, 11, 21, 9)
UTM = "?utm_source=selvedge&utm_medium=email"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}


@dataclass
class Shop:
    """The app, its store, and what a mail to `c1` links to."""

    client: TestClient
    engine: Engine
    links: Links
    settings: Settings

    @property
    def leave(self) -> str:
        return self.links.build_unsubscribe_url("c1", 1).removeprefix(self.links.base_url)

    def go(self, item_id: str | None = "i1", n: int = 1) -> str:
        return self.links.build_click_url("c1", n, item_id).removeprefix(self.links.base_url)

    def consent(self) -> tuple[bool, datetime | None]:
        with read_transaction(self.engine) as connection:
            row = connection.execute(
                select(clients.c.consent, clients.c.consent_at).where(clients.c.client_id == "c1")
            ).one()
        return row.consent, row.consent_at

    def list_events(self) -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(events).order_by(events.c.occurred_at, events.c.event_id)))

    def count_engaged(self) -> float:
        """What the client's events add to the engagement score by their number."""
        with read_transaction(self.engine) as connection:
            return connection.scalar(select(engagement.c.frequency).where(engagement.c.client_id == "c1")) or 0.0

    def state(self, state: str, sent_at: datetime | None = None) -> None:
        with write_transaction(self.engine) as connection:
            connection.execute(update(outreaches).values(state=state, sent_at=sent_at))


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop whose page waits as long as the test's parameter says, else little."""
    wait_s = getattr(request, "param", 0.4)
    more = {"smtp_url": "smtp://127.0.0.1:9", "unsubscribe_wait_s": wait_s, "shop_url": "https://shop.com/p"}
    configured = settings(tmp_path, **more)
    engine = connect(configured.database)
    create_tables(engine)
    with write_transaction(engine) as connection:
        connection.execute(
            insert(clients).values(
                client_id="c1",
                email="c1@example.com",
                time_zone="UTC",
                signed_up_at=NOW - timedelta(days=90),
                consent=True,
                consent_at=NOW - timedelta(days=90),
            )
        )
        dress = {"title": "Dress", "category": "dress", "price_cents": 1, "added_at": NOW}
        connection.execute(insert(items), [{"item_id": f"i{n}", **dress} for n in range(1, 5)])
        connection.execute(insert(outreaches).values(**_mail()))
    app = create_app(configured)
    app.state.context = WebContext(configured, engine, lambda: NOW, TemporalConnection(configured), lambda: REAL)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False, headers=BROWSER) as client:
        yield Shop(client, engine, Links.from_settings(configured), configured)
    engine.dispose()


def _mail() -> dict[str, Any]:
    return {
        "client_id": "c1",
        "n": 1,
        "reason_key": "welcome",
        "kind": "welcome",
        "assessment_id": "a1",
        "score": 50.0,
        "phase": "active",
        "state": "sent",
        "created_at": NOW - timedelta(days=1),
        "updated_at": NOW - timedelta(days=1),
        "sent_at": NOW - timedelta(days=1),
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_the_page_changes_nothing(shop: Shop, method: str) -> None:
    before = shop.consent()
    answer = shop.client.request(method, shop.leave)
    assert answer.status_code == 200
    assert shop.consent() == before
    assert shop.list_events() == []
    if method == "GET":
        assert f'<form method="post" action="{shop.leave}">' in answer.text


@pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {"confirm": "yes"}, {}])
def test_one_click_and_the_button_leave_the_list(shop: Shop, body: dict[str, str]) -> None:
    answer = shop.client.post(shop.leave, data=body)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    assert shop.consent() == (False, NOW)
    (event,) = shop.list_events()
    assert (event.type, event.client_id, event.occurred_at) == ("unsubscribed", "c1", NOW)


def test_leaving_twice_is_leaving_once(shop: Shop) -> None:
    answers = [shop.client.post(shop.leave).status_code for _ in range(3)]
    assert answers == [200, 200, 200]
    assert len(shop.list_events()) == 1


def test_who_left_may_come_back_and_leave_again_by_the_same_link(shop: Shop) -> None:
    shop.client.post(shop.leave)
    back = shop.client.post(f"{shop.leave}/stay")
    assert "You are on the list" in back.text
    assert shop.consent()[0] is True
    shop.client.post(shop.leave)
    assert shop.consent()[0] is False
    assert sorted(event.type for event in shop.list_events()) == ["consent_changed", "unsubscribed", "unsubscribed"]


def test_leaving_holds_against_a_consent_stamped_by_a_faster_clock(shop: Shop) -> None:
    with write_transaction(shop.engine) as connection:
        connection.execute(update(clients).values(consent_at=NOW + timedelta(hours=3)))
    shop.client.post(shop.leave)
    assert shop.consent()[0] is False


@pytest.mark.parametrize("shop", [30.0], indirect=True)
def test_it_is_acknowledged_only_when_the_mail_under_way_has_settled(shop: Shop) -> None:
    shop.state("data")
    settled: list[float] = []

    def settle() -> None:
        assert wait_until(lambda: not shop.consent()[0], 20)
        settled.append(time.monotonic())
        shop.state("sent", NOW)

    thread = threading.Thread(target=settle)
    thread.start()
    answer = shop.client.post(shop.leave)
    answered = time.monotonic()
    thread.join()
    assert answer.status_code == 200
    assert settled[0] <= answered


def test_a_mail_that_does_not_settle_is_said_plainly_and_consent_is_gone_all_the_same(shop: Shop) -> None:
    shop.state("data")
    answer = shop.client.post(shop.leave)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "You are unsubscribed" in answer.text
    assert "may still reach you" in answer.text
    assert shop.consent()[0] is False


def test_a_mail_to_somebody_else_that_is_under_way_does_not_matter(shop: Shop) -> None:
    with write_transaction(shop.engine) as connection:
        connection.execute(insert(outreaches).values(**_mail() | {"client_id": "c2", "state": "data"}))
    assert shop.client.post(shop.leave).status_code == 200


def test_an_unknown_client_is_told_that_no_mail_comes(shop: Shop) -> None:
    stranger = shop.links.build_unsubscribe_url("gone", 1).removeprefix(shop.links.base_url)
    assert shop.client.post(stranger).status_code == 200
    assert shop.list_events() == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda shop: "/u/nonsense",
        lambda shop: shop.leave[:-1] + ("A" if shop.leave[-1] != "A" else "B"),
        lambda shop: shop.go().replace("/go/", "/u/"),
        lambda shop: "/u/" + "x" * 3_000,
        lambda shop: "/u/%00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_does_nothing_and_says_nothing(shop: Shop, forge: Callable[[Shop], str], method: str) -> None:
    answer = shop.client.request(method, forge(shop))
    assert answer.status_code == 404
    assert "This link leads nowhere" in answer.text
    assert shop.consent()[0] is True
    assert shop.client.post(forge(shop) + "/stay").status_code == 404


def test_a_link_leads_to_its_item_and_is_noted_once_a_day(shop: Shop) -> None:
    for _ in range(3):
        answer = shop.client.get(shop.go())
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            f"https://shop.com/p/i1{UTM}&utm_campaign=welcome",
        )
    (event,) = shop.list_events()
    assert (event.type, event.item_id, event.occurred_at) == ("email_clicked", "i1", NOW)
    assert event.data["outreach"] == "c1.1"
    assert not event.data.get("machine")


def test_the_shop_link_leads_to_the_shop(shop: Shop) -> None:
    assert shop.client.get(shop.go(None)).headers["Location"] == f"https://shop.com/p{UTM}&utm_campaign=welcome"


@pytest.mark.parametrize("headers", [{"User-Agent": "Barracuda/1.0"}, {"User-Agent": ""}])
def test_a_scanner_is_sent_on_and_noted_as_a_machine(shop: Shop, headers: dict[str, str]) -> None:
    assert shop.client.get(shop.go(), headers=headers).status_code == 302
    assert [event.data["machine"] for event in shop.list_events()] == [True]


def test_a_click_within_two_real_seconds_of_sending_is_a_machine_at_any_pace(shop: Shop) -> None:
    pace = 86_400 / 5
    with write_transaction(shop.engine) as connection:
        clock.start(connection, REAL, pace, NOW)
        assert clock.load_clock(connection, REAL) == Clock(real_anchor=REAL, business_anchor=NOW, pace=pace)
    shop.state("sent", NOW - timedelta(seconds=1.5 * pace))
    shop.client.get(shop.go())
    shop.state("sent", NOW - timedelta(seconds=90 * pace))
    shop.client.get(shop.go())
    assert sorted(bool(event.data.get("machine")) for event in shop.list_events()) == [False, True]


FIVE = ("i1", "i2", "i3", "i4", None)


def test_every_link_at_once_is_a_machine_whatever_it_calls_itself(shop: Shop) -> None:
    """A case from practice: five links of one mail within a third of a second moved a lapsed client to cooling."""
    shop.state("sent", NOW - timedelta(minutes=1))
    for item in FIVE:
        shop.client.get(shop.go(item))
    found = shop.list_events()
    assert [event.data["machine"] for event in found] == [True] * 5
    assert all(event.data["chance"] > 0.9 for event in found)
    assert shop.count_engaged() == 0


def test_two_links_in_ten_seconds_are_a_person(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for after in (60, 65):
        shop.state("sent", NOW - timedelta(seconds=after))
        shop.client.get(shop.go("i1" if after == 60 else "i2"))
    assert [event.data["machine"] for event in shop.list_events()] == [False, False]
    assert shop.count_engaged() == pytest.approx(0.4)


def test_a_click_that_cannot_be_noted_still_leads_to_the_shop(shop: Shop) -> None:
    with write_transaction(shop.engine) as connection:
        metadata.drop_all(connection)
    assert shop.client.get(shop.go()).headers["Location"] == f"https://shop.com/p/i1{UTM}"


def test_a_forged_click_leads_nowhere(shop: Shop) -> None:
    others = Links("another key", "", "https://evil.com", "a.com", "b.com")
    answer = shop.client.get(others.build_click_url("c1", 1, "i1"))
    assert answer.status_code == 404
    assert "This link leads nowhere" in answer.text
    assert shop.list_events() == []


def test_neither_page_nor_redirect_is_kept_or_tells_the_next_site(shop: Shop) -> None:
    for answer in (shop.client.get(shop.leave), shop.client.get(shop.go())):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
