"""Wait until no mail to somebody who left is under way, before it is said that they left."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Engine

from errors import Unavailable
from models.consents import Purpose
from models.events import ClientUnsubscribed, ConsentChanged, EmailComplained, Event
from models.returns import ReturnKind, TakenReturn
from store.database import read_transaction
from store.mail.mailboxes import count_in_delivery, find_mailboxes

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


def is_settled(engine: Engine, taken: TakenReturn, wait_s: float) -> bool:
    """Return whether a return may be acknowledged: always, except while a mail to somebody who left is under way."""
    if taken.kind not in _LEAVING or not taken.mailbox:
        return True
    return wait_until_settled(engine, [taken.mailbox], [], wait_s)
