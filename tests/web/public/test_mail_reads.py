"""The picture that tells of an open, and the link that people do not see, through the real app."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from mail.links import Links
from store.database import read_transaction, write_transaction
from store.mail.mail_facts import list_reading_times
from store.tables import clients
from tests.web.public.test_unsubscribe import NOW, UTM, Shop, shop

__all__ = ["shop"]

AGREED = {"measurement": {"agreed": True, "at": "2026-05-01T00:00:00Z", "source": "preferences"}}
GMAIL = {"User-Agent": "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"}


def measure(shop: Shop, purposes: dict[str, dict[str, object]] = AGREED) -> str:
    """Turn pictures on, and return the address of the one of mail 1, sent a day ago."""
    shop.settings.__dict__["open_pixel"] = True
    shop.state("sent", NOW - timedelta(days=1))
    with write_transaction(shop.engine) as connection:
        connection.execute(update(clients).values(purposes=purposes))
    return shop.links.build_open_url("c1", 1).removeprefix(shop.links.base_url)


def test_an_open_is_recorded_once_and_tells_when_the_client_reads(shop: Shop) -> None:
    picture = measure(shop)
    for _ in range(3):
        answer = shop.client.get(picture, headers=GMAIL)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
        assert answer.content.startswith(b"GIF89a")
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    (event,) = shop.list_events()
    assert (event.type, event.data["outreach"], event.data["machine"]) == ("email_opened", "c1.1", False)
    with read_transaction(shop.engine) as connection:
        assert list_reading_times(connection, ["c1"], NOW, 5) == {"c1": (NOW,)}


def test_a_prefetch_tells_nothing_of_the_hour(shop: Shop) -> None:
    assert shop.client.get(measure(shop), headers={"User-Agent": "Mozilla/5.0"}).status_code == 200
    assert [event.data["machine"] for event in shop.list_events()] == [True]
    with read_transaction(shop.engine) as connection:
        assert list_reading_times(connection, ["c1"], NOW, 5) == {}


@pytest.mark.parametrize("why", ["not asked", "refused", "turned off", "forged"])
def test_without_consent_or_setting_nothing_is_recorded_and_the_picture_comes(shop: Shop, why: str) -> None:
    refused = {"measurement": {"agreed": False, "at": "2026-05-01T00:00:00Z", "source": "preferences"}}
    picture = measure(shop, {"not asked": {}, "refused": refused}.get(why, AGREED))
    if why == "turned off":
        shop.settings.__dict__["open_pixel"] = False
    if why == "forged":
        picture = Links("another key", "", "", "a.com", "b.com").build_open_url("c1", 1)
    answer = shop.client.get(picture)
    assert (answer.status_code, answer.headers["Content-Type"], shop.list_events()) == (200, "image/gif", [])


def test_who_follows_the_hidden_link_is_a_machine_and_so_is_what_it_does_around(shop: Shop) -> None:
    shop.state("sent", NOW - timedelta(hours=2))
    hidden = shop.links.build_hidden_url("c1", 1).removeprefix(shop.links.base_url)
    shop.client.get(shop.go())
    assert [event.data["machine"] for event in shop.list_events()] == [False]
    assert shop.client.get(hidden).headers["Location"] == f"https://shop.com/p{UTM}&utm_campaign=welcome"
    assert [event.data["machine"] for event in shop.list_events()] == [True, True]
    assert shop.count_engaged() == 0


def test_a_cookie_is_set_for_who_agreed_alone_and_speaks_for_a_person(shop: Shop) -> None:
    shop.state("sent", NOW - timedelta(hours=2))
    assert "Set-Cookie" not in shop.client.get(shop.go()).headers
    measure(shop)
    assert "read=1" in shop.client.get(shop.go("i2")).headers["Set-Cookie"]
    shop.client.get(shop.go("i3"))
    assert ["cookie" in event.data["signs"] for event in shop.list_events() if event.item_id == "i3"] == [True]
