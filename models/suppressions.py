"""The list of mailboxes that are not mailed, as people and the API see and change it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from models.base import ONE_LINE, ClientId, Contract, StrictInput

Note = Annotated[str, Field(max_length=200, pattern=ONE_LINE)]
SuppressionReason = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
"""One word, such as `hard_bounce`, `soft_bounces`, `complaint`, or one of your own."""
MailboxName = Annotated[str, Field(min_length=3, max_length=254)]
"""An address, or the 64 hex digits by which lists name its mailbox."""


class SuppressionEntry(Contract):
    """One mailbox on the list. `address_hash` stands for its address, which is not stored; `clients`: who carries it
    now; `lifted_at`: since when it is mailed again."""

    address_hash: str
    reason: str
    at: datetime
    by: str = ""
    note: str = ""
    lifted_at: datetime | None = None
    clients: tuple[ClientId, ...] = ()


class SuppressionList(Contract):
    """A page of the list, in the order of `address_hash`."""

    suppressions: tuple[SuppressionEntry, ...]


class SuppressionOrder(StrictInput):
    """Do not mail this mailbox."""

    email: MailboxName
    reason: SuppressionReason = "person"
    note: Note = ""


class SuppressionRemoval(StrictInput):
    """Mail this mailbox again. `why` is required after a complaint."""

    email: MailboxName
    why: Note = ""


class SuppressionQuestion(StrictInput):
    """Is this mailbox on the list?"""

    email: MailboxName
