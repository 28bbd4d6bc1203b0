"""Items and stock: stated by files, read whole, and a cheap way to see that they changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from models.catalogue import ItemRow, Season, StockRow
from services.ingestion import item_intake
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from tests.store.conftest import NOW
from tests.store.seeds import days

FULL: dict[str, Any] = {
    "item_id": "knit-1",
    "title": "Lambswool jumper",
    "category": "knit",
    "brand": "Fell & Fleece",
    "colour": "moss",
    "price": "89.50",
    "cost": "31.20",
    "currency": "USD",
    "season": "winter",
    "sizes": ["S", "M"],
    "tags": ["classic"],
    "sustainability": 0.8,
    "added_at": "2026-05-01T00:00:00Z",
}


def item(**fields: Any) -> ItemRow:
    return ItemRow.model_validate({**FULL, **fields})


def shelf(sku: str, units: int, item_id: str = "knit-1", size: str = "M") -> StockRow:
    return StockRow(sku=sku, item_id=item_id, size=size, on_hand=units)


def test_an_item_is_kept_whole(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        item_intake.put_items(connection, [item()], policy, NOW)
        item_row = catalogue.load_items(connection, ["knit-1", "none"])["knit-1"]
        assert catalogue.list_items(connection) == [item_row]
    assert (item_row.title, item_row.category, item_row.brand, item_row.colour) == (
        "Lambswool jumper",
        "knit",
        "Fell & Fleece",
        "moss",
    )
    assert (item_row.price_cents, item_row.cost_cents, item_row.season, item_row.sustainability) == (
        8950,
        3120,
        Season.WINTER,
        0.8,
    )
    assert (item_row.sizes, item_row.tags, item_row.added_at) == (
        ("S", "M"),
        ("classic",),
        NOW.replace(month=5, day=1, hour=0),
    )


def test_a_sparse_item_gets_plain_values(engine: Engine, policy: ShopPolicy) -> None:
    sparse = ItemRow.model_validate({"item_id": "a", "title": "A", "category": "bag", "price": "1"})
    with write_transaction(engine) as connection:
        item_intake.put_items(connection, [sparse], policy, NOW)
        item_row = catalogue.load_items(connection, ["a"])["a"]
    assert (item_row.brand, item_row.cost_cents, item_row.season, item_row.added_at) == ("", None, Season.ALL, NOW)


def test_the_same_items_twice_change_nothing_not_even_the_fingerprint(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        empty = catalogue.compute_fingerprint(connection)
        item_intake.put_items(connection, [item()], policy, NOW)
        item_intake.put_stock(connection, [shelf("k-m", 4)])
        once = catalogue.compute_fingerprint(connection)
        again = item_intake.put_items(connection, [item()], policy, NOW + days(1))
        stock_again = item_intake.put_stock(connection, [shelf("k-m", 4)])
        assert (again.same, stock_again.same) == (1, 1)
        assert catalogue.compute_fingerprint(connection) == once != empty


def test_every_change_shows_in_the_fingerprint(engine: Engine, policy: ShopPolicy) -> None:
    fingerprints = []
    with write_transaction(engine) as connection:
        for change in (
            lambda: item_intake.put_items(connection, [item()], policy, NOW),
            lambda: item_intake.put_items(connection, [item(price="90")], policy, NOW),
            lambda: item_intake.put_stock(connection, [shelf("k-m", 4), shelf("k-s", 1)]),
            lambda: item_intake.put_stock(connection, [shelf("k-m", 3), shelf("k-s", 2)]),
        ):
            change()
            fingerprints.append(catalogue.compute_fingerprint(connection))
    assert len(set(fingerprints)) == len(fingerprints)


def test_what_a_row_does_not_state_stays(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        item_intake.put_items(connection, [item()], policy, NOW)
        row = ItemRow.model_validate({"item_id": "knit-1", "title": "Jumper", "category": "knit", "price": "70"})
        assert item_intake.put_items(connection, [row], policy, NOW).changes == 1
        item_row = catalogue.load_items(connection, ["knit-1"])["knit-1"]
    assert (item_row.title, item_row.price_cents, item_row.cost_cents, item_row.sizes) == (
        "Jumper",
        7000,
        3120,
        ("S", "M"),
    )


def test_another_currency_and_the_future_are_refused_by_field(engine: Engine, policy: ShopPolicy) -> None:
    bad = [item(currency="EUR"), item(item_id="b", added_at=(NOW + days(2)).isoformat()), item(item_id="c")]
    with write_transaction(engine) as connection:
        done = item_intake.put_items(connection, bad, policy, NOW)
    assert [(refusal.index, refusal.field) for refusal in done.refused] == [(0, "currency"), (1, "added_at")]
    assert "SELVEDGE_SHOP_CURRENCY" in done.refused[0].reason
    assert list(done.new) == ["c"]


def test_stock_counts_by_item_and_size(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        item_intake.put_items(connection, [item(), item(item_id="b")], policy, NOW)
        rows = [shelf("1", 4), shelf("2", 3), shelf("3", 1, size="S"), shelf("4", 0, "b", ""), shelf("5", 1, "zz")]
        done = item_intake.put_stock(connection, rows)
        item_intake.put_stock(connection, [shelf("2", 5)])
    with read_transaction(engine) as connection:
        assert catalogue.count_available(connection) == {"knit-1": {"M": 9, "S": 1}, "b": {"": 0}}
        assert catalogue.count_available(connection, ["b"]) == {"b": {"": 0}}
    assert [(refusal.index, refusal.field) for refusal in done.refused] == [(4, "item_id")]
