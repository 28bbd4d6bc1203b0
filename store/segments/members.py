"""The clients whom a filter holds: counted, drawn, listed page by page, and how the database finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Executable, Select, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from models.base import ClientId
from models.segments import Filter
from models.states import Phase
from store.segments.compilation import compile_filter
from store.sql.records import Record
from store.tables import clients, engagement, standings

SETTINGS: Final = ("SET LOCAL work_mem = '256MB'", "SET LOCAL jit = off")
"""On PostgreSQL: a set of ids that does not fit would be looked up once for each client, and compiling the statement
takes longer than it saves."""
PAGE: Final = 5_000


def count_members(connection: Connection, tree: Filter, now: datetime) -> int:
    """Count the clients of a filter."""
    _prepare_session(connection)
    return int(connection.scalar(_count_query(connection, tree, now)) or 0)


def _count_query(connection: Connection, tree: Filter, now: datetime) -> Select[int]:
    return select(func.count()).select_from(clients).where(compile_filter(tree, now, connection.dialect.name))


def _prepare_session(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for setting in SETTINGS:
            connection.exec_driver_sql(setting)


def count_clients(connection: Connection) -> int:
    """Count all clients."""
    return int(connection.scalar(select(func.count()).select_from(clients)) or 0)


@dataclass(frozen=True, slots=True)
class MemberRow(Record):
    """A client of a segment, without name and address."""

    client_id: ClientId
    phase: Phase | None
    score: float | None
    orders: int | None
    orders_value_cents: int | None
    last_order_at: datetime | None
    tags: tuple[str, ...]


_MEMBER: Final = (
    select(*MemberRow.list_columns(clients, standings, engagement))
    .select_from(clients)
    .outerjoin(standings, standings.c.client_id == clients.c.client_id)
    .outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
)


def draw_members(connection: Connection, tree: Filter, now: datetime, limit: int) -> list[MemberRow]:
    """Draw clients of a filter at random, in the order of their ids."""
    _prepare_session(connection)
    holds = compile_filter(tree, now, connection.dialect.name)
    drawn = select(clients.c.client_id).where(holds).order_by(func.random()).limit(limit)
    chosen = list(connection.scalars(drawn))
    rows = connection.execute(_MEMBER.where(clients.c.client_id.in_(chosen)).order_by(clients.c.client_id))
    return [MemberRow.from_row(row) for row in rows]


def iterate_members(connection: Connection, tree: Filter, now: datetime) -> Iterator[list[MemberRow]]:
    """Iterate over all clients of a filter in the order of their ids, some at a time."""
    holds, after = compile_filter(tree, now, connection.dialect.name, by_set=False), ""
    while True:
        query = _MEMBER.where(clients.c.client_id > after, holds).order_by(clients.c.client_id).limit(PAGE)
        if not (rows := [MemberRow.from_row(row) for row in connection.execute(query)]):
            return
        yield rows
        after = rows[-1].client_id


def is_client_member(connection: Connection, tree: Filter, client_id: ClientId, now: datetime) -> bool:
    """Return whether a filter holds this client now."""
    holds = compile_filter(tree, now, connection.dialect.name, by_set=False)
    found = connection.scalar(select(clients.c.client_id).where(clients.c.client_id == client_id, holds))
    return found is not None


class Explanation(Executable, ClauseElement):
    """The plan of a statement, asked of the database."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(Explanation, "postgresql")
def _explain_postgresql(element: Explanation, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


@compiles(Explanation, "sqlite")
def _explain_sqlite(element: Explanation, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(element.statement, **options)}"


def explain_count(connection: Connection, tree: Filter, now: datetime) -> list[str]:
    """Explain how the database would count the clients of a filter, without counting them."""
    _prepare_session(connection)
    rows = connection.execute(Explanation(_count_query(connection, tree, now))).all()
    return [str(row[-1]) for row in rows]
