"""What clients did and how they answered mail, counted for the response model of a simulation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Interval,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)

from models.base import ClientId, ItemId
from models.states import OutreachState
from store.sql.bulk import among
from store.tables import calls, clients, events, items, model_calls, outreaches

AFTER_CLICK: Final = timedelta(days=3)
"""Within which an order counts as one after a click."""
_E: Final = events.c
_O: Final = outreaches.c
_SENT: Final = _O.state.in_((OutreachState.SENT, OutreachState.COMPLAINED))
_BY_PERSON: Final = _E.data["machine"].as_boolean().is_not(True)


class AnswerCounts(NamedTuple):
    """Mails, and those of them that people opened, clicked, or answered by unsubscribing. `followed`: those clicked so
    long ago that it is known whether an order came after it; `ordered`: those of them where one did."""

    sent: int
    opened: int
    clicked: int
    unsubscribed: int
    followed: int
    ordered: int


def count_answers(connection: Connection, since: datetime, now: datetime) -> AnswerCounts:
    """Count how mails that were sent from `since` on were answered. An order is that of the click right before it."""
    sent = connection.scalar(select(func.count()).where(_SENT, _O.sent_at >= since, _O.sent_at < now)) or 0
    kinds = ("email_opened", "email_clicked", "unsubscribed")
    mail = _E.data["outreach"].as_string()
    query = select(_E.type, func.count(mail.distinct())).where(
        _E.type.in_(kinds), _E.occurred_at >= since, _E.occurred_at < now, mail.is_not(None), _BY_PERSON
    )
    found: dict[str, Any] = {row[0]: row[1] for row in connection.execute(query.group_by(_E.type))}
    clicks = select(func.count(mail.distinct())).where(
        _E.type == "email_clicked", _E.occurred_at >= since, _E.occurred_at < now - AFTER_CLICK, _BY_PERSON
    )
    clicked = int(found.get("email_clicked", 0))
    return AnswerCounts(
        sent,
        max(int(found.get("email_opened", 0)), clicked),
        clicked,
        int(found.get("unsubscribed", 0)),
        int(connection.scalar(clicks) or 0),
        int(connection.scalar(clicks.where(_leads_to_order(connection))) or 0),
    )


def _leads_to_order(connection: Connection) -> ColumnElement[bool]:
    """Build the condition that an order came soon after the click in `events`, and no later click before it."""
    order, later = events.alias(), events.alias()
    between = (
        exists()
        .where(
            later.c.client_id == _E.client_id,
            _is_click(later),
            later.c.occurred_at > _E.occurred_at,
            later.c.occurred_at <= order.c.occurred_at,
        )
        .correlate(events, order)
    )
    return exists().where(
        order.c.client_id == _E.client_id,
        order.c.type == "order_placed",
        order.c.occurred_at > _E.occurred_at,
        _read(connection, order.c.occurred_at) <= _add_days(connection, _E.occurred_at),
        ~between,
    )


def _is_click(table: FromClause) -> ColumnElement[bool]:
    by_person = table.c.data["machine"].as_boolean().is_not(True)
    return and_(table.c.type == "email_clicked", by_person)


def _add_days(connection: Connection, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Add AFTER_CLICK to a moment in SQL: SQLite holds moments as microseconds."""
    if connection.dialect.name == "postgresql":
        return moment + literal(AFTER_CLICK, Interval())
    return type_coerce(moment, BigInteger()) + int(AFTER_CLICK.total_seconds() * 1_000_000)


