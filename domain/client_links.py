"""For how long the links of a mail open the client's own pages. Unsubscribing knows no end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

LINK_DAYS: Final = 90
"""Days of business time. Old mail is forwarded, archived and found."""


def is_link_open(sent_at: datetime | None, sent_to: str, mailbox: str, now: datetime) -> bool:
    """Return whether a mail's links still open its client's pages: it is not too old, and went to the mailbox (keyed
    hashes) that is the client's now. A mailbox that was not recorded is taken for theirs."""
    if sent_at is None or now - sent_at > timedelta(days=LINK_DAYS):
        return False
    return not (sent_to and mailbox) or sent_to == mailbox
