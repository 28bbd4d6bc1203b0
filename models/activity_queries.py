"""What somebody looks for in the Activity log."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.actors import Activity, Channel, SubjectKind
from models.base import Contract, StrictInput, Utc


class ActivityQuery(StrictInput):
    """Which changes to list, the latest first. Empty: any.

    `client`: those about a client, with their Fixes, calls and mails; `before`: only those before the row of this id,
    for the next page; `since` and `until` are real time.
    """

    who: Annotated[str, Field(max_length=64)] = ""
    action: Annotated[str, Field(max_length=32)] = ""
    """As it stands in the log, or its beginning: `fix.` or `fix.decide`."""
    kind: SubjectKind | None = None
    id: Annotated[str, Field(max_length=80)] = ""
    """Of the subject of this kind."""
    client: Annotated[str, Field(max_length=64)] = ""
    channel: Channel | None = None
    since: Utc | None = None
    until: Utc | None = None
    before: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class ActivityPage(Contract):
    """Changes, the latest first. `before` leads to the next page, if there is one."""

    changes: tuple[Activity, ...]
    before: int | None
