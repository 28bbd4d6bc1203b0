"""Saved segments, and how many clients each held on each day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, delete, func, select

from errors import NotFound
from models.segment_answers import SegmentCount, SegmentSlug
from models.segments import FILTER, Filter, dump_filter
from store.sql.bulk import insert_into
from store.sql.records import Record
from store.tables import segment_counts, segments


@dataclass(frozen=True, slots=True)
class SegmentRow(Record):
    """A saved segment; `filter` as JSON."""

    slug: SegmentSlug
    name: str
    owner: str
    filter: dict[str, object]
    created_at: datetime
    updated_at: datetime

    @property
    def tree(self) -> Filter:
        """The filter."""
        return FILTER.validate_python(self.filter)


_SEGMENT: Final = select(*SegmentRow.list_columns(segments))


def list_segments(connection: Connection) -> list[SegmentRow]:
    """List all saved segments, in the order of their slugs."""
    return [SegmentRow.from_row(row) for row in connection.execute(_SEGMENT.order_by(segments.c.slug))]


def find_segment(connection: Connection, slug: SegmentSlug) -> SegmentRow | None:
    """Find a saved segment, if there is one."""
    row = connection.execute(_SEGMENT.where(segments.c.slug == slug)).one_or_none()
    return None if row is None else SegmentRow.from_row(row)


def load_segment(connection: Connection, slug: SegmentSlug) -> SegmentRow:
    """Load a saved segment. Raises NotFound."""
    if (row := find_segment(connection, slug)) is None:
        raise NotFound(f"no segment {slug}", "segment")
    return row


def save_segment(connection: Connection, slug: SegmentSlug, name: str, tree: Filter, owner: str, now: datetime) -> None:
    """Save a segment, or change one. The counts of an old filter go with it."""
    values = {"name": name, "owner": owner, "filter": dump_filter(tree), "updated_at": now}
    before = find_segment(connection, slug)
    statement = insert_into(connection, segments).values(slug=slug, created_at=now, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["slug"], set_=values))
    if before is not None and before.tree != tree:
        connection.execute(delete(segment_counts).where(segment_counts.c.slug == slug))


def delete_segment(connection: Connection, slug: SegmentSlug) -> None:
    """Delete a segment and its counts. Raises NotFound."""
    load_segment(connection, slug)
    connection.execute(delete(segment_counts).where(segment_counts.c.slug == slug))
    connection.execute(delete(segments).where(segments.c.slug == slug))


def save_count(connection: Connection, slug: SegmentSlug, day: date, clients: int) -> None:
    """Save how many clients a segment held on a day; the last count of a day stays."""
    statement = insert_into(connection, segment_counts).values(slug=slug, day=day, clients=clients)
    changed = statement.on_conflict_do_update(index_elements=["slug", "day"], set_={"clients": clients})
    connection.execute(changed)


def list_counts(connection: Connection, slug: SegmentSlug, limit: int) -> list[SegmentCount]:
    """List the last counts of a segment, the earliest first."""
    rows = connection.execute(
        select(segment_counts.c.day, segment_counts.c.clients)
        .where(segment_counts.c.slug == slug)
        .order_by(segment_counts.c.day.desc())
        .limit(limit)
    ).all()
    return [SegmentCount(day=row.day, clients=row.clients) for row in reversed(rows)]


def load_last_counts(connection: Connection, slugs: Iterable[SegmentSlug]) -> dict[SegmentSlug, int]:
    """Load the latest count of each of these segments."""
    latest = (
        select(segment_counts.c.slug, func.max(segment_counts.c.day).label("day"))
        .where(segment_counts.c.slug.in_(list(slugs)))
        .group_by(segment_counts.c.slug)
        .subquery()
    )
    query = select(segment_counts.c.slug, segment_counts.c.clients).join(
        latest, (latest.c.slug == segment_counts.c.slug) & (latest.c.day == segment_counts.c.day)
    )
    return {row.slug: row.clients for row in connection.execute(query)}
