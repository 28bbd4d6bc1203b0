"""Lists of clients for the pages: who there are by phase, and the search."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from models.base import ClientId
from models.client_lists import ListOrder
from models.segments import Filter
from models.states import Band, Phase
from store.clients.sorting import list_sorted
from store.segments.compilation import compile_filter
from store.sql.bulk import among
from store.sql.records import Record
from store.tables import clients, engagement, standings
from store.tables.clients import WORDS

FEW: Final = 50
"""Up to so many who begin with what is searched, those with a word that does are shown beside them."""
NEW: Final = "new"
"""In place of a phase: clients who were not assessed yet."""


def count_clients_by_phase(connection: Connection) -> dict[str, int]:
    """Count the clients in each phase; `new` are those not assessed yet."""
    rows = connection.execute(select(standings.c.phase, func.count()).group_by(standings.c.phase))
    counts = {phase: count for phase, count in rows}  # noqa: C416 - dict() of rows loses the types
    everyone = connection.scalar(select(func.count()).select_from(clients)) or 0
    new = everyone - sum(count for phase, count in counts.items() if phase != Phase.ERASED)
    return ({NEW: new} if new > 0 else {}) | counts


@dataclass(frozen=True, slots=True)
class ClientSummary(Record):
    """One client as lists show them. None: not assessed yet, or nothing ordered."""

    client_id: ClientId
    first_name: str
    email: str
    consent: bool
    signed_up_at: datetime
    phase: Phase | None
    score: float | None
    band: Band | None
    next_touch_at: datetime | None
    why_not: str | None
    orders: int | None
    orders_value_cents: int | None
    last_order_at: datetime | None


_SUMMARY: Final = (
    select(*ClientSummary.list_columns(clients, standings, engagement))
    .select_from(clients)
    .outerjoin(standings, standings.c.client_id == clients.c.client_id)
    .outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
)


@dataclass(frozen=True)
class ClientPage:
    """One page of a list of clients; `after` leads to the next page, if there is one.

    `fitting`: how many are on all pages, of more than were to be counted one more than that; None: not counted.
    `is_sorted`: in the order that was asked for, not that of ids.
    """

    rows: Sequence[ClientSummary]
    after: ClientId | None
    fitting: int | None = None
    is_sorted: bool = False


def find_clients(
    connection: Connection,
    text: str = "",
    phase: str = "",
    after: ClientId = "",
    limit: int = 50,
    *,
    by_id_alone: bool = False,
    within: tuple[Filter, datetime] | None = None,
    most: int = 0,
    known: int = 0,
    order: tuple[ListOrder, datetime] | None = None,
) -> ClientPage:
    """Find clients whose id, name or address begins with `text`, in the order of ids, starting behind `after`. Where
    few in the shop do, those come too in whose name and address, before the @, a word begins with each word of `text`.

    Args: `within`: a filter that holds them at a moment.
    `most`: how many are counted; 0: they are not.
    `known`: how many there were when they were counted last; of more than `most` nobody is counted again.
    `order`: another order than that of ids, at a moment, for no more than `most`.
    `by_id_alone`: for somebody to whom names and addresses are not shown, and who could guess them by searching.
    """
    # Ids first, then what is shown of them: joined at once, whoever comes before the page would be read as well.
    query, place = _select_ids(connection, text, phase, by_id_alone, within)
    ids, fitting = list[ClientId](), most + 1 if known > most > 0 else None
    _plan_for_few(connection, alone=bool(phase))
    if order is not None and fitting is None:
        ids, fitting = list_sorted(connection, query, most, *order, after, limit + 1)
    is_sorted = fitting is not None and fitting <= most
    if not is_sorted:
        paged = query.where(place > after) if after else query
        ids = list(connection.scalars(paged.order_by(place).limit(limit + 1)))
        if fitting is None and most:
            is_whole = not after and len(ids) <= limit
            fitting = len(ids) if is_whole else _count_up_to(connection, query, most + 1)
    rows = {row.client_id: row for row in list_summaries(connection, ids[:limit])}
    shown = [rows[client_id] for client_id in ids[:limit] if client_id in rows]
    return ClientPage(shown, ids[limit - 1] if len(ids) > limit else None, fitting, is_sorted)


def _count_up_to(connection: Connection, query: Select[ClientId], most: int) -> int:
    return connection.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0


def _select_ids(
    connection: Connection, text: str, phase: str, by_id_alone: bool, within: tuple[Filter, datetime] | None
) -> tuple[Select[ClientId], ColumnElement[str]]:
    """Select the ids of those whom a search asks for, and return what they are to be ordered by: a column of the table
    by whose index they are read."""
    place = standings.c.client_id if phase and phase != NEW else clients.c.client_id
    query = select(place)
    if phase == NEW:
        # A statement within: to join the few, PostgreSQL would read all standings.
        standing = select(standings.c.phase).where(standings.c.client_id == clients.c.client_id)
        query = query.where(clients.c.unassessed, standing.scalar_subquery().is_(None))
    elif phase:
        query = query.where(standings.c.phase == phase)
        if text or within or phase == Phase.ERASED:  # a standing outlives its client while all else is erased
            query = query.join(clients, clients.c.client_id == standings.c.client_id)
    if within is not None:
        query = query.where(compile_filter(*within, connection.dialect.name, by_set=False))
    if not text:
        return query, place
    _plan_for_values(connection, within_phase=bool(phase))
    searched = (clients.c.client_id, *(() if by_id_alone else (clients.c.email, clients.c.first_name)))
    begins = or_(*(_begins(column, text, connection.dialect.name) for column in searched))
    words = re.findall(r"[^\W_]+", text.lower())
    if by_id_alone or not words or _count_up_to(connection, select(clients.c.client_id).where(begins), FEW + 1) > FEW:
        return query.where(begins), place
    # Ordered by an expression, so that PostgreSQL finds the few by their indexes and reads no table in order.
    return query.where(begins | _match_words(words, connection.dialect.name)), place.concat("")


def _plan_for_values(connection: Connection, *, within_phase: bool) -> None:
    """Have PostgreSQL plan the statements of this transaction for the values that they are given. After ten searches on
    a connection it would keep one plan for any text, ten times slower for a frequent one within a phase. There it does
    not read the table until enough have come who fit: it expects them evenly in it, where they stand by their age."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
        if within_phase:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")


