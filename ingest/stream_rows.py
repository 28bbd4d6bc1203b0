"""Reads the rows out of a message of a stream: the JSON bodies that the API takes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

from domain.dead_letters import name_field
from errors import BadInput
from ingest.faults import find_fault
from ingest.kinds import KINDS, parse_event
from models.dead_letters import LetterCode, LetterSource
from models.events import MOST_EVENTS
from models.goods import MOST_ROWS
from models.visits import VisitEvent
from store.events.dead_letters import NewLetter
from store.events.stream_offsets import Part

LONGEST: Final = 100_000
"""Characters of a message that are kept."""
MOST: Final = {LetterSource.EVENTS: MOST_EVENTS, LetterSource.ITEMS: MOST_ROWS, LetterSource.STOCK: MOST_ROWS}
NAMES: Final[Mapping[LetterSource, str]] = {
    LetterSource.EVENTS: "events",
    LetterSource.ITEMS: "items",
    LetterSource.STOCK: "stock",
}
"""How a body names its list."""


class StreamMessage(NamedTuple):
    """One message. `body`: None where a compacted topic deleted it."""

    part: Part
    offset: int
    body: bytes | None

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.part[0]}/{self.part[1]}/{self.offset}"


class StreamRow(NamedTuple):
    """A row of a message: as sent, and as a model."""

    message: StreamMessage
    number: int
    sent: Any
    model: BaseModel


def read_rows(source: LetterSource, message: StreamMessage) -> tuple[list[StreamRow], list[NewLetter]]:
    """Read a message: its rows, and a letter for each that is none."""
    try:
        sent = list_sent(source, message.body)
    except BadInput as wrong:
        return [], [bury_message(source, message, LetterCode(wrong.reason))]
    rows, letters = [], []
    for index, one in enumerate(sent):
        try:
            rows.append(StreamRow(message, index, one, parse_row(source, one)))
        except ValidationError as invalid:
            field = find_fault(invalid).field
            letters.append(bury_row(source, message, index, one, LetterCode.INVALID, field))
    return rows, letters


def list_sent(source: LetterSource, body: bytes | None) -> list[Any]:
    """List what a body holds: one row, a list, or a list by its name. Raises BadInput whose reason is a code."""
    try:
        sent = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        raise BadInput(LetterCode.NOT_JSON) from None
    if isinstance(sent, dict):
        sent = sent[NAMES[source]] if set(sent) == {NAMES[source]} else [sent]
    if not isinstance(sent, list):
        raise BadInput(LetterCode.WRONG_SHAPE)
    if len(sent) > MOST[source]:
        raise BadInput(LetterCode.NO_ROOM)
    return sent


def parse_row(source: LetterSource, sent: Any) -> BaseModel:
    """Parse one row. Raises ValidationError."""
    if source is LetterSource.EVENTS:
        of_visit = isinstance(sent, dict) and "session_id" in sent
        return VisitEvent.model_validate(sent) if of_visit else parse_event(sent)
    return KINDS["catalogue" if source is LetterSource.ITEMS else "stock"].parse(sent, None)


def bury_row(
    source: LetterSource, message: StreamMessage, index: int, sent: Any, code: LetterCode, field: str
) -> NewLetter:
    """Make the letter of a row. What is about an erased client, or a visitor who did not agree to be remembered, is not
    kept."""
    client_id = sent.get("client_id") if isinstance(sent, dict) else None
    secret = code is LetterCode.ERASED or field == "session_id"
    body = None if secret else orjson.dumps(sent).decode().replace("\0", "")[:LONGEST]
    place = message.place if index == 0 else f"{message.place}#{index}"
    fits = isinstance(client_id, str) and 0 < len(client_id) <= 64 and "\0" not in client_id
    return NewLetter(_name(place), source, place, code, name_field(field), client_id if fits else None, body)


def bury_message(source: LetterSource, message: StreamMessage, code: LetterCode) -> NewLetter:
    """Make the letter of a whole message."""
    text = (message.body or b"").decode("utf-8", "replace").replace("\0", "")[:LONGEST]
    return NewLetter(_name(message.place), source, message.place, code, "", None, text)


def _name(place: str) -> str:
    """Name a letter by its place, so that a message that is read again makes no second one."""
    return hashlib.sha256(place.encode()).hexdigest()[:32]
