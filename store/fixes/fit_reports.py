"""Clients' reports of how garments fit, for the size model."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, and_, func, select

from models.base import ClientId, ItemId
from store.sql.epoch import epoch
from store.tables import events, fix_items, items

LATEST: Final = 20_000


class FitReport(NamedTuple):
    """How one garment fitted one client; `fit`: small, fit, large; `at`: epoch seconds."""

    client_id: ClientId
    item_id: ItemId
    size: str
    category: str
    fit: str
    at: float


def list_fit_reports(
    connection: Connection, most: int | None = LATEST, until: datetime | None = None
) -> list[FitReport]:
    """List the latest reports on fit, or those up to a moment (all of them: `most` is None), oldest first. Feedback
    without a size is about the size that its Fix held."""
    e, sent = events.c, fix_items.c
    size = func.coalesce(e.data["size"].as_string(), sent.size)
    of_fix = and_(sent.fix_id == e.data["fix_id"].as_string(), sent.item_id == e.item_id)
    conditions = (e.type == "fix_feedback", e.data["fit"].as_string().is_not(None), size != "")
    query = (
        select(e.client_id, e.item_id, size, items.c.category, e.data["fit"].as_string(), epoch(e.occurred_at))
        .select_from(events.join(items, items.c.item_id == e.item_id).outerjoin(fix_items, of_fix))
        .where(*conditions, *(() if until is None else (e.occurred_at <= until,)))
        .order_by(e.occurred_at.desc(), e.event_id)
        .limit(most)
    )
    return [FitReport(*row) for row in connection.execute(query)][::-1]
