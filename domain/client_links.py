"""For how long the links of a mail open the client's own pages. Unsubscribing knows no end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

LINK_DAYS: Final = 90
"""Days of business time. Old mail is forwarded, archived and found."""

LETTER_DAYS: Final = 2
"""Days of business time for which the link of a letter confirms what a client asked for."""
LETTERS_A_DAY: Final = 3
"""Letters that one client may ask for in 24 hours of real time: nobody is flooded by somebody who found a mail."""


def is_letter_open(asked_at: datetime | None, now: datetime) -> bool:
    """Return whether the link of a letter that was asked for then still confirms."""
    return asked_at is not None and timedelta() <= now - asked_at <= timedelta(days=LETTER_DAYS)


def is_link_open(sent_at: datetime | None, sent_to: str, mailbox: str, now: datetime) -> bool:
    """Return whether a mail's links still open its client's pages: it is not too old, and went to the mailbox (keyed
    hashes) that is the client's now. A mailbox that was not recorded is taken for theirs."""
    if sent_at is None or now - sent_at > timedelta(days=LINK_DAYS):
        return False
    return not (sent_to and mailbox) or sent_to == mailbox
