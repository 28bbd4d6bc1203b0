"""At which hours cohorts read: people alone, in their own day, nobody loud, no cohort of a few."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from store.database import read_transaction
from store.mail import reading_hours
from store.mail.reading_hours import EVERYBODY, FEWEST_CLIENTS, MOST
from tests.support.shop_services import NOW, StockedShop

OPENED = {"type": "email_opened", "days_ago": 1.0}  # at noon in UTC


def fill_shop(engine: Engine) -> StockedShop:
    shop = StockedShop(engine)
    rows = []
    for n in range(FEWEST_CLIENTS):
        shop.client(f"c{n}", time_zone="Europe/Paris" if n else "UTC", tags=("VIP",) if n % 2 else ("VIP", "few"))
        rows += [{"client_id": f"c{n}", **OPENED}, {"client_id": f"c{n}", **OPENED, "machine": True}]
    shop.events(rows)
    return shop


def test_people_are_counted_in_their_own_day_and_machines_are_not(engine: Engine) -> None:
    shop = fill_shop(engine)
    shop.events([{"client_id": "c1", **OPENED} for _ in range(100)])
    assert reading_hours.count_reading_hours(engine, NOW) == 2
    with read_transaction(engine) as connection:
        counts = reading_hours.load_counts(connection)
    assert set(counts) == {EVERYBODY, "tag:vip"}
    assert (counts[EVERYBODY][14], counts[EVERYBODY][12]) == (FEWEST_CLIENTS - 2 + MOST, 1)
    assert counts[EVERYBODY].sum() == counts["tag:vip"].sum()


def test_counting_again_takes_the_place_of_what_was_counted(engine: Engine) -> None:
    fill_shop(engine)
    for _ in range(2):
        reading_hours.count_reading_hours(engine, NOW)
    with read_transaction(engine) as connection:
        assert reading_hours.load_counts(connection)[EVERYBODY].sum() == FEWEST_CLIENTS
    assert reading_hours.count_reading_hours(engine, NOW + timedelta(days=400)) == 0
    with read_transaction(engine) as connection:
        assert reading_hours.load_counts(connection) == {}


def test_a_tag_that_grows_when_compared_is_kept(engine: Engine) -> None:
    """Small letters of 64 others may be 192."""
    shop = StockedShop(engine)
    for n in range(FEWEST_CLIENTS):
        shop.client(f"c{n}", tags=("\ufb03" * 64,))
    shop.events([{"client_id": f"c{n}", **OPENED} for n in range(FEWEST_CLIENTS)])
    reading_hours.count_reading_hours(engine, NOW)
    with read_transaction(engine) as connection:
        assert set(reading_hours.load_counts(connection)) == {EVERYBODY, "tag:" + "ffi" * 64}
