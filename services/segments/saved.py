"""Save and delete segments, and list them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from domain.segments.grammar import KEYWORDS
from domain.segments.vocabulary import list_names
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import ID_PATTERN
from models.segment_answers import Segment, SegmentList, SegmentOrder, SegmentSlug
from services.segments.daily_counts import record_count
from services.segments.filters import describe_filter, read_filter
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.segments import segments
from store.segments.segments import SegmentRow

DAYS_SHOWN: Final = 90
"""Daily counts that a segment is shown with."""


def save_segment(
    engine: Engine, actor: Actor, slug: SegmentSlug, order: SegmentOrder, now: datetime, real_now: datetime
) -> Segment:
    """Save a segment under its slug, or change the one that is there, and count it. Saving it twice changes nothing.

    Raises: NotAllowed; BadInput pointing at what is wrong with the filter.
    """
    permissions.require(actor, Action.SAVE_SEGMENT)
    _require_slug(slug)
    with write_transaction(engine) as connection:
        tree = read_filter(connection, order.filter)
        before, name = segments.find_segment(connection, slug), order.name or slug
        if before is None or (before.name, before.tree) != (name, tree):
            segments.save_segment(connection, slug, name, tree, actor.who, now)
            subject = Subject(kind=SubjectKind.SEGMENT, id=slug)
            write_activity(connection, actor, Action.SAVE_SEGMENT, subject, now, real_now, {"new": before is None})
    record_count(engine, slug, now)
    return show_segment(engine, slug)


def _require_slug(slug: SegmentSlug) -> None:
    """Require an id that is no field of filters, for which commands would take it."""
    if not re.fullmatch(ID_PATTERN, slug):
        raise BadInput("must be 1 to 64 letters, digits, dots, underscores or hyphens", "slug")
    if slug.lower() in {*list_names(), *KEYWORDS}:
        raise BadInput(f"{slug} is a word of filters; choose another slug", "slug")


def delete_segment(engine: Engine, actor: Actor, slug: SegmentSlug, now: datetime, real_now: datetime) -> None:
    """Delete a segment and its counts; campaigns that began with it keep their filter. Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.DELETE_SEGMENT)
    with write_transaction(engine) as connection:
        segments.delete_segment(connection, slug)
        subject = Subject(kind=SubjectKind.SEGMENT, id=slug)
        write_activity(connection, actor, Action.DELETE_SEGMENT, subject, now, real_now)


def list_segments(engine: Engine) -> SegmentList:
    """List all saved segments with their latest counts."""
    with read_transaction(engine) as connection:
        rows = segments.list_segments(connection)
        counts = segments.load_last_counts(connection, [row.slug for row in rows])
        return SegmentList(segments=tuple(_build_segment(row, counts.get(row.slug)) for row in rows))


def show_segment(engine: Engine, slug: SegmentSlug) -> Segment:
    """Show a segment with its counts of the last days. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = segments.load_segment(connection, slug)
        counts = tuple(segments.list_counts(connection, slug, DAYS_SHOWN))
        segment = _build_segment(row, counts[-1].clients if counts else None)
        return segment.model_copy(update={"counts": counts})


def _build_segment(row: SegmentRow, clients: int | None) -> Segment:
    return Segment(
        slug=row.slug,
        name=row.name,
        owner=row.owner,
        created_at=row.created_at,
        updated_at=row.updated_at,
        clients=clients,
        **describe_filter(row.tree),
    )
