"""What a client says about the purposes of consent on their own pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from models.clients import Client
from models.consents import OTHER_PURPOSES, ConsentSource, Purpose
from models.events import ConsentChanged


class PurposeQuestion(NamedTuple):
    """A purpose as a page asks about it. `agreed`: the last word; None: not asked yet."""

    name: Purpose
    title: str
    words: str
    agreed: bool | None
    at: datetime | None


_WORDS = {
    Purpose.PERSONALISATION: (
        "Choose for me",
        "What you tell us, look at and buy decides what we show you, what we write about, and when. "
        "With No you see what is new and popular, and get only our news.",
    ),
    Purpose.MEASUREMENT: (
        "See when I read",
        "We note when you open a mail, and write at the hour at which you read. With No we do not.",
    ),
}


def list_purposes(client: Client) -> list[PurposeQuestion]:
    """List the purposes that a page asks about, with what the client said last."""
    said = [(purpose, client.purposes.get(purpose)) for purpose in OTHER_PURPOSES]
    return [
        PurposeQuestion(p, *_WORDS[p], None if record is None else record.agreed, record.at if record else None)
        for p, record in said
    ]


def build_consent_events(
    client: Client, wanted: Mapping[Purpose, bool | None], source: ConsentSource, now: datetime
) -> Iterator[ConsentChanged]:
    """Build the events of what differs from the client's last word; one each, so that each purpose has its own."""
    for purpose, agreed in wanted.items():
        record = client.purposes.get(purpose)
        if agreed is None or (record is not None and record.agreed == agreed):
            continue
        before = "" if record is None else f"{record.agreed} {record.at}"
        key = sha256(f"{client.client_id} {purpose} {agreed} {before} {now}".encode()).hexdigest()[:40]
        yield ConsentChanged(
            event_id=f"said.{key}",
            client_id=client.client_id,
            occurred_at=now,
            consent=agreed,
            purposes=(purpose,),
            source=source,
        )
