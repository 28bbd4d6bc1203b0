"""What a client's last boxes held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, case, func, select

from domain.histories import normalise_word
from models.base import ClientId, ItemId
from models.fixes import FixId, ItemState
from store.sql.records import Record
from store.tables import fix_items, fixes, items

LATEST: Final = timedelta(days=180)
_JUDGED: Final = (ItemState.KEPT, ItemState.RETURNED)
_SENT: Final = (ItemState.SOLD, ItemState.KEPT, ItemState.RETURNED)


def list_past_pieces(connection: Connection, client_id: ClientId, now: datetime) -> list[tuple[str, str]]:
    """List category and colour, normalised, of each piece that was sent to the client in the last half year."""
    query = (
        select(fix_items.c.category, fix_items.c.colour)
        .join(fixes, fixes.c.fix_id == fix_items.c.fix_id)
        .where(fixes.c.client_id == client_id, fixes.c.shipped_at > now - LATEST, fix_items.c.state.in_(_SENT))
    )
    return [(normalise_word(category), normalise_word(colour)) for category, colour in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class PastPiece(Record):
    """A piece that was sent to a client, and what became of it. `title`: None when it has left the catalogue."""

    fix_id: FixId
    item_id: ItemId
    size: str
    category: str
    colour: str
    price_cents: int
    state: ItemState
    fit: str | None
    note: str | None
    feedback_at: datetime | None
    title: str | None


def list_judged_pieces(connection: Connection, client_id: ClientId, limit: int = 12) -> list[PastPiece]:
    """List the pieces that the client kept or returned, the last judged first."""
    query = (
        select(*PastPiece.list_columns(fix_items, items))
        .join(fixes, fixes.c.fix_id == fix_items.c.fix_id)
        .outerjoin(items, items.c.item_id == fix_items.c.item_id)
        .where(fixes.c.client_id == client_id, fix_items.c.state.in_(_JUDGED))
        .order_by(fix_items.c.feedback_at.desc(), fix_items.c.sku)
        .limit(limit)
    )
    return [PastPiece.from_row(row) for row in connection.execute(query)]


class KeepCount(NamedTuple):
    """How many pieces were kept of those that came back with a verdict."""

    kept: int = 0
    judged: int = 0


def count_kept(connection: Connection, client_id: ClientId = "", decided_by: str = "") -> KeepCount:
    """Count the pieces kept of one client's boxes, or of those that one stylist let out; of all where neither is
    named."""
    kept = func.sum(case((fix_items.c.state == ItemState.KEPT, 1), else_=0))
    query = select(kept, func.count()).select_from(fix_items).join(fixes, fixes.c.fix_id == fix_items.c.fix_id)
    query = query.where(fix_items.c.state.in_(_JUDGED))
    if client_id:
        query = query.where(fixes.c.client_id == client_id)
    if decided_by:
        query = query.where(fixes.c.decided_by == decided_by)
    row = connection.execute(query).one()
    return KeepCount(row[0] or 0, row[1])