def _plan_for_few(connection: Connection, *, alone: bool) -> None:
    """Have PostgreSQL plan the statements of this transaction without compiling them, and `alone` for one process. For
    several it reads the table of those in a phase, in place of its index, and to begin them takes longer than they
    save."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL jit = off")
        if alone:
            connection.exec_driver_sql("SET LOCAL max_parallel_workers_per_gather = 0")


def _begins(column: Column[str], text: str, dialect: str) -> ColumnElement[bool]:
    """Match what begins with a text, as PostgreSQL's indexes for searching read it; capitals are alike, to SQLite's
    LIKE by itself."""
    escaped = re.sub(r"([/%_])", r"/\1", text)
    if dialect == "sqlite":
        return column.like(f"{escaped}%", escape="/")
    return func.lower(column).like(func.lower(f"{escaped}%"), escape="/")


_SQLITE_WORDS: Final = (
    "' ' || replace(replace(replace(replace(replace(replace("
    "first_name || ' ' || substr(email, 1, instr(email, '@') - 1),"
    " '.', ' '), '_', ' '), '+', ' '), '-', ' '), char(39), ' '), '/', ' ')"
)


def _match_words(words: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Match whose name or address has, for each of these words, one that begins with it."""
    if dialect == "postgresql":
        asked = func.to_tsquery("simple", " & ".join(f"'{word}':*" for word in words))
        return literal_column(WORDS).op("@@", return_type=Boolean())(asked)
    # Most rows go at the first look; SQLite's LIKE takes no notice of capitals.
    spoken, first = literal_column(f"({_SQLITE_WORDS})", Text), words[0]
    anywhere = clients.c.first_name.like(f"%{first}%") | clients.c.email.like(f"%{first}%")
    return and_(anywhere, *(spoken.like(f"% {word}%") for word in words))


def list_summaries(connection: Connection, client_ids: Collection[ClientId]) -> list[ClientSummary]:
    """List these clients, in the order of ids; those that there are not are left out."""
    query = _SUMMARY.where(among(connection, clients.c.client_id, client_ids)).order_by(clients.c.client_id)
    return [ClientSummary.from_row(row) for row in connection.execute(query)]


def count_addresses_elsewhere(connection: Connection, domains: Sequence[str]) -> int:
    """Count the clients whose address is in none of these domains, nor below them."""
    within = [clients.c.email.iendswith(f"{mark}{domain}") for domain in domains for mark in ("@", ".")]
    return int(connection.scalar(select(func.count()).select_from(clients).where(not_(or_(*within)))) or 0)
