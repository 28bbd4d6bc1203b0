"""Orders that name a code: of an offer, or of none that we know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select

from domain.offers import RedeemedOrder, fold_code
from models.base import ClientId, ItemId
from models.events import OrderPlaced
from models.offers import UnknownCode
from store.events.rows import convert_to_cents
from store.sql.bulk import insert_ignoring
from store.sql.types import to_micros
from store.tables import offers, redemptions

_r = redemptions.c


def save_redemptions(connection: Connection, lines: Iterable[OrderPlaced]) -> None:
    """Save lines of orders that name a code, each once."""
    rows: list[dict[str, Any]] = [
        {
            "event_id": line.event_id,
            "client_id": line.client_id,
            "code": fold_code(line.offer_code)[:64],
            "order_id": line.order_id or str(to_micros(line.occurred_at)),
            "item_id": line.item_id,
            "value_cents": convert_to_cents(line.value) if line.value is not None else 0,
            "at": line.occurred_at,
        }
        for line in lines
        if line.offer_code
    ]
    insert_ignoring(connection, redemptions, rows)


def count_redeemed(connection: Connection, code: str) -> tuple[int, int]:
    """Count the orders that named a code, and sum what was paid for them, in cents."""
    own = _r.code == fold_code(code)
    orders = select(func.count()).select_from(select(_r.client_id, _r.order_id).where(own).distinct().subquery())
    paid = select(func.coalesce(func.sum(_r.value_cents), 0)).where(own)
    return connection.scalar(orders) or 0, int(connection.scalar(paid) or 0)


def load_redeemed(connection: Connection, code: str) -> list[RedeemedOrder]:
    """Load the orders that named a code, each once, with what was paid for it."""
    found: dict[tuple[ClientId, str], list[Any]] = defaultdict(list)
    query = select(_r.client_id, _r.order_id, _r.item_id, _r.value_cents, _r.at)
    for row in connection.execute(query.where(_r.code == fold_code(code)).order_by(_r.at, _r.event_id)):
        found[row.client_id, row.order_id].append(row)
    return [
        RedeemedOrder(client_id, sum(row.value_cents for row in rows), rows[0].at, _list_items(rows))
        for (client_id, _), rows in found.items()
    ]


def _list_items(rows: Iterable[Any]) -> tuple[ItemId, ...]:
    return tuple(row.item_id for row in rows if row.item_id is not None)


def list_unknown_codes(connection: Connection, limit: int) -> list[UnknownCode]:
    """List the codes of no offer that orders named, the latest first."""
    orders = func.count(func.distinct(_r.client_id + "/" + _r.order_id))
    last = func.max(_r.at).label("last_at")
    query = select(_r.code, orders.label("orders"), last).where(_r.code.not_in(select(offers.c.code)))
    rows = connection.execute(query.group_by(_r.code).order_by(last.desc(), _r.code).limit(limit))
    return [UnknownCode(code=row.code, orders=row.orders, last_at=row.last_at) for row in rows]
