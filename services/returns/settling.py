"""Wait until no mail to somebody who left is under way, before it is said that they left."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlalchemy import Engine

from errors import Unavailable
from models.consents import Purpose
from models.events import ClientUnsubscribed, ConsentChanged, EmailComplained, Event
from models.returns import ReturnKind, TakenReturn
from store.database import read_transaction
from store.mail.mailboxes import count_in_delivery, find_in_delivery, find_mailboxes

CHECK_EVERY_S: Final = 0.05
_LEAVING: Final = frozenset({ReturnKind.OPT_OUT, ReturnKind.COMPLAINT})


def count_under_way(engine: Engine, mailboxes: Collection[str], client_ids: Collection[str]) -> int:
    """Count the mails to these mailboxes, or of these clients, that are with the mail server now."""
    with read_transaction(engine) as connection:
        return count_in_delivery(connection, mailboxes, client_ids)


def wait_until_settled(engine: Engine, mailboxes: Collection[str], client_ids: Collection[str], wait_s: float) -> bool:
    """Wait until no mail to these mailboxes, or of these clients, is with the mail server; False when that takes longer
    than `wait_s` real seconds."""
    until = time.monotonic() + wait_s
    while True:
        if count_under_way(engine, mailboxes, client_ids) == 0:
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(CHECK_EVERY_S)


def require_settled(engine: Engine, batch: Iterable[Event], wait_s: float) -> None:
    """Raise Unavailable while a mail to somebody who left by one of these events, sent now or before, is under way."""
    leaving = {event.client_id: event for event in batch if _is_leaving(event)}
    if not leaving:
        return
    with read_transaction(engine) as connection:
        mailboxes = set(find_mailboxes(connection, leaving).values()) - {""}
    if not wait_until_settled(engine, mailboxes, set(leaving), wait_s):
        raise Unavailable("a last mail to somebody who left is being handed over; send this again", retry_after=10)


def _is_leaving(event: Event) -> bool:
    return isinstance(event, ClientUnsubscribed | EmailComplained) or (
        isinstance(event, ConsentChanged) and not event.consent and Purpose.MAIL in event.purposes
    )


def list_left_mailboxes(taken: Sequence[TakenReturn | None]) -> set[str]:
    """List the mailboxes of those who left by these returns."""
    return {one.mailbox for one in taken if one is not None and one.kind in _LEAVING and one.mailbox}


def find_unsettled(engine: Engine, mailboxes: Collection[str]) -> set[str]:
    """Find to which of these mailboxes a mail is under way: a return by which somebody left may not be acknowledged as
    long as one is."""
    if not mailboxes:
        return set()
    with read_transaction(engine) as connection:
        return find_in_delivery(connection, mailboxes)


def are_settled(engine: Engine, taken: Sequence[TakenReturn | None], wait_s: float) -> list[bool]:
    """Return of each return whether it may be acknowledged: it was taken in, and within `wait_s` real seconds no mail
    to somebody who left by it is under way any more."""
    until = time.monotonic() + wait_s
    left = list_left_mailboxes(taken)
    while (waiting := find_unsettled(engine, left)) and time.monotonic() < until:
        time.sleep(CHECK_EVERY_S)
    return [one is not None and (one.kind not in _LEAVING or one.mailbox not in waiting) for one in taken]
