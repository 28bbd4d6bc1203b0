"""What comes back for our mail: reports of delivery, complaints, requests to be left alone, and answers of machines."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.base import ClientId, Contract

Code = Annotated[str, Field(max_length=16)]
"""An enhanced status code (RFC 3463) such as `5.1.1`; empty where nobody said one."""


class ReturnKind(StrEnum):
    """What a return says of the mail that it is about."""

    FAILED = "failed"
    """It was not delivered and nobody tries any more."""
    DELAYED = "delayed"
    """The server still tries."""
    COMPLAINT = "complaint"
    OPT_OUT = "opt_out"
    """The reader wants no more mail: by a report of their provider, or by a mail to the address in the mail's head."""
    NOT_SPAM = "not_spam"
    ANSWER = "answer"
    """A machine of the reader's answered: out of office, read, deleted, turned away by their own filter."""
    NOTICE = "notice"
    """A report that asks for nothing: delivered, relayed, or feedback that is not about this reader."""
    UNREADABLE = "unreadable"
    """Nobody's known form; a person is to read it."""


ReturnWay = Literal["listener", "mailbox", "webhook", "file"]
"""By which way a return came in."""


class ReturnReading(Contract):
    """What was read of one return. `message_ids`: Message-IDs of ours that it names, the surest first; `hard`: the
    address leads nowhere; `report_id`: the same each time that this return is read."""

    kind: ReturnKind
    message_ids: tuple[str, ...] = ()
    hard: bool = False
    code: Code = ""
    report_id: str = Field(default="", max_length=64)


class ReturnOutcome(StrEnum):
    """What became of a return."""

    APPLIED = "applied"
    """The ledger states it."""
    NOTED = "noted"
    """It asks for nothing, or the ledger stated it before."""
    REPEATED = "repeated"
    """It was read before."""
    KEPT = "kept"
    """Nobody could read it, or it names no mail of ours; a person is to look."""
    DROPPED = "dropped"
    """Like `kept`, but too many wait already; it was only counted."""


class TakenReturn(Contract):
    """What became of one return, and the mail that it is about."""

    outcome: ReturnOutcome
    kind: ReturnKind
    client_id: ClientId | None = None
    n: int | None = None
    mailbox: str = ""
    """Where that mail went, as a keyed hash."""


class ReturnsAnswer(Contract):
    """What became of each return of a provider's message, in its order."""

    outcomes: tuple[ReturnOutcome, ...]


class KeptReturn(Contract):
    """A return on record. `raw` is set only for one that a person is to read; personal."""

    id: str
    at: datetime
    way: ReturnWay
    kind: ReturnKind
    code: str
    client_id: ClientId | None
    n: int | None
    raw: str | None = Field(default=None, repr=False)
