"""Lists of Fixes for the stylist's pages, and one Fix with its box, its steps and possible swaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from models.base import ClientId, ItemId
from models.catalogue import Item
from models.fixes import FixId, FixItem, FixState, FixWish
from store.catalogue import catalogue
from store.fixes import reservations
from store.fixes.fixes import list_steps
from store.fixes.reservations import IN_BOX
from store.fixes.rows import BoxRow, FixRow, FixStepRow, parse_candidates, parse_left_out_counts, parse_wish
from store.sql.records import Record
from store.tables import clients, fix_items, fixes


def count_by_state(connection: Connection) -> dict[str, int]:
    """Count the Fixes in each state."""
    rows = connection.execute(select(fixes.c.state, func.count()).group_by(fixes.c.state))
    return {state: count for state, count in rows}  # noqa: C416 - dict() of rows loses the types


@dataclass(frozen=True, slots=True)
class FixSummary(Record):
    """One Fix as lists show it. `units`, `price_cents`: of its box, None before there is one."""

    fix_id: FixId
    client_id: ClientId
    state: FixState
    code: str
    wave: bool
    decide_by: datetime | None
    updated_at: datetime
    first_name: str | None
    units: int | None
    price_cents: int | None


def list_summaries(connection: Connection, state: str = "", limit: int = 100, client_id: str = "") -> list[FixSummary]:
    """List Fixes in `state`, of `client_id` (empty: any): proposed ones by their deadline, others the last changed
    first."""
    box = (
        select(
            fix_items.c.fix_id,
            func.count().label("units"),
            func.sum(fix_items.c.price_cents).label("price_cents"),
        )
        .where(fix_items.c.state.in_(IN_BOX))
        .group_by(fix_items.c.fix_id)
        .subquery()
    )
    query = (
        select(*FixSummary.list_columns(fixes, clients), box.c.units, box.c.price_cents)
        .outerjoin(clients, clients.c.client_id == fixes.c.client_id)
        .outerjoin(box, box.c.fix_id == fixes.c.fix_id)
        .order_by(*([fixes.c.decide_by] if state == "proposed" else [fixes.c.updated_at.desc()]), fixes.c.fix_id)
        .limit(limit)
    )
    if state:
        query = query.where(fixes.c.state == state)
    if client_id:
        query = query.where(fixes.c.client_id == client_id)
    return [FixSummary.from_row(row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class OwnedFix(FixRow):
    """A Fix, and what its page says of the client."""

    first_name: str | None
    time_zone: str | None
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FixFile:
    """One Fix as its page shows it. `wish`: with what the note adds; `candidates`: the ranked items, best first;
    `left_out`: how many items, by reason."""

    row: OwnedFix
    wish: FixWish
    box: Sequence[BoxRow]
    steps: Sequence[FixStepRow]
    candidates: Sequence[FixItem]
    left_out: dict[str, int]
    items: dict[ItemId, Item]


def load_fix_file(connection: Connection, fix_id: FixId) -> FixFile | None:
    """Load everything about one Fix; None for an unknown id."""
    query = select(*OwnedFix.list_columns(fixes, clients)).outerjoin(clients, clients.c.client_id == fixes.c.client_id)
    found = connection.execute(query.where(fixes.c.fix_id == fix_id)).one_or_none()
    if found is None:
        return None
    row = OwnedFix.from_row(found)
    box, candidates = reservations.load_box_rows(connection, fix_id), parse_candidates(row)
    item_ids = {candidate.item_id for candidate in candidates} | {box_row.item_id for box_row in box}
    return FixFile(
        row=row,
        wish=parse_wish(row),
        box=box,
        steps=list_steps(connection, fix_id),
        candidates=candidates,
        left_out=parse_left_out_counts(row),
        items=catalogue.load_items(connection, item_ids),
    )
