"""The demo shop is a set of valid import files, the same on every run, and its days can be replayed from anywhere."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo import catalogue, shop
from demo.rhythms import extract_rhythms, load_rhythms
from domain.engagement import Engagement, EngagementRules, score_client
from models.base import utc
from models.catalogue import ItemRow
from models.events import EVENT
from models.states import Band

START = utc(2026, 11, 21, 7)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> shop.Files:
    return shop.write_shop(tmp_path_factory.mktemp("shop"), START)


def test_the_same_shop_is_written_every_time(files: shop.Files, tmp_path: Path) -> None:
    again = shop.write_shop(tmp_path, START)
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]


def test_the_catalogue_has_several_hundred_distinct_items_that_can_be_had(files: shop.Files) -> None:
    items = catalogue.build_items(START)
    assert len({item.item_id for item in items}) == len(items) >= 300
    assert all(item.added_at is not None and item.added_at < START for item in items)
    assert all(item.cost is not None and item.cost < item.price for item in items)
    available = {row.item_id for row in catalogue.build_stock(items) if row.on_hand}
    assert len(available) > 0.95 * len(items)


def test_history_is_valid_lies_in_the_past_and_names_known_clients_and_items(files: shop.Files) -> None:
    with files.clients.open(newline="") as file:
        clients = {row["client_id"]: row for row in csv.DictReader(file)}
    items = {item.item_id for item in catalogue.build_items(START)}
    events = [EVENT.validate_json(line) for line in files.events.read_text().splitlines()]
    assert len(clients) == shop.CLIENTS
    assert len({event.event_id for event in events}) == len(events) > 1_000
    assert all(event.occurred_at < START and event.client_id in clients for event in events)
    assert {item for event in events if (item := getattr(event, "item_id", None))} <= items
    assert all(row["email"].split("@")[1].startswith("example.") for row in clients.values())
    assert 0 < sum(row["consent"] == "false" for row in clients.values()) < 0.2 * len(clients)
    assert len({row["time_zone"] for row in clients.values()}) > 10


def test_many_clients_cross_into_risk_within_three_weeks(files: shop.Files) -> None:
    rules, standing = EngagementRules(), dict[str, Engagement]()
    for event in map(EVENT.validate_json, files.events.read_text().splitlines()):
        cents = int((getattr(event, "value", None) or 0) * 100)
        before = standing.get(event.client_id, Engagement())
        standing[event.client_id] = before.add_event(rules, event.type, event.occurred_at, cents)
    readings = [score_client(rules, stats, START) for stats in standing.values()]
    soon = START + timedelta(days=20)
    falling = [r for r in readings if r.band is Band.COOLING and r.crosses_at is not None and r.crosses_at < soon]
    assert len(falling) >= 20
    assert {reading.band for reading in readings} == set(Band)


def test_days_do_not_overlap_and_nothing_comes_twice(files: shop.Files) -> None:
    timeline = shop.build_timeline(START)
    seen = {EVENT.validate_json(line).event_id for line in files.events.read_text().splitlines()}
    for day in range(30):
        for raw in timeline.list_day_events(day):
            event = EVENT.validate_python(raw)
            assert event.event_id not in seen
            seen.add(event.event_id)
            assert timedelta(days=day) <= event.occurred_at - START < timedelta(days=day + 1)


def test_a_day_is_the_same_whoever_asks_and_whenever() -> None:
    one, other = shop.build_timeline(START), shop.build_timeline(START)
    for day in range(5):
        other.list_day_events(day)
    assert one.list_day_events(5) == other.list_day_events(5)
    assert [person.row for person in one.list_signups(5)] == [person.row for person in other.list_signups(5)]


def test_newcomers_sign_up_in_a_rush_and_buy_later() -> None:
    timeline = shop.build_timeline(START)
    rush = [person.row for day in range(10) for person in timeline.list_signups(day)]
    assert len({row.client_id for row in rush}) == len(rush) == 20
    assert all(row.signed_up_at is not None and row.signed_up_at >= START for row in rush)
    bought = {
        raw["client_id"] for day in range(25) for raw in timeline.list_day_events(day) if raw["type"] == "order_placed"
    }
    assert len(bought & {row.client_id for row in rush}) >= 15
    signups = [
        raw["client_id"] for day in range(10) for raw in timeline.list_day_events(day) if raw["type"] == "signed_up"
    ]
    assert sorted(signups) == sorted(row.client_id for row in rush)


def test_the_demo_does_not_run_dry_when_the_rhythms_end() -> None:
    orders = [raw for raw in shop.build_timeline(START).list_day_events(900) if raw["type"] == "order_placed"]
    assert orders


def test_items_keep_their_shape_through_the_file(files: shop.Files) -> None:
    with files.catalogue.open(newline="") as file:
        first = next(csv.DictReader(file))
    wanted: ItemRow = catalogue.build_items(START)[0]
    assert (first["item_id"], first["title"], first["sizes"]) == (wanted.item_id, wanted.title, "|".join(wanted.sizes))
    assert datetime.fromisoformat(first["added_at"]).astimezone(UTC) == wanted.added_at


def test_rhythms_are_extracted_from_the_sample_as_it_stands(tmp_path: Path) -> None:
    source, target = tmp_path / "transactions.csv", tmp_path / "rhythms.csv"
    source.write_text(
        "id,date,n,usd\n7,1997-01-02,2,29.33\n7,1997-03-01,1,8.99\n7,1998-01-01,1,0.29\n8,1997-01-03,1,5.00\n"
    )
    assert extract_rhythms(source, target) == 1
    assert load_rhythms(target) == [((1, 2, 2933), (59, 1, 899), (365, 1, 29))]
