"""What came of anonymous visits in each arm of a flag: sums alone, once their rows are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select, text, tuple_

from models.flags import FlagSlug
from store.experiments.assignments import KEYS
from store.experiments.flags import list_running
from store.sql.bulk import insert_into
from store.sql.records import Record
from store.tables import assignments, exposures, visit_tallies
from store.tables.experiments import OF_VISITS
from store.visits.visits import VisitRow, load_visits

MOST: Final = 5_000
"""Rows that one call adds up."""


@dataclass(frozen=True, slots=True)
class VisitTally(Record):
    """Sums over the visits of one arm. `minutes`: from the first event after the arm was shown to the last one."""

    flag: FlagSlug
    arm: str
    visits: int
    clicked: int
    minutes: float
    minutes_squared: float


class _Shown(NamedTuple):
    """A visit that was shown an arm."""

    visit: str
    flag: FlagSlug
    arm: str
    at: datetime


_t: Final = visit_tallies.c
_a: Final = assignments.c
_x: Final = exposures.c


def load_tallies(connection: Connection, flag: FlagSlug) -> list[VisitTally]:
    """Load the sums of a flag's arms, over visits that are gone."""
    query = select(*VisitTally.list_columns(visit_tallies)).where(_t.flag == flag)
    return [VisitTally.from_row(row) for row in connection.execute(query.order_by(_t.arm))]


def delete_tallies(connection: Connection, flag: FlagSlug) -> None:
    """Delete the sums of a flag whose figures count anew."""
    connection.execute(delete(visit_tallies).where(_t.flag == flag))


def add_old(connection: Connection, before: datetime) -> int:
    """Add up what came of visits that were shown an arm before a moment, and delete their rows; return how many. Call
    it before their events are deleted. Only visits since the flag's figures count are added."""
    old = select(*(_x[name] for name in KEYS)).where(text(OF_VISITS), _x.at <= before).limit(MOST)
    gone = delete(exposures).where(tuple_(*(_x[name] for name in KEYS)).in_(old))
    seen: dict[tuple[str, str, str], datetime] = {}
    for who, kind, flag, at in connection.execute(gone.returning(_x.subject, _x.kind, _x.experiment, _x.at)):
        seen[who, kind, flag] = min(at, seen.get((who, kind, flag), at))
    own = tuple_(*(_a[name] for name in KEYS))
    left = delete(assignments).where(own.in_(list(seen))).returning(_a.subject, _a.kind, _a.experiment, _a.arm)
    rows = [_Shown(who, flag, arm, seen[who, kind, flag]) for who, kind, flag, arm in connection.execute(left)]
    since = {flag.slug: flag.since for flag in list_running(connection)}
    counted = [row for row in rows if (begun := since.get(row.flag)) is not None and row.at >= begun]
    if counted:
        first = min(row.at for row in counted)
        _add(connection, counted, load_visits(connection, {row.visit for row in counted}, first))
    return len(rows)


def _add(connection: Connection, rows: Iterable[_Shown], events: dict[str, list[VisitRow]]) -> None:
    sums: dict[tuple[FlagSlug, str], list[float]] = {}
    for row in rows:
        clicked, minutes = measure_visit(events.get(row.visit, ()), row.at)
        total = sums.setdefault((row.flag, row.arm), [0.0] * 4)
        for index, more in enumerate((1, clicked, minutes, minutes**2)):
            total[index] += more
    insert, names = insert_into(connection, visit_tallies), ("visits", "clicked", "minutes", "minutes_squared")
    statement = insert.on_conflict_do_update(
        index_elements=["flag", "arm"], set_={name: _t[name] + insert.excluded[name] for name in names}
    )
    values = [
        {"flag": flag, "arm": arm, **dict(zip(names, (int(total[0]), int(total[1]), *total[2:]), strict=True))}
        for (flag, arm), total in sorted(sums.items())
    ]
    connection.execute(statement, values)


def measure_visit(events: Sequence[VisitRow], shown_at: datetime) -> tuple[int, float]:
    """Measure a visit from the moment an arm was shown: whether something was clicked, 0 or 1, and its minutes up to
    the last event."""
    after = [event for event in events if event.at >= shown_at]
    clicked = int(any(event.type == "item_clicked" for event in after))
    last = max((event.at for event in after), default=shown_at)
    return clicked, (last - shown_at).total_seconds() / 60
