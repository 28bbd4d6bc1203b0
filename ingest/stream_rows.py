"""Reads the rows out of a message of a stream: the JSON bodies that the API takes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Final, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

from domain.dead_letters import name_field
from errors import BadInput
from ingest.faults import find_fault
from ingest.kinds import KINDS, parse_event
from models.base import ID_PATTERN
from models.dead_letters import LetterCode, LetterSource
from models.events import MOST_EVENTS
from models.goods import MOST_ROWS
from models.visits import VisitEvent
from store.events.dead_letters import NewLetter
from store.events.stream_offsets import Part

LONGEST: Final = 100_000
"""Characters of a message that are kept."""
HEAVIEST: Final = 4_000_000
"""Bytes of messages that are taken in by one transaction, unless a single one has more."""
MOST: Final = {LetterSource.EVENTS: MOST_EVENTS, LetterSource.ITEMS: MOST_ROWS, LetterSource.STOCK: MOST_ROWS}
NAMES: Final[Mapping[LetterSource, str]] = {
    LetterSource.EVENTS: "events",
    LetterSource.ITEMS: "items",
    LetterSource.STOCK: "stock",
}
"""How a body names its list."""
_OF_VISIT: Final = "session_id"
_OF_CLIENT: Final = "client_id"


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


def cut_batches(messages: Iterable[StreamMessage]) -> Iterator[list[StreamMessage]]:
    """Cut messages into batches of HEAVIEST bytes at most, since a message may hold a thousand rows."""
    batch: list[StreamMessage] = []
    weight = 0
    for message in messages:
        size = len(message.body or b"")
        if batch and weight + size > HEAVIEST:
            yield batch
            batch, weight = [], 0
        batch.append(message)
        weight += size
    if batch:
        yield batch


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


def bury_failed(source: LetterSource, message: StreamMessage) -> list[NewLetter]:
    """Make the letters of a message whose taking in failed: of events one for each row, since each has its own client;
    of goods one for all."""
    if source is not LetterSource.EVENTS:
        return [bury_message(source, message, LetterCode.FAILED)]
    try:
        rows, letters = read_rows(source, message)
        return letters + [bury_row(source, message, row.number, row.sent, LetterCode.FAILED, "") for row in rows]
    except Exception:  # what is nested too deep can be read, and not be written again
        return [bury_message(source, message, LetterCode.FAILED)]


def bury_row(
    source: LetterSource, message: StreamMessage, index: int, sent: Any, code: LetterCode, field: str
) -> NewLetter:
    """Make the letter of a row. Of an event it is kept what it said where it is about one client, with whom it can be
    erased; of visits nothing is, whatever is wrong with them: nobody may have agreed, and a visit lasts hours."""
    text = orjson.dumps(sent).decode().replace("\0", "")
    client_id = sent.get(_OF_CLIENT) if isinstance(sent, dict) else None
    named = client_id if isinstance(client_id, str) and re.fullmatch(ID_PATTERN, client_id) else None
    homeless = named is None and (source is LetterSource.EVENTS or _OF_CLIENT in text)
    secret = code is LetterCode.ERASED or homeless or _OF_VISIT in text
    place = message.place if index == 0 else f"{message.place}#{index}"
    return NewLetter(_name(place), source, place, code, name_field(field), named, None if secret else text[:LONGEST])


def bury_message(source: LetterSource, message: StreamMessage, code: LetterCode) -> NewLetter:
    """Make the letter of a whole message. It cannot be read whom it is about: of events nothing is kept of it, nor
    where it speaks of clients or visits."""
    text = (message.body or b"").decode("utf-8", "replace").replace("\0", "")
    secret = source is LetterSource.EVENTS or _OF_CLIENT in text or _OF_VISIT in text
    return NewLetter(_name(message.place), source, message.place, code, "", None, None if secret else text[:LONGEST])


def hide_erased(letters: Sequence[NewLetter], erased: Set[str]) -> list[NewLetter]:
    """Take out of letters what they say of erased clients, whatever else is wrong with them."""
    return [
        one._replace(code=LetterCode.ERASED, field=_OF_CLIENT, client_id=None, body=None)
        if one.client_id in erased
        else one
        for one in letters
    ]


def _name(place: str) -> str:
    """Name a letter by its place, so that a message that is read again makes no second one."""
    return hashlib.sha256(place.encode()).hexdigest()[:32]
