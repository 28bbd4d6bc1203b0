"""Orders from plain files: days in UTC, and one line for what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from errors import BadInput
from ingest.order_files import EVENTS, read_orders

DAY = date(2026, 3, 1).toordinal() - date(1970, 1, 1).toordinal()


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-01", DAY),
        ("2026-03-01T23:59:59Z", DAY),
        ("2026-03-01T23:30:00-01:00", DAY + 1),
        ("2026-03-01 08:26:00", DAY),
        ("2026-03-01T00:30:00+02:00", DAY - 1),
    ],
)
def test_days_are_those_of_utc(tmp_path: Path, moment: str, day: int) -> None:
    assert read_orders(csv(tmp_path, f"client_id,occurred_at\na,{moment}\n")).day.tolist() == [day]


def test_ids_are_text_and_values_add_up_within_a_day(tmp_path: Path) -> None:
    orders = read_orders(csv(tmp_path, "value,client_id,occurred_at\n1.5,007,2026-03-01\n2,007,2026-03-01T10:00Z\n"))
    assert orders.ids == ("007",)
    assert orders.value is not None
    assert orders.value.tolist() == [3.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("client_id,when\na,2026-03-01\n", "missing in the header: 'occurred_at'"),
        ("client_id,occurred_at,valu\na,2026-03-01,3\n", "unknown in the header: 'valu'"),
        ("client_id,occurred_at\na,2026-03-01\nb,2026-13-01\n", "orders.csv: line 3, occurred_at: '2026-13-01'"),
        ("client_id,occurred_at\na,20260301\n", "line 2, occurred_at"),
        ("client_id,occurred_at\na,\n", "line 2, occurred_at: is missing"),
        ("client_id,occurred_at\n,2026-03-01\n", "line 2, client_id: is missing"),
        ("client_id,occurred_at\na b,2026-03-01\n", "line 2, client_id: must be"),
        ("client_id,occurred_at,value\na,2026-03-01,nan\n", "line 2, value: 'nan'"),
        ("client_id,occurred_at,value\na,2026-03-01,3\nb,2026-03-01,\n", "value: is missing in 1 of 2 orders"),
        ("client_id,occurred_at\na,2026-03-01,9\n", "line 2 has 3 cells"),
        ("client_id,occurred_at\n", "holds no order"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_orders(csv(tmp_path, text))
    assert message in str(caught.value)


def test_parquet_of_other_types_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    moments = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)]
    table = pa.table({"client_id": [7, 7], "occurred_at": moments, "value": pa.array([5, 6])})
    pyarrow.parquet.write_table(table, path)
    orders = read_orders(path)
    assert (orders.ids, orders.day.tolist()) == (("7",), [DAY, DAY + 1])
    pyarrow.parquet.write_table(pa.table({"client_id": ["a"], "occurred_at": [20_260_301]}), path)
    with pytest.raises(BadInput, match="line 1, occurred_at"):
        read_orders(path)


def test_of_events_the_orders_count(tmp_path: Path) -> None:
    text = "client_id,type,occurred_at,value\na,order_placed,2026-03-01,3\nb,item_viewed,2026-03-01,\n"
    orders = read_orders(csv(tmp_path, text), EVENTS)
    assert orders.ids == ("a",)
