"""What clients did who were shown an arm, as rows in the order of their moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, text

from domain.flag_outcomes import BEFORE, ShopEvent, ShownArm
from store.experiments.assignments import ExperimentKind
from store.tables import assignments, decisions, events
from store.tables.experiments import OF_CLIENTS, OF_VISITS

TYPES: Final = ("item_viewed", "item_clicked", "added_to_cart", "wishlisted", "searched", "order_placed")
ROWS: Final = 1_000

_a: Final = assignments.c


def _of(flag: str, since: datetime) -> ColumnElement[bool]:
    return (_a.kind == ExperimentKind.FLAG) & (_a.experiment == flag) & (_a.exposed_at >= since)


def list_shown(connection: Connection, flag: str, since: datetime) -> list[ShownArm]:
    """List the clients who were first shown an arm of a flag from `since` on."""
    query = select(_a.subject, _a.arm, _a.exposed_at).where(_of(flag, since), text(OF_CLIENTS))
    return [ShownArm(*row) for row in connection.execute(query.order_by(_a.subject))]


def count_visits(connection: Connection, flag: str, since: datetime) -> dict[str, int]:
    """Count the anonymous visits by arm that were shown one and are not added up yet."""
    query = select(_a.arm, func.count().label("visits")).where(_of(flag, since), text(OF_VISITS)).group_by(_a.arm)
    return {row.arm: row.visits for row in connection.execute(query)}


def iterate_events(connection: Connection, flag: str, since: datetime, until: datetime) -> Iterator[ShopEvent]:
    """Iterate over what these clients did, by client and moment, and then over the pages that they were answered."""
    e, d = events.c, decisions.c
    done = select(e.client_id, e.type, e.occurred_at, func.coalesce(e.value_cents, 0))
    done = done.join(assignments, _a.subject == e.client_id).where(_of(flag, since), e.type.in_(TYPES))
    done = done.where(e.occurred_at.between(since - BEFORE, until)).order_by(e.client_id, e.occurred_at)
    pages = select(d.client_id, literal("page"), d.at, literal(0))
    pages = pages.join(assignments, _a.subject == d.client_id).where(_of(flag, since), d.at.between(since, until))
    pages = pages.where(d.slot == "ranking", d.role == "live", d.n.is_(None), d.fix_id.is_(None))
    yield from _iterate(connection, done)
    yield from _iterate(connection, pages)


def _iterate(connection: Connection, query: Select[tuple[str, str, datetime, int]]) -> Iterator[ShopEvent]:
    rows = connection.execute(query, execution_options={"yield_per": ROWS})
    yield from map(ShopEvent._make, rows)
