"""What clients did who were shown an arm, as rows in the order of their moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, Select, and_, func, literal, or_, select

from domain.flag_outcomes import BEFORE, ShopEvent, ShownArm
from store.experiments.assignments import IN_SAME_TEST, ExperimentKind
from store.tables import assignments, decisions, events, exposures

TYPES: Final = ("item_viewed", "item_clicked", "added_to_cart", "wishlisted", "searched", "order_placed")
MAIL_CLICK: Final = "email_clicked"
ROWS: Final = 1_000
VISITS: Final = "visit.%"
"""What keys of visits are like."""

_a: Final = assignments.c
_x: Final = exposures.c


class Experiment(NamedTuple):
    """What divides clients into arms, and since when its figures count."""

    kind: ExperimentKind
    name: str
    since: datetime


def _select_shown(experiment: Experiment, *, visits: bool) -> Select[tuple[str, str, datetime]]:
    """Select who was first shown an arm since the figures count, with the arm in which they are."""
    query = select(_a.subject, _a.arm, func.min(_x.at).label("at"))
    query = query.join(exposures, IN_SAME_TEST)
    query = query.where(_a.kind == experiment.kind, _a.experiment == experiment.name)
    query = query.where(_a.subject.like(VISITS) if visits else _a.subject.not_like(VISITS))
    return query.group_by(_a.subject, _a.arm).having(func.min(_x.at) >= experiment.since)


def list_shown(connection: Connection, experiment: Experiment) -> list[ShownArm]:
    """List the clients who were first shown an arm since the figures count."""
    query = _select_shown(experiment, visits=False).order_by(_a.subject)
    return [ShownArm(row.subject, row.arm, row.at) for row in connection.execute(query)]


def count_visits(connection: Connection, experiment: Experiment) -> dict[str, int]:
    """Count the anonymous visits by arm that were shown one and are not added up yet."""
    shown = _select_shown(experiment, visits=True).subquery()
    query = select(shown.c.arm, func.count().label("visits")).group_by(shown.c.arm)
    return {row.arm: row.visits for row in connection.execute(query)}


def iterate_events(connection: Connection, experiment: Experiment, until: datetime) -> Iterator[ShopEvent]:
    """Iterate over what these clients did, by client and moment, and then over the pages that they were answered."""
    e, d = events.c, decisions.c
    shown = _select_shown(experiment, visits=False).subquery()
    done = select(e.client_id, e.type, e.occurred_at, func.coalesce(e.value_cents, 0))
    by_person = and_(e.type == MAIL_CLICK, e.data["machine"].as_boolean().is_not(True))
    done = done.join(shown, shown.c.subject == e.client_id).where(or_(e.type.in_(TYPES), by_person))
    done = done.where(e.occurred_at.between(experiment.since - BEFORE, until)).order_by(e.client_id, e.occurred_at)
    pages = select(d.client_id, literal("page"), d.at, literal(0))
    pages = pages.join(shown, shown.c.subject == d.client_id).where(d.at.between(experiment.since, until))
    pages = pages.where(d.slot == "ranking", d.role == "live", d.n.is_(None), d.fix_id.is_(None))
    yield from _iterate(connection, done)
    yield from _iterate(connection, pages)


def _iterate(connection: Connection, query: Select[tuple[str, str, datetime, int]]) -> Iterator[ShopEvent]:
    rows = connection.execute(query, execution_options={"yield_per": ROWS})
    yield from map(ShopEvent._make, rows)
