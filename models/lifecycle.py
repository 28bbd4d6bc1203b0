"""The messages between `ClientLifecycle` and its activities: ids, codes and small numbers, never names or text."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from models.base import CampaignSlug, ClientId, Contract, Reason, StrictInput, Utc
from models.clients import ClientPolicy
from models.clock import Clock
from models.states import Band, HoldSource, OutreachState, Overdue, Phase, TouchKind


class Command(Contract):
    """A request from a signal or update, kept until the next assessment applies it to the store."""

    kind: Literal["pause", "resume", "adjust"]
    source: HoldSource = HoldSource.OPERATOR
    overdue: Overdue = Overdue.REPLAN
    policy: ClientPolicy | None = None
    reason: Reason = ""
    until: datetime | None = None
    """Business time at which a pause ends by itself."""
    at: datetime
    """Real time at which the workflow received it."""


class AssessRequest(Contract):
    """Asks for an assessment: the client's phase and what is due. `at` is the workflow's real now."""

    client_id: ClientId
    at: datetime
    commands: tuple[Command, ...] = ()


class NextOutreach(Contract):
    """An outreach to start, already in the ledger as number `n`."""

    n: int
    kind: TouchKind
    campaign: CampaignSlug | None = None
    composer: Literal["house", "model"] = "house"


class Assessment(Contract):
    """The one score that everything downstream uses, and what the workflow is to do next."""

    id: str
    clock: Clock
    phase: Phase
    band: Band
    score: float
    crosses_at: datetime | None = None
    wake_at: datetime
    """Business time at which to ask again if nothing happens."""
    start: NextOutreach | None = None
    started: bool = False
    """Whether the workflow of `start` runs already, so that the client's need not start it."""
    wake: NextOutreach | None = None
    """A parked outreach whose turn has come."""
    wake_overdue: Overdue = Overdue.REPLAN
    next_touch_at: datetime | None = None
    why_not: str = ""
    """One plain sentence without personal data."""
    held: tuple[str, ...] = ()
    chosen: str = ""
    """What the slot `next_action` chose in this assessment, and which algorithm; empty: none was asked."""


class LifecycleState(Contract):
    """Everything that a client's workflow carries through continue-as-new."""

    client_id: ClientId
    assessment: Assessment | None = None
    commands: tuple[Command, ...] = ()
    nudged: bool = False
    refused: tuple[str, ...] = ()
    runs: int = 1


class LifecycleStatus(Contract):
    """The answer to the query `status`."""

    client_id: ClientId
    phase: Phase | None
    band: Band | None
    score: float | None
    next_touch_at: datetime | None
    wakes_at: datetime | None
    held: tuple[str, ...] = ()
    why_not: str = ""
    refused_signals: tuple[str, ...] = ()
    runs: int = 1


class Adjustment(StrictInput):
    """Another send time, in business time: `{"send_at": "2026-11-24T09:00:00Z"}`."""

    send_at: Utc


class Nudge(Contract):
    """The signal that something changed; the workflow reads the store."""

    reason: Reason = ""


class OutreachFinished(Contract):
    """The signal that an outreach has reached a state in which it gives up the client's turn."""

    n: int
    state: OutreachState
