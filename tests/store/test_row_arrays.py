"""Many rows in one statement: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Integer, String, Text, insert, select, update

from errors import BadInput
from store.database import write_transaction
from store.sql.row_arrays import build_row, execute_rows, insert_rows
from store.sql.types import UtcTime
from store.tables import activity, returns
from tests.store.conftest import NOW

WHO = {"actor": "ann", "role": "owner", "channel": "page", "action": "take_return", "subject_kind": "mail"}


def build_activity(subject: str, **data: Any) -> dict[str, Any]:
    """One row of the log; its moments tell rows apart."""
    at = NOW + timedelta(seconds=len(subject), microseconds=7)
    return {**WHO, "at": at, "real_at": NOW, "subject_id": subject, "client_id": None, "data": data}


@pytest.mark.parametrize("count", [1, 3])
def test_rows_are_inserted_with_each_kind_of_value(engine: Engine, count: int) -> None:
    rows = [build_activity("m" * k, code='5.1.1 "é', hard=None, k=k) for k in range(1, count + 1)]
    with write_transaction(engine) as connection:
        insert_rows(connection, activity, rows)
        insert_rows(connection, activity, [])
        stored = [dict(row._mapping) for row in connection.execute(select(activity).order_by(activity.c.id))]
    assert [{key: row[key] for key in rows[0]} for row in stored] == rows


def test_an_update_moves_each_row_to_its_own_values_and_no_other(engine: Engine) -> None:
    kinds = {"one": Text(), "word": String(16), "moment": UtcTime(), "mail": Integer()}
    rows = [{"one": f"r{k}", "word": f"w{k}", "moment": NOW + timedelta(hours=k), "mail": k} for k in range(3)]
    with write_transaction(engine) as connection:
        old = [{"id": f"r{k}", "at": NOW, "way": "file", "kind": "failed", "code": ""} for k in range(4)]
        connection.execute(insert(returns), old)
        given = build_row(connection.dialect.name, kinds)
        statement = update(returns).where(returns.c.id == given["one"])
        statement = statement.values(code=given["word"], at=given["moment"], n=given["mail"])
        execute_rows(connection, statement, rows)
        execute_rows(connection, statement, [])
        query = select(returns.c.id, returns.c.code, returns.c.at, returns.c.n).order_by(returns.c.id)
        stored = [tuple(row) for row in connection.execute(query)]
    assert stored == [*(tuple(row.values()) for row in rows), ("r3", "", NOW, None)]


def test_what_is_too_long_is_refused_and_not_cut(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        return  # it holds to no length
    with pytest.raises(BadInput), write_transaction(engine) as connection:
        insert_rows(connection, activity, [build_activity("m"), build_activity("m" * 81)])
