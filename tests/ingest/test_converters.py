"""Each public set, in samples of its own shape made by hand, comes out in our formats and goes in without a word."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from errors import BadInput
from ingest.converters import cdnow, fashion_products, online_retail, renttherunway
from ingest.converters.tables import ENDING, build_command
from ingest.files import ImportSummary, import_file
from models.actors import SYSTEM
from store.database import read_transaction
from store.mail.policy import ShopPolicy
from store.tables import clients, engagement, events, items
from tests.store.conftest import NOW, REAL

CDNOW = "id,date,n,usd\n00004,1997-01-18,2,29.73\n00004,1997-01-01,2,29.33\n00018,1997-02-04,1,0.0\n"
RETAIL = [
    ("536365", "85123A", "WHITE  HEART", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom"),
    ("536365", "POST", "POSTAGE", "1", "2010-12-01 08:26:00", "18", "17850.0", "United Kingdom"),
    ("536370", "85123A", None, "1", "2011-06-02 09:00:00", "2.95", "13047.0", "France"),
    ("536371", "71053", "LANTERN", "1", "2010-12-01 08:30:00", "3.39", None, "United Kingdom"),
    ("C536379", "85123A", "WHITE HEART", "-2", "2010-12-02 09:41:00", "2.55", "17850.0", "United Kingdom"),
]
STYLES = (
    "id,gender,masterCategory,subCategory,articleType,baseColour,season,usage,productDisplayName,colorgroup\n"
    '15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,Casual,"Turtle, Check Shirt",Blue\n'
    "42878,Women,Accessories,Bags,Clutches,Maroon,,Casual,Clutch,Red\n"
)


def rental(user: int, item: int, **fields: Any) -> dict[str, Any]:
    row = {"user_id": user, "item_id": item, "fit": "fit", "rating": 10.0, "rented_for": "wedding", "size": 8}
    row |= {"body_type": "pear", "category": "gown", "review_date": datetime(2016, 4, 20), "recommend": 1}  # noqa: DTZ001
    return row | fields


def take(engine: Engine, folder: Path, kind: str, name: str, currency: str = "USD") -> ImportSummary:
    terms = ShopPolicy(currency=currency, time_zone="Europe/London", signing_key="k")
    return import_file(kind, folder / name, engine, SYSTEM, terms, NOW, REAL)


def rows(engine: Engine, table: Any) -> list[Any]:
    with read_transaction(engine) as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def test_cdnow(engine: Engine, tmp_path: Path) -> None:
    source = tmp_path / "transactions.csv"
    source.write_text(CDNOW)
    assert cdnow.convert(source, tmp_path, ending=datetime(2026, 5, 1)) == {"clients": 2, "events": 3}  # noqa: DTZ001
    assert take(engine, tmp_path, "clients", "clients.csv").new == 2
    assert take(engine, tmp_path, "events", "events.csv").rejected == 0
    assert [(r.client_id, r.consent, r.email) for r in rows(engine, clients)] == [
        ("cdnow-00004", False, "cdnow-00004@example.com"),
        ("cdnow-00018", False, "cdnow-00018@example.com"),
    ]
    assert [(r.event_id, r.value_cents, r.quantity) for r in rows(engine, events)] == [
        ("cdnow-00004-1", 2933, 2),
        ("cdnow-00004-2", 2973, 2),
        ("cdnow-00018-1", 0, 1),
    ]
    assert max(r.occurred_at for r in rows(engine, events)).isoformat() == "2026-05-01T12:00:00+00:00"
    four = rows(engine, clients)[0]
    assert four.signed_up_at == rows(engine, events)[0].occurred_at


def test_online_retail(engine: Engine, tmp_path: Path) -> None:
    columns = dict(zip(online_retail.COLUMNS, zip(*RETAIL, strict=True), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "invoices.parquet")
    counts = online_retail.convert(tmp_path / "invoices.parquet", tmp_path)
    assert counts == {
        "clients": 2,
        "items": 1,
        "events": 3,
        "lines without a client, left out": 1,
        "lines that are no goods, left out": 1,
    }
    for kind, name in (("clients", "clients.csv"), ("catalogue", "catalogue.csv"), ("events", "events.csv")):
        assert take(engine, tmp_path, kind, name, "GBP").rejected == 0
    assert [r.client_id for r in rows(engine, clients)] == ["13047", "17850"]
    (item,) = rows(engine, items)
    assert (item.item_id, item.title, item.price_cents) == ("85123A", "WHITE HEART", 295)
    assert [(r.type, r.quantity, r.value_cents, r.occurred_at.isoformat()) for r in rows(engine, events)] == [
        ("order_placed", 6, 1530, "2010-12-01T08:26:00+00:00"),
        ("order_placed", 1, 295, "2011-06-02T08:00:00+00:00"),  # London in summer
        ("order_returned", 2, 510, "2010-12-02T09:41:00+00:00"),
    ]
    assert take(engine, tmp_path, "events", "events.csv", "USD").already_there == 3


def test_pounds_are_refused_by_a_shop_of_dollars(engine: Engine, tmp_path: Path) -> None:
    columns = dict(zip(online_retail.COLUMNS, zip(*RETAIL, strict=True), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "invoices.parquet")
    online_retail.convert(tmp_path / "invoices.parquet", tmp_path)
    take(engine, tmp_path, "clients", "clients.csv")
    summary = take(engine, tmp_path, "events", "events.csv")
    assert (summary.new, summary.rejected) == (0, 3)


def test_renttherunway(engine: Engine, tmp_path: Path) -> None:
    rented = [
        rental(1, 7),
        rental(1, 7, fit="small", rating=4.0, recommend=0),
        rental(2, 7, size=12, rating=None, body_type=None, review_date=datetime(2016, 4, 21)),  # noqa: DTZ001
    ]
    pq.write_table(pa.Table.from_pylist(rented), tmp_path / "rentals.parquet")
    counts = renttherunway.convert(tmp_path / "rentals.parquet", tmp_path, price="80")
    assert counts == {"clients": 2, "items": 1, "events": 6}
    for kind, name in (("clients", "clients.csv"), ("catalogue", "catalogue.csv"), ("events", "events.jsonl")):
        assert take(engine, tmp_path, kind, name).rejected == 0
    (item,) = rows(engine, items)
    assert (item.title, item.price_cents, item.sizes, item.tags) == ("Gown 7", 8000, ["8", "12"], ["wedding"])
    assert [(r.sizes, r.tags) for r in rows(engine, clients)] == [(["8"], ["pear"]), (["12"], [])]
    feedback = [r for r in rows(engine, events) if r.type == "fix_feedback"]
    assert [r.data for r in feedback] == [
        {"kept": True, "fit": "fit", "rating": 5},
        {"kept": False, "fit": "small", "rating": 2},
        {"kept": True, "fit": "fit"},
    ]
    assert [r.orders for r in rows(engine, engagement)] == [1, 1]  # two rentals of one noon are one order (decision 38)


def test_fashion_products(engine: Engine, tmp_path: Path) -> None:
    source = tmp_path / "styles.csv"
    source.write_text(STYLES)
    assert fashion_products.convert(source, tmp_path, price="40") == {"items": 2}
    assert take(engine, tmp_path, "catalogue", "catalogue.csv").rejected == 0
    shirt, clutch = rows(engine, items)
    assert (shirt.title, shirt.category, shirt.colour) == ("Turtle, Check Shirt", "shirts", "navy blue")
    assert (shirt.season, shirt.tags, shirt.price_cents) == ("autumn", ["apparel", "casual", "men"], 4000)
    assert clutch.season == "all"


def test_the_command_writes_into_a_new_folder_and_says_what(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(CDNOW)
    program = build_command(cdnow.convert, ENDING)
    result = CliRunner().invoke(program, [str(tmp_path / "t.csv"), str(tmp_path / "new" / "out")])
    assert (result.exit_code, result.output) == (0, "        2 clients\n        3 events\n")
    assert (tmp_path / "new" / "out" / "events.csv").read_text().count("\n") == 4


@pytest.mark.parametrize("content", [b"id,day\n1,2\n", b"\xff\xfe\x00"])
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(BadInput, match=r"t\.csv"):
        cdnow.convert(tmp_path / "t.csv", tmp_path)
    with pytest.raises(BadInput, match=r"t\.csv"):
        online_retail.convert(tmp_path / "t.csv", tmp_path)
