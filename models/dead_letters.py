"""What could not be taken in of a stream, or sent to a workflow, for good: dead letters."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models.base import Contract, StrictInput


class LetterSource(StrEnum):
    """Where a dead letter comes from: what a stream holds, or our own outbox."""

    EVENTS = "events"
    ITEMS = "items"
    STOCK = "stock"
    OUTBOX = "outbox"


class LetterCode(StrEnum):
    """Why it could not be taken in."""

    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    INVALID = "invalid"
    UNKNOWN_CLIENT = "unknown_client"
    UNKNOWN_ITEM = "unknown_item"
    REFUSED = "refused"
    ERASED = "erased"
    NO_ROOM = "no_room"
    FAILED = "failed"
    NOT_SENDABLE = "not_sendable"


class DeadLetter(Contract):
    """A dead letter. `place`: topic, partition and offset; `field`: the one at fault, where it is one; `why`: in words;
    `kept`: what it said is still there."""

    letter_id: str
    source: LetterSource
    place: str
    code: LetterCode
    field: str
    why: str
    tries: int
    at: datetime
    kept: bool


class DeadLetterText(DeadLetter):
    """A dead letter and what it said; None where that was deleted."""

    body: str | None


class DeadLetterList(Contract):
    """Dead letters, the latest first. `counts`: all there are, by source."""

    letters: tuple[DeadLetter, ...]
    counts: dict[str, int]


class LetterTry(StrictInput):
    """The body of `POST /v1/dead-letters/{letter_id}/retry`: nothing is to be said."""


class LetterRetry(Contract):
    """What became of another try. `taken`: it is in now and no dead letter any more; `code`, `why`: else, why not."""

    letter_id: str
    taken: bool
    code: LetterCode | None = None
    why: str = ""
