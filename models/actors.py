"""Who changes something, and the record of what they changed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from models.base import ONE_LINE, ClientId, Contract

ActorName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=ONE_LINE)]


class Role(StrEnum):
    """What somebody is to the shop. domain/permissions.py says what each role may do."""

    VIEWER = "viewer"
    MARKETER = "marketer"
    STYLIST = "stylist"
    DATA_SCIENTIST = "data_scientist"
    OPERATOR = "operator"
    OWNER = "owner"
    CLIENT = "client"
    """The client themselves, by a signed link of their own mail."""


class Channel(StrEnum):
    """The way by which a change came in."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    TEMPORAL = "temporal"
    MCP = "mcp"
    """A person's agent, by the Model Context Protocol."""
    SYSTEM = "system"


class Actor(Contract):
    """Who asks for a change: a name, a role, and the channel."""

    who: ActorName
    role: Role
    channel: Channel
    only: frozenset[str] | None = Field(default=None, exclude=True)
    """What a key was limited to, of what its role may do. Checked where the key comes in; never stored."""


TEMPORAL: Final = Actor(who="temporal", role=Role.OPERATOR, channel=Channel.TEMPORAL)
"""Whoever sent a signal or an update to a workflow: Temporal does not say who."""

SYSTEM: Final = Actor(who="selvedge", role=Role.OPERATOR, channel=Channel.SYSTEM)
"""Our own processes, as when a stream of events comes in."""


class SubjectKind(StrEnum):
    """What a change is about."""

    CLIENT = "client"
    CAMPAIGN = "campaign"
    SEGMENT = "segment"
    OFFER = "offer"
    FIX = "fix"
    WAVE = "wave"
    CALL = "call"
    MAIL = "mail"
    SLOT = "slot"
    FLAG = "flag"
    MODEL = "model"
    REFRESH = "refresh"
    DATA = "data"
    ACCOUNT = "account"
    KEY = "key"
    WEBHOOK = "webhook"


class Subject(Contract):
    """What a change is about: its kind and id, and the client whom it concerns, if it is one."""

    kind: SubjectKind
    id: Annotated[str, Field(max_length=80)]
    client_id: ClientId | None = None


class Activity(Contract):
    """One change on record. `at` is business time, `real_at` real time. `data` holds codes and counts, no personal
    data."""

    id: int
    at: datetime
    real_at: datetime
    actor: Actor
    action: str
    subject: Subject
    data: dict[str, Any] = Field(default_factory=dict)
