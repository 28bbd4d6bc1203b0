"""Count what happened between two moments, by indexes alone: a day costs what happened on that day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, case, func, select, text

from domain.churn_risk import ChurnRisk
from models.base import ClientId
from models.figures import Tally
from models.fixes import ItemState
from models.states import OutreachState
from store.sql.bulk import among
from store.tables import assessments, clients, engagement, events, fix_items, outreaches, standings
from store.tables.clients import CART_ROWS, COUNTED_ROWS

CONVERSION: Final = timedelta(days=7)
TO_ORDER: Final = timedelta(days=1)
"""How long after something was put in a cart an order still counts as an order of it."""
BATCH: Final = 5_000
_RETURNED_MAIL: Final = (OutreachState.BOUNCED, OutreachState.COMPLAINED)


def count_span(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    """Count what happened from `begin` on and before `end`."""
    return {
        **_count_orders(connection, begin, end),
        **_count_first_orders(connection, begin, end),
        **_count_mails(connection, begin, end),
        **_count_carts(connection, begin, end),
        **_count_reads(connection, begin, end),
        **_count_pieces(connection, begin, end),
    }


def count_clients(connection: Connection) -> int:
    """Count the clients there are."""
    return connection.scalar(select(func.count()).select_from(clients)) or 0


def stream_risks(connection: Connection) -> Iterator[tuple[ChurnRisk, int, int]]:
    """Yield the churn risk of each client who has one, with their orders so far and the value of these in cents."""
    last: ClientId = ""
    query = (
        select(standings.c.client_id, assessments.c.risk, engagement.c.orders, engagement.c.orders_value_cents)
        .join(assessments, assessments.c.id == standings.c.assessment_id)
        .join(engagement, engagement.c.client_id == standings.c.client_id)
        .order_by(standings.c.client_id)
        .limit(BATCH)
    )
    while rows := connection.execute(query.where(standings.c.client_id > last)).all():
        for row in rows:
            if row.risk:
                yield ChurnRisk.model_validate(row.risk), row.orders, row.orders_value_cents
        last = rows[-1].client_id


def find_largest_stakes(connection: Connection, limit: int) -> dict[ClientId, int]:
    """Find the clients with most to lose: what they spent so far, times the chance that they have left, in cents. It
    reads all standings."""
    stake = standings.c.risk * engagement.c.orders_value_cents
    query = (
        select(standings.c.client_id, stake.label("stake"))
        .join(engagement, engagement.c.client_id == standings.c.client_id)
        .where(standings.c.risk > 0, engagement.c.orders_value_cents > 0)
        .order_by(stake.desc(), standings.c.client_id)
        .limit(limit)
    )
    return {row.client_id: round(row.stake) for row in connection.execute(query)}


def _within(begin: datetime, end: datetime, kind: str) -> Sequence[Any]:
    e = events.c
    return (text(COUNTED_ROWS), e.occurred_at >= begin, e.occurred_at < end, e.type == kind)


def _count_orders(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    """Count orders, lines of one order once, and their value."""
    e = events.c
    order = func.coalesce(e.data["order_id"].as_string(), e.event_id)
    placed = select(func.count(func.distinct(e.client_id + "/" + order)), func.sum(e.value_cents))
    orders, revenue = connection.execute(placed.where(*_within(begin, end, "order_placed"))).one()
    returned = connection.scalar(select(func.sum(e.value_cents)).where(*_within(begin, end, "order_returned")))
    return {Tally.ORDERS: orders, Tally.REVENUE: int(revenue or 0), Tally.RETURNED: int(returned or 0)}


def _count_first_orders(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    """Count the clients whose first order fell in the span, and the seconds since they signed up; an order before that,
    as of an imported history, says nothing."""
    buyers = select(events.c.client_id).where(*_within(begin, end, "order_placed"))
    query = (
        select(engagement.c.first_order_at, clients.c.signed_up_at)
        .join(clients, clients.c.client_id == engagement.c.client_id)
        .where(engagement.c.client_id.in_(buyers), engagement.c.first_order_at >= begin)
        .where(engagement.c.first_order_at < end, engagement.c.first_order_at >= clients.c.signed_up_at)
    )
    waits = [(first - signed_up).total_seconds() for first, signed_up in connection.execute(query)]
    return {Tally.FIRST_ORDERS: len(waits), Tally.FIRST_ORDER_SECONDS: round(sum(waits))}


def _count_mails(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    o = outreaches.c
    query = select(o.client_id, o.sent_at, o.state).where(o.sent_at >= begin, o.sent_at < end)
    mails = connection.execute(query).all()
    return {
        Tally.MAILS_SENT: len(mails),
        Tally.MAILS_BOUNCED: sum(mail.state in _RETURNED_MAIL for mail in mails),
        Tally.MAILS_ORDERED: _count_followed(connection, mails),
    }


def _count_followed(connection: Connection, mails: Sequence[Any]) -> int:
    """Count the mails that an order of the same client followed within a week."""
    if not mails:
        return 0
    until = max(mail.sent_at for mail in mails) + CONVERSION
    orders = _load_orders(connection, {mail.client_id for mail in mails}, min(mail.sent_at for mail in mails), until)
    return sum(
        any(timedelta() < at - mail.sent_at <= CONVERSION for at in orders.get(mail.client_id, ())) for mail in mails
    )


def _load_orders(
    connection: Connection, client_ids: set[ClientId], begin: datetime, end: datetime
) -> dict[ClientId, list[datetime]]:
    """Load when each of these clients ordered from `begin` on and up to `end`."""
    e = events.c
    placed = _within(begin, end + timedelta(microseconds=1), "order_placed")
    orders: dict[ClientId, list[datetime]] = {}
    for client_id, at in connection.execute(
        select(e.client_id, e.occurred_at).where(among(connection, e.client_id, client_ids), *placed)
    ):
        orders.setdefault(client_id, []).append(at)
    return orders


def _count_carts(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    """Count the carts whose time to order ended in the span, and those of them that were left: nothing that happens
    later changes either."""
    e = events.c
    filled = (text(CART_ROWS), e.occurred_at >= begin - TO_ORDER, e.occurred_at < end - TO_ORDER)
    query = select(e.client_id, func.min(e.occurred_at), func.max(e.occurred_at)).where(*filled)
    carts = connection.execute(query.group_by(e.client_id)).all()
    orders = _load_orders(connection, {cart[0] for cart in carts}, begin - TO_ORDER, end) if carts else {}
    left = sum(not any(first < at <= last + TO_ORDER for at in orders.get(who, ())) for who, first, last in carts)
    return {Tally.CARTS: len(carts), Tally.CARTS_LEFT: left}


def _count_reads(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    """Count the mails that people opened, and those that they clicked in."""
    e = events.c
    person = e.data["machine"].as_boolean().is_not(True)
    mails = select(func.count(func.distinct(e.data["outreach"].as_string()))).where(person)
    kinds = {Tally.MAILS_OPENED: "email_opened", Tally.MAILS_CLICKED: "email_clicked"}
    return {tally: connection.scalar(mails.where(*_within(begin, end, kind))) or 0 for tally, kind in kinds.items()}


def _count_pieces(connection: Connection, begin: datetime, end: datetime) -> dict[Tally, int]:
    f = fix_items.c
    kept = func.sum(case((f.state == ItemState.KEPT, 1), else_=0))
    judged = f.state.in_((ItemState.KEPT, ItemState.RETURNED))
    query = select(kept, func.count()).where(f.feedback_at >= begin, f.feedback_at < end, judged)
    row = connection.execute(query).one()
    return {Tally.PIECES_KEPT: int(row[0] or 0), Tally.PIECES_JUDGED: row[1]}
