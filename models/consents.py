"""What a client has agreed to: mail, personalisation, measurement, each with when and where they said so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from models.base import ONE_LINE, Contract

ConsentSource = Annotated[str, Field(min_length=1, max_length=32, pattern=ONE_LINE)]
"""Where it was said: `shop` (the shop's systems and files, unless they name a place of their own), or `quiz`,
`preferences`, `unsubscribe`, `stay`, `complaint` for what clients do by the links in our mail."""


class Purpose(StrEnum):
    """What a client may agree to or refuse, each by itself."""

    MAIL = "mail"
    PERSONALISATION = "personalisation"
    """Their own behaviour and answers choose what they are shown and told."""
    MEASUREMENT = "measurement"
    """Whether and when they open a mail is recorded."""


OTHER_PURPOSES = (Purpose.PERSONALISATION, Purpose.MEASUREMENT)
"""Those that the client's page asks for; mail has columns of its own."""


class ConsentRecord(Contract):
    """The last word of a client about one purpose. None as `at`: before times were recorded."""

    agreed: bool
    at: datetime | None = None
    source: str = ""


Purposes = Mapping[Purpose, ConsentRecord]
"""A purpose that is absent was never asked for."""


def parse_purposes(stored: Mapping[str, Any]) -> Purposes:
    """Parse the purposes as the client's row holds them."""
    return {Purpose(name): ConsentRecord.model_validate(record) for name, record in stored.items()}


def dump_purposes(purposes: Purposes) -> dict[str, Any]:
    """Dump the purposes as the client's row holds them."""
    return {str(name): record.model_dump(mode="json") for name, record in sorted(purposes.items())}
