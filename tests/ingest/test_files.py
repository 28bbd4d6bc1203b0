"""Files of three formats and four kinds: the good rows go in, each bad one is named, and again changes nothing."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, func, select

from errors import BadInput
from store.database import read_transaction
from store.tables import clients, engagement, events, items, outbox, stock
from tests.ingest.conftest import Import, list_rejects

CLIENTS = """client_id,email,first_name,time_zone,locale,signed_up_at,consent,sizes,tags
ann,ann@shop.example,Ann,Asia/Tokyo,ja,2025-01-02T03:04:05+09:00,true,M|38,vip|newsletter
bob,bob@shop.example,,,,,,,
"""
EVENTS = """event_id,client_id,type,occurred_at,item_id,quantity,value,currency
e1,ann,order_placed,2026-05-01T10:00:00+02:00,,2,29.33,USD
e2,ann,item_viewed,2026-05-02T10:00:00Z,knit-1,,,
e3,bob,searched,2020-01-01T00:00:00.123456-05:00,,,,
"""


def rows(engine: Engine, table: Any) -> list[Any]:
    with read_transaction(engine) as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def test_clients_from_csv(load: Import, engine: Engine) -> None:
    summary = load("clients", "clients.csv", CLIENTS)
    assert (summary.rows, summary.new, summary.rejected, summary.rejects) == (2, 2, 0, None)
    ann, bob = rows(engine, clients)
    assert (ann.sizes, ann.tags, ann.consent, ann.time_zone) == (["M", "38"], ["vip", "newsletter"], True, "Asia/Tokyo")
    assert (bob.time_zone, bob.time_zone_assumed, bob.consent, bob.sizes) == ("Europe/London", True, False, [])
    assert [row.target for row in rows(engine, outbox)] == ["ann", "bob"]


def test_catalogue_stock_and_events_from_csv(load: Import, engine: Engine) -> None:
    load("clients", "clients.csv", CLIENTS)
    catalogue = (
        "item_id,title,category,brand,colour,price,cost,currency,season,sizes,tags,sustainability,added_at\n"
        'knit-1,"Jumper, ""moss""",knit,Fell,moss,89.5,31,USD,winter,S|M,classic,0.8,2026-05-01T00:00:00Z\n'
    )
    assert load("catalogue", "catalogue.csv", catalogue).new == 1
    assert load("stock", "stock.csv", "sku,item_id,size,on_hand\nk-s,knit-1,S,4\nk-m,knit-1,M,0\n").new == 2
    assert load("events", "events.csv", EVENTS).new == 3
    assert [(r.title, r.price_cents, r.sizes) for r in rows(engine, items)] == [('Jumper, "moss"', 8950, ["S", "M"])]
    assert [(r.sku, r.size, r.on_hand) for r in rows(engine, stock)] == [("k-m", "M", 0), ("k-s", "S", 4)]
    order, view, search = rows(engine, events)
    assert (order.occurred_at, order.quantity, order.value_cents) == (datetime(2026, 5, 1, 8, tzinfo=UTC), 2, 2933)
    assert (view.item_id, view.quantity, view.value_cents, view.data) == ("knit-1", None, None, None)
    assert search.occurred_at == datetime(2020, 1, 1, 5, 0, 0, 123456, tzinfo=UTC)
    assert {row.client_id: row.orders for row in rows(engine, engagement)} == {"ann": 1, "bob": 0}


def test_the_same_files_twice_change_nothing(load: Import, engine: Engine) -> None:
    load("clients", "clients.csv", CLIENTS)
    load("events", "events.csv", EVENTS)
    before = [rows(engine, table) for table in (clients, events, engagement, outbox)]
    again = load("clients", "clients.csv"), load("events", "events.csv")
    assert [(summary.new, summary.changed, summary.already_there) for summary in again] == [(0, 0, 2), (0, 0, 3)]
    assert [rows(engine, table) for table in (clients, events, engagement, outbox)] == before


