"""Find changes in the Activity log, and write them as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Engine

from models.activity_queries import ActivityPage, ActivityQuery
from models.actors import Activity
from services.csv_lines import format_line
from store.activity import find_activities
from store.database import read_transaction

COLUMNS: Final = (
    *("id", "at", "real_at", "who", "role", "channel", "action", "kind", "subject_id", "client_id"),
    *("before", "after", "data"),
)
MOST_ROWS: Final = 100_000
_PAGE: Final = 1_000


def find_changes(engine: Engine, query: ActivityQuery) -> ActivityPage:
    """Find the changes that a query asks for, one page of them."""
    with read_transaction(engine) as connection:
        found = find_activities(connection, query)
    shown = tuple(found[: query.limit])
    return ActivityPage(changes=shown, before=shown[-1].id if len(found) > query.limit else None)


def write_csv(engine: Engine, query: ActivityQuery) -> Iterator[str]:
    """Yield the changes that a query asks for as CSV, a page at a time, at most MOST_ROWS of them."""
    yield _write_rows([COLUMNS])
    before, written = query.before, 0
    while written < MOST_ROWS:
        page = find_changes(engine, query.model_copy(update={"before": before, "limit": _PAGE}))
        written += len(page.changes)
        yield _write_rows([_list_cells(change) for change in page.changes])
        if page.before is None:
            return
        before = page.before
    yield _write_rows([(f"Only the latest {MOST_ROWS:,} changes are listed: choose fewer days.",)])


def split_change(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Split what a change says of itself into fields before, the same fields after, and the rest.

    `changed` of the log holds for each field what it was and what it is; of an import it is how many rows changed.
    """
    if not isinstance(changed := data.get("changed", {}), dict):
        return {}, {}, data
    rest = {name: value for name, value in data.items() if name != "changed"}
    return {name: pair[0] for name, pair in changed.items()}, {name: pair[1] for name, pair in changed.items()}, rest


def _list_cells(change: Activity) -> tuple[str, ...]:
    before, after, rest = split_change(change.data)
    by, of = change.actor, change.subject
    times = (str(change.id), change.at.isoformat(), change.real_at.isoformat())
    return (
        *times,
        *(by.who, by.role, by.channel, change.action, of.kind, of.id, of.client_id or ""),
        *(json.dumps(part, ensure_ascii=False) if part else "" for part in (before, after, rest)),
    )


def _write_rows(rows: list[tuple[str, ...]]) -> str:
    return "".join(format_line(row) for row in rows)
