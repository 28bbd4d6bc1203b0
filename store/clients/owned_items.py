"""What a client owns, is being sent, has returned and which sizes fit: what the rules of a Fix need to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.fixes.candidates import Wearer
from domain.histories import ClientSignals, normalise_word
from domain.sizes import fold_size
from models.events import Fit
from models.fixes import FixId, ItemState
from store.tables import events, fix_items, fixes, items

_ON_THE_WAY = (ItemState.HELD, ItemState.EXPIRED, ItemState.SOLD)


def load_wearer(connection: Connection, signals: ClientSignals, now: datetime, *, except_fix: FixId = "") -> Wearer:
    """Load the client of `signals` as of `now`, leaving out the Fix `except_fix`, in two short statements."""
    f = fix_items.c
    query = select(f.fix_id, f.item_id, f.size, f.state).join(fixes, fixes.c.fix_id == f.fix_id)
    box_rows = connection.execute(query.where(fixes.c.client_id == signals.client_id)).all()
    return Wearer(
        sizes=signals.wears,
        owned=signals.owned,
        sent_back=signals.list_sent_back(now.timestamp()),
        elsewhere=frozenset(row.item_id for row in box_rows if row.fix_id != except_fix and row.state in _ON_THE_WAY),
        verdicts=_load_verdicts(connection, signals.client_id, now, box_rows),
    )


def _load_verdicts(
    connection: Connection, client_id: str, now: datetime, box_rows: Sequence[Any]
) -> dict[str, dict[str, Fit]]:
    """Load the client's latest verdict on fit by category and size, both in plain form. Feedback without a size is
    about the size that its Fix held."""
    sent = {(row.fix_id, row.item_id): row.size for row in box_rows if row.state != ItemState.RELEASED}
    e = events.c
    query = (
        select(e.item_id, e.data, items.c.category)
        .join(items, items.c.item_id == e.item_id)
        .where(e.client_id == client_id, e.type == "fix_feedback", e.occurred_at <= now)
        .order_by(e.occurred_at, e.event_id)
    )
    verdicts: dict[str, dict[str, Fit]] = {}
    for item_id, data, category in connection.execute(query):
        size = fold_size(data.get("size") or sent.get((data.get("fix_id"), item_id), ""))
        if size and "fit" in data:
            verdicts.setdefault(normalise_word(category), {})[size] = Fit(data["fit"])
    return verdicts
