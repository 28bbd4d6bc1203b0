"""What a client has, is being sent, sent back and wears: what the rules of a Fix must know of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.fixes.rules import Wearer
from domain.histories import ClientSignals, plain
from domain.sizes import plain_size
from models.events import Fit
from models.fixes import FixId, ItemState
from store.tables import events, fix_items, fixes, items

_ON_THE_WAY = (ItemState.HELD, ItemState.EXPIRED, ItemState.SOLD)


def wearer(connection: Connection, signals: ClientSignals, now: datetime, *, but: FixId = "") -> Wearer:
    """The client of `signals` as of `now`; `but` is the Fix that asks. Two short statements."""
    f = fix_items.c
    query = select(f.fix_id, f.item_id, f.size, f.state).join(fixes, fixes.c.fix_id == f.fix_id)
    boxed = connection.execute(query.where(fixes.c.client_id == signals.client_id)).all()
    return Wearer(
        sizes=signals.wears,
        owned=signals.owned,
        sent_back=signals.sent_back(now.timestamp()),
        elsewhere=frozenset(row.item_id for row in boxed if row.fix_id != but and row.state in _ON_THE_WAY),
        verdicts=_verdicts(connection, signals.client_id, now, boxed),
    )


def _verdicts(connection: Connection, client_id: str, now: datetime, boxed: Sequence[Any]) -> dict[str, dict[str, Fit]]:
    """By category and size as compared, the client's latest word. Feedback that names no size speaks of the one that
    its Fix held."""
    sent = {(row.fix_id, row.item_id): row.size for row in boxed if row.state != ItemState.RELEASED}
    e = events.c
    told = (
        select(e.item_id, e.data, items.c.category)
        .join(items, items.c.item_id == e.item_id)
        .where(e.client_id == client_id, e.type == "fix_feedback", e.occurred_at <= now)
        .order_by(e.occurred_at, e.event_id)
    )
    found: dict[str, dict[str, Fit]] = {}
    for item_id, data, category in connection.execute(told):
        size = plain_size(data.get("size") or sent.get((data.get("fix_id"), item_id), ""))
        if size and "fit" in data:
            found.setdefault(plain(category), {})[size] = Fit(data["fit"])
    return found
