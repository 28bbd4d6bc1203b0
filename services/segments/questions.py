"""Answer questions about a segment or a filter: how many, who for example, and how the database finds them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from models.segment_answers import SegmentMember, SegmentPlan, SegmentQuestion, SegmentSample, SegmentSize
from services.segments.filters import describe_filter, find_filter
from store.database import read_transaction
from store.segments import members
from store.segments.members import MemberRow


def count_segment(engine: Engine, question: SegmentQuestion, now: datetime) -> SegmentSize:
    """Count the clients of a segment or filter as they are now. Raises BadInput, NotFound."""
    with read_transaction(engine) as connection:
        tree = find_filter(connection, question)
        clients, everyone = members.count_members(connection, tree, now), members.count_clients(connection)
        return SegmentSize(clients=clients, everyone=everyone, **describe_filter(tree))


def sample_segment(engine: Engine, question: SegmentQuestion, now: datetime) -> SegmentSample:
    """Draw some clients of a segment or filter. Raises BadInput, NotFound."""
    with read_transaction(engine) as connection:
        tree = find_filter(connection, question)
        drawn = members.draw_members(connection, tree, now, question.limit)
        return SegmentSample(members=tuple(map(_build_member, drawn)), **describe_filter(tree))


def explain_segment(engine: Engine, question: SegmentQuestion, now: datetime) -> SegmentPlan:
    """Explain how the database would count a segment or filter. Raises BadInput, NotFound."""
    with read_transaction(engine) as connection:
        tree = find_filter(connection, question)
        plan = tuple(members.explain_count(connection, tree, now))
        return SegmentPlan(database=connection.dialect.name, plan=plan, **describe_filter(tree))


def iterate_segment(engine: Engine, question: SegmentQuestion, now: datetime) -> Iterator[list[SegmentMember]]:
    """Iterate over all clients of a segment or filter, some at a time, in one consistent picture."""
    with read_transaction(engine) as connection:
        for page in members.iterate_members(connection, find_filter(connection, question), now):
            yield [_build_member(row) for row in page]


def _build_member(row: MemberRow) -> SegmentMember:
    return SegmentMember(
        client_id=row.client_id,
        phase=row.phase,
        score=row.score,
        orders=row.orders or 0,
        value=(row.orders_value_cents or 0) / 100,
        last_order_at=row.last_order_at,
        tags=tuple(row.tags),
    )
