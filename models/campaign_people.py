"""The clients of a campaign, one by one: where each stands, why, and until when."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from models.base import CampaignSlug, ClientId, Contract, StrictInput
from models.states import Arm, EnrolmentState, OutreachState


class CampaignPerson(Contract):
    """One client of a campaign. `code` is a stable word, `why` a sentence; nothing personal."""

    client_id: ClientId
    entry: str
    state: EnrolmentState
    code: str = ""
    why: str = ""
    since: datetime
    until: datetime | None = None
    """When it may go on by itself; None: nobody can say."""
    n: int | None = None
    """The number of their mail."""
    mail_state: OutreachState | None = None
    arm: Arm
    may_retry: bool = False


class CampaignPeople(Contract):
    """A page of the clients of a campaign, in the order of their ids. `after`: ask on with it; None: these were all."""

    people: tuple[CampaignPerson, ...]
    after: ClientId | None = None


class EnrolOrder(StrictInput):
    """The clients who are to enter."""

    client_ids: tuple[ClientId, ...] = Field(min_length=1, max_length=1_000)


class EnrolResult(Contract):
    """What came of it: how many enter, how many are held out to measure the campaign, and why not the others
    (client -> sentence)."""

    slug: CampaignSlug
    enrolled: int = 0
    held_out: int = 0
    refused: dict[ClientId, str] = Field(default_factory=dict)


class RetryOrder(StrictInput):
    """Which clients are to be tried again: these, or all whose reason is `code`, or all who may be."""

    client_ids: tuple[ClientId, ...] = Field(default=(), max_length=1_000)
    code: str = Field(default="", max_length=64)


class RetryResult(Contract):
    """What came of it: who is tried again, and why not the others (client -> sentence)."""

    slug: CampaignSlug
    retried: int
    refused: dict[ClientId, str] = Field(default_factory=dict)
