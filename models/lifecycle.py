"""What workflows and activities say to each other: ids, codes and small numbers, never names, addresses or text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from models.base import CampaignSlug, ClientId, Contract
from models.campaign import CampaignProgress
from models.clients import ClientPolicy
from models.clock import Clock
from models.states import Band, HoldSource, OutreachState, Overdue, Phase, TouchKind

Reason = Annotated[str, Field(max_length=120)]


# --- ClientLifecycle -------------------------------------------------------------------------------------------------


class Command(Contract):
    """Something a signal or update asked for, kept until the next assessment applies it to the store."""

    kind: Literal["pause", "resume", "adjust"]
    source: HoldSource = HoldSource.OPERATOR
    overdue: Overdue = Overdue.REPLAN
    policy: ClientPolicy | None = None
    reason: Reason = ""
    at: datetime
    """Real time at which the workflow took it."""


class AssessRequest(Contract):
    """Ask where a client stands and what is due. `at` is the workflow's real now."""

    client_id: ClientId
    at: datetime
    commands: tuple[Command, ...] = ()


class NextOutreach(Contract):
    """An outreach to start, already in the ledger as `n`."""

    n: int
    kind: TouchKind
    campaign: CampaignSlug | None = None
    composer: Literal["house", "model"] = "house"


class Assessment(Contract):
    """The one score that everything downstream carries, and what the workflow is to do next."""

    id: str
    clock: Clock
    phase: Phase
    band: Band
    score: float
    crosses_at: datetime | None = None
    wake_at: datetime
    """Business time at which to ask again if nothing happens."""
    start: NextOutreach | None = None
    wake: NextOutreach | None = None
    """A parked outreach whose turn has come."""
    wake_overdue: Overdue = Overdue.REPLAN
    next_touch_at: datetime | None = None
    why_not: str = ""
    """One plain sentence without personal data."""
    held: tuple[str, ...] = ()
    chosen: str = ""
    """What an algorithm of the slot `next_action` chose at this look, and which; empty: none was asked."""


class LifecycleState(Contract):
    """All that a client's workflow carries through continue-as-new."""

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


class Nudge(Contract):
    """Something changed; ask the store."""

    reason: Reason = ""


class Finished(Contract):
    """An outreach reached a state in which it gives up the client's turn."""

    n: int
    state: OutreachState


# --- Outreach --------------------------------------------------------------------------------------------------------


class OutreachInput(Contract):
    client_id: ClientId
    n: int
    kind: TouchKind
    composer: Literal["house", "model"]
    clock: Clock
    campaign: CampaignSlug | None = None


class OutreachStep(Contract):
    """Ask for one step of one outreach. `at` is the workflow's real now."""

    client_id: ClientId
    n: int
    at: datetime
    overdue: Overdue = Overdue.REPLAN
    """For a parked mail whose turn has come: what to do about being late."""


class StepDone(Contract):
    """What a step led to. `next_at` is business time: when to go on, for `scheduled` and `parked`."""

    state: OutreachState
    clock: Clock
    next_at: datetime | None = None
    code: str = ""
    """Why, in one stable word."""
    reported: bool = False
    """Whether the client's workflow was told already that the turn is free."""


class Conclusion(Contract):
    """What a person or signal asked to be done with one mail."""

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


class PolicyRequest(Contract):
    client_id: ClientId
    policy: ClientPolicy


class Decision(Contract):
    """A person's answer to an outreach that awaits one. An edit is saved first and travels by id."""

    verdict: Literal["approve", "edit", "reject"]
    edit_id: str | None = None
    by: str = Field(default="", max_length=64)


class OutreachStatus(Contract):
    client_id: ClientId
    n: int
    kind: TouchKind
    state: OutreachState
    next_at: datetime | None = None
    code: str = ""
    refused_signals: tuple[str, ...] = ()


# --- Campaign --------------------------------------------------------------------------------------------------------


class CampaignInput(Contract):
    slug: CampaignSlug
    progress: CampaignProgress | None = None
    commands: tuple[CampaignCommand, ...] = ()
    runs: int = 1


class CampaignCommand(Contract):
    kind: Literal["pause", "resume", "adjust", "end"]
    overdue: Overdue = Overdue.REPLAN
    reason: Reason = ""
    change: dict[str, Any] = Field(default_factory=dict)


class CampaignStep(Contract):
    """Ask for one round of a campaign: apply commands, enrol or drain up to a minute's share, count."""

    slug: CampaignSlug
    at: datetime
    commands: tuple[CampaignCommand, ...] = ()
    quiet_rounds: int = 0
    """Rounds in a row that found nothing to enrol or drain; the more, the longer until the next."""


class CampaignRound(Contract):
    """What a round did. `wait` is real seconds until the next; None: nothing to do until a signal or `ends_at`."""

    progress: CampaignProgress
    clock: Clock
    moved: bool = False
    """Whether there was anything to enrol or drain."""
    wait: float | None = None
    ends_at: datetime | None = None


CampaignInput.model_rebuild()
