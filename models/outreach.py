"""The messages between `Outreach` and its activities: ids, codes and small numbers, never names or text."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from models.base import CampaignSlug, ClientId, Contract
from models.clients import ClientPolicy
from models.clock import Clock
from models.states import OutreachState, Overdue, TouchKind


class OutreachInput(Contract):
    client_id: ClientId
    n: int
    kind: TouchKind
    composer: Literal["house", "model"]
    clock: Clock
    campaign: CampaignSlug | None = None


class OutreachStep(Contract):
    """Asks for one step of one outreach. `at` is the workflow's real now."""

    client_id: ClientId
    n: int
    at: datetime
    overdue: Overdue = Overdue.REPLAN
    """For a parked mail whose turn has come: what to do about being late."""


class StepDone(Contract):
    """The result of a step. `next_at` is business time: when to go on, for `scheduled` and `parked`."""

    state: OutreachState
    clock: Clock
    next_at: datetime | None = None
    code: str = ""
    """Why, as a stable word."""
    reported: bool = False
    """Whether the client's workflow already knows that the turn is free."""


class Conclusion(Contract):
    """What a person or a signal asked to be done with one mail."""

    client_id: ClientId
    n: int
    at: datetime
    to: Literal[
        OutreachState.PARKED,
        OutreachState.REJECTED,
        OutreachState.SCHEDULED,
        OutreachState.DRAFTED,
        OutreachState.FAILED,
    ]
    code: str
    send_at: datetime | None = None
    edit_id: str | None = None
    by: str = Field(default="", max_length=64)
    """Who decided."""


class PolicyRequest(Contract):
    client_id: ClientId
    policy: ClientPolicy


class OutreachDecision(Contract):
    """A person's decision on a mail in review. An edit is saved first and travels by id."""

    verdict: Literal["approve", "edit", "reject"]
    edit_id: str | None = None
    by: str = Field(default="", max_length=64)


class UnknownMailAnswer(Contract):
    """A person's word on a mail of which SMTP could not say whether it arrived, and how they know."""

    verdict: Literal["arrived", "resend"]
    because: Literal["server_log", "client_said", "other"] = "other"


class OutreachStatus(Contract):
    client_id: ClientId
    n: int
    kind: TouchKind
    state: OutreachState
    next_at: datetime | None = None
    code: str = ""
    refused_signals: tuple[str, ...] = ()
