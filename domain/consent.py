"""What consent by purpose allows, and which word about a purpose holds.

Measurement must be agreed to; personalisation may be refused (decision 35). Mail is decided by `domain.eligibility`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from models.consents import OTHER_PURPOSES, ConsentRecord, Purpose, Purposes, parse_purposes
from models.events import ConsentChanged, Event


def may_personalise(purposes: Purposes) -> bool:
    """Return whether the client's own behaviour and answers may choose what they see: unless they refused."""
    record = purposes.get(Purpose.PERSONALISATION)
    return record is None or record.agreed


def is_personal(stored: Mapping[str, Any]) -> bool:
    """Return the same of the purposes as the client's row holds them."""
    return not stored or may_personalise(parse_purposes(stored))


def may_measure(purposes: Purposes) -> bool:
    """Return whether it may be recorded that the client opens a mail: only where they agreed."""
    record = purposes.get(Purpose.MEASUREMENT)
    return record is not None and record.agreed


def apply_statement(stored: ConsentRecord | None, agreed: bool, at: datetime, source: str) -> ConsentRecord:
    """Return the record that holds after a client's own statement. A refusal ends every agreement that arrived before
    it, whatever their times say; an agreement that arrives later holds if it was given later."""
    before = None if stored is None else stored.at
    if agreed and before is not None and at <= before:
        return stored or ConsentRecord(agreed=agreed, at=at, source=source)
    if not agreed and stored is not None and not stored.agreed and before is not None:
        at = max(at, before)
    return ConsentRecord(agreed=agreed, at=at, source=source)


def apply_list(stored: ConsentRecord | None, agreed: bool, now: datetime, source: str) -> ConsentRecord | None:
    """Return the record that holds after a row of the shop's list: it may be older than the client's refusal, so it
    gives back nothing that was refused. None: it may not give it."""
    if stored is not None and stored.agreed == agreed:
        return stored
    if agreed and stored is not None:
        return None
    return ConsentRecord(agreed=agreed, at=now, source=source)


def find_source(event: Event) -> str:
    """Find where a client gave or took back a consent by this event."""
    return event.source if isinstance(event, ConsentChanged) else _SOURCES.get(event.type, event.type)


_SOURCES: Final = {"unsubscribed": "unsubscribe", "email_complained": "complaint"}


def apply_change(purposes: Purposes, change: ConsentChanged) -> Purposes:
    """Return the purposes besides mail that hold after a change of consent."""
    named = [purpose for purpose in OTHER_PURPOSES if purpose in change.purposes]
    new = {p: apply_statement(purposes.get(p), change.consent, change.occurred_at, change.source) for p in named}
    return {**purposes, **new}