def _read(connection: Connection, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a moment as the database compares it."""
    return moment if connection.dialect.name == "postgresql" else type_coerce(moment, BigInteger())


class OwnCounts(NamedTuple):
    """How often one client did something by themselves, and for how many days they were there to do it."""

    counts: dict[str, int]
    days: float


def count_own(
    connection: Connection, client_ids: Sequence[ClientId], types: Sequence[str], since: datetime, now: datetime
) -> dict[ClientId, OwnCounts]:
    """Count what these clients did from `since` on; an order soon after a click in a mail is none of theirs alone."""
    click = events.alias()
    after_click = exists().where(
        click.c.client_id == _E.client_id,
        _is_click(click),
        click.c.occurred_at < _E.occurred_at,
        _read(connection, _E.occurred_at) <= _add_days(connection, click.c.occurred_at),
    )
    counts: dict[ClientId, dict[str, int]] = defaultdict(dict)
    query = select(_E.client_id, _E.type, func.count()).where(
        among(connection, _E.client_id, client_ids), _E.type.in_(types), _E.occurred_at >= since, _E.occurred_at < now
    )
    query = query.where(or_(_E.type != "order_placed", ~after_click))
    for client_id, type_, count in connection.execute(query.group_by(_E.client_id, _E.type)):
        counts[client_id][type_] = count
    signed = select(clients.c.client_id, clients.c.signed_up_at).where(
        among(connection, clients.c.client_id, client_ids)
    )
    return {
        client_id: OwnCounts(counts[client_id], max(1.0, (now - max(since, at)).total_seconds() / 86_400))
        for client_id, at in connection.execute(signed)
    }


class OutboundMail(NamedTuple):
    """A mail that left: what it was, and what it showed."""

    client_id: ClientId
    n: int
    campaign: str | None
    kind: str
    reason_key: str
    variant: str
    """Of the text."""
    sent_at: datetime
    items: tuple[ItemId, ...]

    @property
    def step(self) -> str:
        """The step of a campaign by the mail's key, `campaign:<slug>:<entry>:<step>`; empty for any other mail."""
        parts = self.reason_key.split(":")
        return parts[3] if len(parts) > 3 and parts[0] == "campaign" else ""


def list_sent(connection: Connection, after: datetime, until: datetime) -> list[OutboundMail]:
    """List the mails that left in (after, until]."""
    query = select(_O.client_id, _O.n, _O.campaign, _O.kind, _O.reason_key, _O.content, _O.sent_at, _O.picks)
    query = query.where(_SENT, _O.sent_at > after, _O.sent_at <= until).order_by(_O.client_id, _O.n)
    return [
        OutboundMail(
            row.client_id,
            row.n,
            row.campaign,
            row.kind,
            row.reason_key,
            (row.content or {}).get("variant", ""),
            row.sent_at,
            tuple(pick["item_id"] for pick in row.picks or ()),
        )
        for row in connection.execute(query)
    ]


def list_prices(connection: Connection) -> dict[ItemId, int]:
    """List the price of each item that is sold, in cents, in the order of their ids."""
    query = select(items.c.item_id, items.c.price_cents).where(items.c.retired_at.is_(None)).order_by(items.c.item_id)
    return {row.item_id: row.price_cents for row in connection.execute(query)}


def compute_cost_per_mail(connection: Connection, since: datetime) -> float | None:
    """Compute what a mail that a model wrote has cost on average, in units of money; None where none was written."""
    c = model_calls.c
    mail = c.client_id + "." + cast(c.n, String)
    query = select(func.sum(c.cost_micros), func.count(mail.distinct())).where(c.n.is_not(None), c.at >= since)
    cost, mails = connection.execute(query).one()
    return float(cost) / 1e6 / mails if mails else None


def count_calls(connection: Connection, after: datetime, until: datetime) -> int:
    """Count the calls that were opened in (after, until]."""
    opened = calls.c.created_at
    return connection.scalar(select(func.count()).select_from(calls).where(opened > after, opened <= until)) or 0


def find_message_ids(connection: Connection, mails: Sequence[tuple[ClientId, int]]) -> dict[tuple[ClientId, int], str]:
    """Find the Message-IDs of these mails."""
    query = select(_O.client_id, _O.n, _O.message_id).where(tuple_(_O.client_id, _O.n).in_(mails))
    return {(row.client_id, row.n): row.message_id for row in connection.execute(query)}
