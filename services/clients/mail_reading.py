"""Record that a mail was read: a link followed, its picture fetched. Who did it is judged with all its reads."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.consent import may_measure
from domain.outreach import build_outreach_key
from domain.permissions import Action
from mail.links import LinkTarget
from models.actors import Actor
from models.base import ClientId
from models.events import EmailClicked, EmailOpened, ReadSign
from services.ingestion.intake import accept_events
from store import clock
from store.clients import purposes
from store.database import write_transaction
from store.mail import messages
from store.mail.policy import ShopPolicy


class LinkUse(NamedTuple):
    """A request by a link: its token, and what it says of who made it."""

    token: str
    signs: frozenset[ReadSign]


def record_click(
    engine: Engine, actor: Actor, policy: ShopPolicy, goal: LinkTarget, use: LinkUse, now: datetime, real_now: datetime
) -> bool:
    """Record a click as one event for each link, day, kind of reader and rough delay, so that a link that is opened for
    ever fills no table. The event itself is the record of it. Returns whether the client agreed to measurement. Raises
    NotAllowed."""
    permissions.require(actor, Action.ACCEPT_EVENTS)
    with write_transaction(engine) as connection:
        seconds = _find_seconds_after(connection, goal, now, real_now)
        event = EmailClicked(
            event_id=f"click.{_build_read_key(use, seconds, now)}",
            client_id=goal.client_id,
            occurred_at=now,
            item_id=goal.item_id,
            outreach=build_outreach_key(goal.client_id, goal.n),
            signs=tuple(sorted(use.signs)),
            seconds_after=seconds,
        )
        accept_events(connection, [event], policy, now, real_now)
        return _agrees_to_measurement(connection, goal.client_id)


def record_open(
    engine: Engine, actor: Actor, policy: ShopPolicy, goal: LinkTarget, use: LinkUse, now: datetime, real_now: datetime
) -> None:
    """Record that a mail's picture was fetched, as a click is recorded, unless its client does not agree to measurement
    any more. Raises NotAllowed."""
    permissions.require(actor, Action.ACCEPT_EVENTS)
    with write_transaction(engine) as connection:
        if not _agrees_to_measurement(connection, goal.client_id):
            return
        seconds = _find_seconds_after(connection, goal, now, real_now)
        event = EmailOpened(
            event_id=f"open.{_build_read_key(use, seconds, now)}",
            client_id=goal.client_id,
            occurred_at=now,
            outreach=build_outreach_key(goal.client_id, goal.n),
            signs=tuple(sorted(use.signs)),
            seconds_after=seconds,
        )
        accept_events(connection, [event], policy, now, real_now)


def _agrees_to_measurement(connection: Connection, client_id: ClientId) -> bool:
    return may_measure(purposes.load_purposes(connection, [client_id]).get(client_id, {}))


def _find_seconds_after(connection: Connection, goal: LinkTarget, now: datetime, real_now: datetime) -> float | None:
    """Find how many real seconds ago the mail was sent; None where that is not known."""
    sent = messages.find_sent_at(connection, goal.client_id, goal.n)
    pace = clock.load_clock(connection, real_now).pace
    return round(max((now - sent).total_seconds(), 0.0) / pace, 3) if sent is not None and pace > 0 else None


def _build_read_key(use: LinkUse, seconds: float | None, now: datetime) -> str:
    # Four times as late is another read: a machine's of the first minute must not hide a person's of the next hour.
    delay = -1 if seconds is None else int(seconds).bit_length() // 2
    return sha256(f"{use.token} {sorted(use.signs)} {delay} {now.date()}".encode()).hexdigest()[:40]