def test_without_start_workflows_wait_for_the_go(load: Import, engine: Engine) -> None:
    load("clients", "clients.csv", CLIENTS, start=False)
    load("events", "e.csv", EVENTS.replace("searched", "signed_up"), start=False)
    assert {row.held for row in rows(engine, outbox)} == {True}


def test_each_format_says_the_same(load: Import, engine: Engine, tmp_path: Path) -> None:
    load("clients", "clients.csv", CLIENTS)
    load("events", "events.csv", EVENTS)
    before = rows(engine, events)
    as_json: list[dict[str, Any]] = [
        {"event_id": "e1", "client_id": "ann", "type": "order_placed", "occurred_at": "2026-05-01T10:00:00+02:00"}
        | {"item_id": None, "quantity": 2, "value": 29.33, "currency": "USD"},
        {"event_id": "e2", "client_id": "ann", "type": "item_viewed", "occurred_at": "2026-05-02T10:00:00Z"}
        | {"item_id": "knit-1"},
        {"event_id": "e3", "client_id": "bob", "type": "searched", "occurred_at": "2020-01-01T00:00:00.123456-05:00"},
    ]
    table = pa.table(
        {
            "event_id": ["e1", "e2", "e3"],
            "client_id": pa.array(["ann", "ann", "bob"]).dictionary_encode(),
            "type": ["order_placed", "item_viewed", "searched"],
            "occurred_at": pa.array(
                [datetime.fromisoformat(row["occurred_at"]) for row in as_json], pa.timestamp("ns", "UTC")
            ),
            "item_id": [None, "knit-1", ""],
            "quantity": [2.0, float("nan"), None],
            "value": [29.33, None, None],
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")
    for kind, content in (("jsonl", b"\n".join(orjson.dumps(row) for row in as_json)), ("parquet", None)):
        with engine.begin() as connection:
            connection.execute(events.delete())
            connection.execute(engagement.delete())
        assert load("events", f"events.{kind}", content).new == 3
        assert rows(engine, events) == before


def test_parquet_lists_and_strings(load: Import, engine: Engine, tmp_path: Path) -> None:
    table = pa.table(
        {
            "client_id": ["ann", "bob", "cleo"],
            "email": ["a@shop.example", "b@shop.example", "c@shop.example"],
            "sizes": pa.array([["M", "38"], [], None]),
            "tags": ["vip|new", "", None],
            "consent": [True, False, None],
        }
    )
    pq.write_table(table, tmp_path / "clients.parquet")
    assert load("clients", "clients.parquet").new == 3
    assert [(row.sizes, row.tags, row.consent) for row in rows(engine, clients)] == [
        (["M", "38"], ["vip", "new"], True),
        ([], [], False),
        ([], [], False),
    ]


def test_numbers_are_no_ids(load: Import, tmp_path: Path) -> None:
    pq.write_table(pa.table({"client_id": [17850], "email": ["a@shop.example"]}), tmp_path / "clients.parquet")
    summary = load("clients", "clients.parquet")
    assert (summary.new, list_rejects(summary)) == (0, [(1, "client_id")])


BAD_EVENTS = [
    ("e1,nobody,searched,2026-05-01T10:00:00Z,,,,", "client_id"),
    ("e 1,ann,searched,2026-05-01T10:00:00Z,,,,", "event_id"),
    (",ann,searched,2026-05-01T10:00:00Z,,,,", "event_id"),
    ("e1,ann,searched,2026-05-01T10:00:00,,,,", "occurred_at"),
    ("e1,ann,searched,1700000000,,,,", "occurred_at"),
    ("e1,ann,searched,20260501,,,,", "occurred_at"),
    ("e1,ann,searched,2199-05-01T10:00:00Z,,,,", "occurred_at"),
    ("e1,ann,searched,2026-02-30T10:00:00Z,,,,", "occurred_at"),
    ("e1,ann,bought,2026-05-01T10:00:00Z,,,,", "type"),
    ("e1,ann,,2026-05-01T10:00:00Z,,,,", "type"),
    ("e1,ann,item_viewed,2026-05-01T10:00:00Z,,,,", "item_id"),
    ("e1,ann,order_placed,2026-05-01T10:00:00Z,,0,,", "quantity"),
    ("e1,ann,order_placed,2026-05-01T10:00:00Z,,1,-5,", "value"),
    ("e1,ann,order_placed,2026-05-01T10:00:00Z,,1,inf,", "value"),
    ("e1,ann,order_placed,2026-05-01T10:00:00Z,,1,1e300,", "value"),
    ("e1,ann,order_placed,2026-05-01T10:00:00Z,,1,5,EUR", "currency"),
    ("e1,ann,consent_changed,2026-05-01T10:00:00Z,,,,", "consent"),
    ("e1,ann,fix_requested,2026-05-01T10:00:00Z,knit-1,,,", "item_id"),
    ("e1,ann,searched,2026-05-01T10:00:00Z,,,", ""),
    ("e1,ann,searched,2026-05-01T10:00:00Z,,,,,more", ""),
]


@pytest.mark.parametrize(("bad", "field"), BAD_EVENTS)
def test_a_bad_event_is_named_and_its_neighbours_go_in(load: Import, engine: Engine, bad: str, field: str) -> None:
    load("clients", "clients.csv", CLIENTS)
    summary = load("events", "events.csv", f"{EVENTS}{bad}\ne9,bob,searched,2026-05-01T10:00:00Z,,,,\n")
    if bad.startswith("e1,"):  # e1 of the good ones would hide it behind "already there"
        summary = load("events", "again.csv", EVENTS.splitlines()[0] + "\n" + bad.replace("e1,", "e8,", 1) + "\n")
        assert list_rejects(summary) == [(2, field)]
    else:
        assert (summary.new, list_rejects(summary)) == (4, [(5, field)])
    assert [row.event_id for row in rows(engine, events)] == ["e1", "e2", "e3", "e9"]


BAD_CLIENTS = [
    ("x,not-an-address,,,,,,,", "email"),
    ("x,a@shop.example;b@shop.example,,,,,,,", "email"),
    ("x,a@shop.example,,Mars/Olympus,,,,,", "time_zone"),
    ("x,a@shop.example,,,nonsense!,,,,", "locale"),
    ("x,a@shop.example,,,,yesterday,,,", "signed_up_at"),
    ("x,a@shop.example,,,,,perhaps,,", "consent"),
    ('x,a@shop.example,"a\nb",,,,,,', "first_name"),
    ("x@y,a@shop.example,,,,,,,", "client_id"),
    (f"{'x' * 65},a@shop.example,,,,,,,", "client_id"),
    (f"x,a@shop.example,,,,,,{'|'.join('abcdefghijklmnopqrstuvwxyz')},", "sizes"),
]


@pytest.mark.parametrize(("bad", "field"), BAD_CLIENTS)
def test_a_bad_client_is_named(load: Import, engine: Engine, bad: str, field: str) -> None:
    summary = load("clients", "clients.csv", f"{CLIENTS}{bad}\ncleo,c@shop.example,,,,,,,\n")
    assert (summary.new, list_rejects(summary)) == (3, [(4, field)])
    assert [row.client_id for row in rows(engine, clients)] == ["ann", "bob", "cleo"]


def test_a_negative_price_and_a_strange_currency(load: Import) -> None:
    head = "item_id,title,category,price,currency\n"
    summary = load("catalogue", "c.csv", f"{head}a,A,bag,-1,USD\nb,B,bag,1,EUR\nc,C,bag,1,USD\n")
    assert (summary.new, list_rejects(summary)) == (1, [(2, "price"), (3, "currency")])


def test_stock_of_an_unknown_item(load: Import) -> None:
    summary = load("stock", "s.csv", "sku,item_id,on_hand\ns,none,1\n")
    assert list_rejects(summary) == [(2, "item_id")]


def test_the_reject_file_tells_all(load: Import, engine: Engine) -> None:
    summary = load("clients", "clients.csv", CLIENTS + "zoë,zoe@shop.example,Zoë,,,,,,\n")
    assert summary.rejects is not None
    path = Path(summary.rejects)
    (entry,) = map(orjson.loads, path.read_bytes().splitlines())
    assert entry["row"] == {"client_id": "zoë", "email": "zoe@shop.example", "first_name": "Zoë"}
    assert (entry["line"], entry["field"]) == (4, "client_id")
    assert "letters" in entry["reason"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load("clients", "clients.csv", CLIENTS).rejects is None
    assert not path.exists(), "the rejects of an earlier run would mislead"


def test_one_byte_that_is_not_utf8_costs_one_row(load: Import, engine: Engine) -> None:
    summary = load(
        "clients", "clients.csv", CLIENTS.encode() + b"x,x@shop.example,caf\xe9,,,,,,\nz,z@shop.example,,,,,,,\n"
    )
    assert (summary.new, list_rejects(summary)) == (3, [(4, "first_name")])
    assert Path(summary.rejects or "").read_text().count("caf\\\\xe9") == 1


def test_the_reject_file_can_be_named(load: Import, tmp_path: Path) -> None:
    summary = load("clients", "clients.csv", CLIENTS + "x,,,,,,,,\n", rejects=tmp_path / "bad.jsonl")
    assert summary.rejects == str(tmp_path / "bad.jsonl")
    assert list_rejects(summary) == [(4, "email")]


def test_an_impossible_reject_file_is_said_at_once(load: Import, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match="--rejects"):
        load("clients", "clients.csv", CLIENTS + "x,,,,,,,,\n", rejects=tmp_path / "folder")
    assert rows(engine, clients) == []


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("none.csv", None, "No such file"),
        ("clients.xlsx", b"x", r"\.csv, \.tsv, \.jsonl"),
        ("clients.csv", b"", "'client_id', 'email'"),
        ("clients.csv", b"client_id,mail\nann,x\n", "missing in the header: 'email'"),
        ("clients.csv", b"client_id,email,age\nann,x,7\n", "unknown in the header: 'age'"),
        ("clients.csv", b"client_id,email,email\nann,x,y\n", "repeated in the header: 'email'"),
        ("clients.csv", b"client_id;email\nann;x\n", "missing in the header.*--delimiter ';'"),
        ("clients.csv", "client_id,email\nann,x\n".encode("utf-16"), "is not UTF-8"),
        ("clients.csv", b"client_id,email\n", "no rows"),
        ("clients.jsonl", b"", "no rows"),
        ("clients.parquet", b"PAR1 it is not", "not a Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    load: Import, engine: Engine, name: str, content: bytes | None, hint: str
) -> None:
    with pytest.raises(BadInput, match=hint) as refused:
        load("clients", name, content)
    assert "\n" not in str(refused.value)
    assert rows(engine, clients) == []


def test_a_folder_is_no_file(load: Import, tmp_path: Path) -> None:
    (tmp_path / "clients.csv").mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        load("clients", "clients.csv")


def test_many_batches_are_one_import(load: Import, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.files.BATCH", 7)
    load("clients", "clients.csv", CLIENTS)
    lines = [f"e{i},{'ann' if i % 10 else 'nobody'},searched,2026-05-01T10:00:00Z,,,," for i in range(100)]
    progress: list[tuple[int, int, int]] = []
    done = load(
        "events",
        "events.csv",
        "\n".join([EVENTS.splitlines()[0], *lines]),
        watch=lambda summary, at, total: progress.append((summary.rows, at, total)),
    )
    assert (done.rows, done.new, done.rejected) == (100, 90, 10)
    assert list_rejects(done) == [(i + 2, "client_id") for i in range(0, 100, 10)]
    assert len(progress) == 15
    assert progress[-1][0] == 100
    assert progress[-1][1] == progress[-1][2]
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 90
