"""Count saved segments, once a day and whenever one is saved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from models.segment_answers import SegmentSlug
from store.database import read_transaction, write_transaction
from store.segments import segments
from store.segments.members import count_members


def record_count(engine: Engine, slug: SegmentSlug, now: datetime) -> None:
    """Count a segment and save the count of the day. Readers do not wait: the row is written when it is counted."""
    with read_transaction(engine) as connection:
        row = segments.find_segment(connection, slug)
        clients = None if row is None else count_members(connection, row.tree, now)
    if clients is not None:
        with write_transaction(engine) as connection:
            _save_count(connection, slug, now, clients)


def _save_count(connection: Connection, slug: SegmentSlug, now: datetime, clients: int) -> None:
    if segments.find_segment(connection, slug) is not None:  # it may have been deleted while it was counted
        segments.save_count(connection, slug, now.date(), clients)


def record_counts(engine: Engine, now: datetime) -> int:
    """Count every saved segment, once a day, and return how many there are."""
    with read_transaction(engine) as connection:
        slugs = [row.slug for row in segments.list_segments(connection)]
    for slug in slugs:
        record_count(engine, slug, now)
    return len(slugs)
