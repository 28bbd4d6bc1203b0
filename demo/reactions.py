"""How the demo's clients react to mail: some open it, some click, a few buy what it showed, a few leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import Engine, select

from demo.timeline import Raw
from models.states import OutreachState, TouchKind
from store.database import read_transaction
from store.tables import items, outreaches

OPENS: Final = 0.5
CLICKS: Final = 0.4
"""Of those who open."""
BUYS: Final = 0.35
"""Of those who click."""
CAMPAIGN_CLICKS: Final = 0.7
CAMPAIGN_BUYS: Final = 0.8
"""A campaign's mail is taken far better than any real one, so that the few clients of the demo show its lift."""
LEAVES: Final = 0.015
"""Of those who open."""
LATEST: Final = timedelta(days=3)
"""The longest from a mail to what it leads to."""


def list_reactions(engine: Engine, after: datetime, until: datetime) -> list[Raw]:
    """List what happens in (after, until] because of mails sent before; the same for the same mails, whenever asked."""
    with read_transaction(engine) as connection:
        sent = connection.execute(
            select(
                outreaches.c.client_id, outreaches.c.n, outreaches.c.kind, outreaches.c.sent_at, outreaches.c.picks
            ).where(
                outreaches.c.state == OutreachState.SENT,
                outreaches.c.sent_at > after - LATEST,
                outreaches.c.sent_at <= until,
            )
        ).all()
        events = [event for mail in sent for event in _react(mail)]
        prices = {row.item_id: row.price_cents for row in connection.execute(select(items)) if events}
    for event in events:
        if event["type"] == "order_placed":
            event["value"] = f"{prices.get(event['item_id'], 0) / 100:.2f}"
    return [event for event in events if after < datetime.fromisoformat(event["occurred_at"]) <= until]


def _react(mail: Any) -> Iterator[Raw]:
    rng = Random(f"reaction {mail.client_id} {mail.n}")
    if rng.random() >= OPENS:
        return
    opened = mail.sent_at + timedelta(hours=rng.triangular(0.1, 30, 2))
    yield _build_event(mail, "open", "email_opened", opened)
    if rng.random() < LEAVES:
        yield _build_event(mail, "leave", "unsubscribed", opened + timedelta(minutes=1))
        return
    clicks, buys = (CAMPAIGN_CLICKS, CAMPAIGN_BUYS) if mail.kind == TouchKind.CAMPAIGN else (CLICKS, BUYS)
    shown = [pick["item_id"] for pick in mail.picks or ()]
    if not shown or rng.random() >= clicks:
        return
    item = rng.choice(shown)
    clicked = opened + timedelta(minutes=rng.uniform(1, 10))
    yield _build_event(mail, "click", "email_clicked", clicked, item_id=item)
    yield _build_event(mail, "view", "item_viewed", clicked + timedelta(minutes=1), item_id=item)
    if rng.random() < buys:
        bought = clicked + timedelta(hours=rng.triangular(0.1, 24, 0.5))
        yield _build_event(mail, "order", "order_placed", bought, item_id=item, quantity=1)


def _build_event(mail: Any, key: str, kind: str, at: datetime, **fields: Any) -> Raw:
    of_mail = kind.startswith("email_") or kind == "unsubscribed"
    outreach = {"outreach": f"{mail.client_id}.{mail.n}"} if of_mail else {}
    return {
        "event_id": f"demo-{mail.client_id}-m{mail.n}-{key}",
        "client_id": mail.client_id,
        "type": kind,
        "occurred_at": at.isoformat(timespec="seconds"),
        **outreach,
        **fields,
    }
