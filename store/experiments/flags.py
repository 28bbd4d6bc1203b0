"""Flags: what they say and who has which buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, case, insert, select, update

from domain.experiments import Places
from domain.flags import RunningFlag
from domain.states import FLAG
from errors import NotFound
from models.flags import FlagOrder, FlagSlug, FlagState
from store.revisions import raise_number
from store.sql.records import Record
from store.tables import flags

FLAGS: Final = "flags"
"""The revision that each change of a flag raises, for whoever holds them in memory."""


@dataclass(frozen=True, slots=True)
class FlagRow(Record):
    """One flag."""

    slug: FlagSlug
    state: FlagState
    definition: FlagOrder
    space: Any
    parts: Any
    created_by: str
    created_at: datetime
    started_at: datetime | None
    since: datetime | None
    stopped_at: datetime | None

    def build_running(self) -> RunningFlag:
        """Build what decides who is in it."""
        return RunningFlag(self.slug, self.definition, _read_ranges(self.space), self.places)

    @property
    def places(self) -> Places:
        """The buckets of each arm."""
        return {arm: _read_ranges(ranges) for arm, ranges in self.parts.items()}


def _read_ranges(ranges: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((low, high) for low, high in ranges)


_f: Final = flags.c
_FLAG: Final = select(*FlagRow.list_columns(flags))


def list_flags(connection: Connection) -> list[FlagRow]:
    """List all flags: running ones first, then the newest."""
    running_first = case((_f.state == FlagState.RUNNING, 0), else_=1)
    rows = connection.execute(_FLAG.order_by(running_first, _f.created_at.desc(), _f.slug))
    return [FlagRow.from_row(row) for row in rows]


def lock_flags(connection: Connection) -> None:
    """Let nobody else change a flag until the transaction ends, since flags share the buckets of a namespace. Call it
    first in each change; it tells whoever holds flags in memory."""
    raise_number(connection, FLAGS)


def list_running(connection: Connection) -> list[FlagRow]:
    """List the flags that run, by slug."""
    rows = connection.execute(_FLAG.where(_f.state == FlagState.RUNNING).order_by(_f.slug))
    return [FlagRow.from_row(row) for row in rows]


def find_flag(connection: Connection, slug: FlagSlug) -> FlagRow | None:
    """Find a flag, if there is one."""
    row = connection.execute(_FLAG.where(_f.slug == slug)).one_or_none()
    return None if row is None else FlagRow.from_row(row)


def load_flag(connection: Connection, slug: FlagSlug) -> FlagRow:
    """Load a flag. Raises NotFound."""
    if (row := find_flag(connection, slug)) is None:
        raise NotFound(f"no flag {slug}", "flag")
    return row


def insert_flag(connection: Connection, slug: FlagSlug, order: FlagOrder, by: str, now: datetime) -> None:
    """Add a flag as a draft."""
    row = {"slug": slug, "state": FlagState.DRAFT, "definition": order.model_dump(mode="json")}
    connection.execute(insert(flags), row | {"space": [], "parts": {}, "created_by": by, "created_at": now})


def change_flag(connection: Connection, slug: FlagSlug, order: FlagOrder, **values: Any) -> None:
    """Change what a flag says, and `values` beside it."""
    statement = update(flags).where(_f.slug == slug)
    connection.execute(statement.values(definition=order.model_dump(mode="json"), **values))


def move_flag(connection: Connection, slug: FlagSlug, to: FlagState, values: Mapping[str, Any]) -> bool:
    """Move a flag to `to` if its state allows that, with `values` beside it; return whether it moved."""
    statement = update(flags).where(_f.slug == slug, _f.state.in_(FLAG.list_sources(to)))
    return connection.execute(statement.values(state=to, **values)).rowcount == 1
