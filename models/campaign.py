"""A campaign as its owner defines it, its signals, and the messages between its workflow and activities."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from models.base import CampaignSlug, Contract, Id, Reason, StrictInput, Utc
from models.clock import Clock
from models.drafts import ReviewPolicy
from models.events import Label
from models.guardrails import Guardrails
from models.mail import Autonomy
from models.segments import Filter, FilterText
from models.states import CampaignState, Overdue, Phase


class Audience(StrictInput):
    """Who is mailed: clients in any of `phases` (empty: all) who carry all of `tags` and whom the filter holds."""

    phases: tuple[Phase, ...] = ()
    tags: tuple[Label, ...] = ()
    filter: Filter | FilterText | None = None
    """A filter, as text or tree (docs/segments.md)."""
    segment: Id | None = None
    """The saved segment whose filter it takes, as the segment stands when the campaign is created."""


class CampaignSpec(StrictInput):
    """The definition of a campaign."""

    slug: CampaignSlug
    name: str = Field(min_length=1, max_length=120)
    message: str = Field(default="", max_length=1_000)
    """What the campaign wants to say, in the owner's words; the writer builds on it."""
    voice: str = Field(default="", max_length=300)
    audience: Audience = Audience()
    throughput_per_minute: int = Field(default=60, ge=1, le=100_000)
    """Clients enrolled, or drained after a pause, in one real minute."""
    priority: int = Field(default=50, ge=0, le=100)
    entry: Label = "1"
    """A client is mailed once per campaign and entry."""
    control_share: float = Field(default=0.1, ge=0, le=0.5)
    """The share of enrolled clients in the holdout, who are not mailed so that the lift can be measured."""
    window_days: int = Field(default=14, ge=1, le=90)
    """Days after enrolment for which orders count for the lift."""
    ends_at: Utc | None = None
    """From then on nobody enters and no mail leaves; None: after `expires_days`."""
    expires_days: int = Field(default=30, ge=0, le=3_650)
    """Days after its start at which it ends where `ends_at` names no moment; 0: never."""
    review: ReviewPolicy = "none"
    """Which of its mails a person lets out: `none`, `all`, or the first so many, as in `sample:20`."""
    autonomy: Autonomy | None = None
    """How free the writer of its mails is; none: as the setting for campaigns says."""
    offer: Id | None = None
    """The offer that its mails state, in a block of its own. It stays while the campaign runs."""
    guardrails: Guardrails = Guardrails()
    """What pauses it by itself."""


class CampaignChange(StrictInput):
    """What `adjust` and `set_policy` may change while a campaign runs."""

    throughput_per_minute: int | None = Field(default=None, ge=1, le=100_000)
    message: str | None = Field(default=None, max_length=1_000)
    voice: str | None = Field(default=None, max_length=300)
    priority: int | None = Field(default=None, ge=0, le=100)
    ends_at: Utc | None = None
    expires_days: int | None = Field(default=None, ge=0, le=3_650)
    review: ReviewPolicy | None = None
    guardrails: Guardrails | None = None

    def list_changes(self) -> dict[str, Any]:
        """List the fields that change, as JSON; of the guardrails those that are named."""
        values = {name: value for name, value in self.model_dump(mode="json").items() if value is not None}
        if self.guardrails is not None:
            values["guardrails"] = self.guardrails.model_dump(exclude_unset=True)
        return values

    @model_validator(mode="before")
    @classmethod
    def _arms_stay(cls, values: Any) -> Any:
        if isinstance(values, dict) and (fixed := {"control_share", "window_days"} & set(values)):
            raise ValueError(
                f"{min(fixed)} stays as the campaign was created with: clients enrolled under two shares or windows "
                "cannot be compared; create another campaign"
            )
        return values


class CampaignProgress(Contract):
    """The answer to the query `progress`; all numbers are counted rows."""

    slug: CampaignSlug
    state: CampaignState
    epoch: int = 0
    enrolled: int = 0
    pending: int = 0
    """Enrolled, and waiting for their client's turn."""
    under_way: int = 0
    """Mails being written, reviewed, scheduled, sent or parked."""
    sent: int = 0
    parked: int = 0
    bounced: int = 0
    complained: int = 0
    stopped: int = 0
    """Mails that ended without being sent."""
    dropped: int = 0
    """Enrolled clients who may not be mailed, or were left when the campaign ended."""
    held_out: int = 0
    """Clients in the holdout."""
    refused_signals: tuple[str, ...] = ()


class SteeredCampaign(CampaignProgress):
    """What came of an order: where the campaign stands after it."""

    said: tuple[str, ...] = ()
    """What the order means and from when it holds, in plain sentences."""


class CloneOrder(StrictInput):
    """What a clone of a campaign is called: its `slug`, and its `name` for people; empty: that of the first, copy."""

    slug: CampaignSlug
    name: str = Field(default="", max_length=120)


class PauseRequest(StrictInput):
    """The input of the signal `pause`: `{"reason": "stock"}`. The reason is a short word for people; it is shown, never
    parsed."""

    reason: str = Field(default="", max_length=120)


class ResumeRequest(StrictInput):
    """The input of the signal `resume`: `{"overdue": "replan"}` says what becomes of mail that fell due meanwhile."""

    overdue: Overdue = Overdue.REPLAN
    reason: str = Field(default="", max_length=120)


class CampaignCommand(Contract):
    kind: Literal["pause", "resume", "adjust", "end"]
    overdue: Overdue = Overdue.REPLAN
    reason: Reason = ""
    change: dict[str, Any] = Field(default_factory=dict)


class CampaignInput(Contract):
    slug: CampaignSlug
    progress: CampaignProgress | None = None
    commands: tuple[CampaignCommand, ...] = ()
    runs: int = 1


class CampaignStep(Contract):
    """Asks for one round of a campaign: apply commands, enrol or drain up to a minute's share, count."""

    slug: CampaignSlug
    at: datetime
    commands: tuple[CampaignCommand, ...] = ()
    quiet_rounds: int = 0
    """Rounds in a row that found nothing to enrol or drain; the more, the longer until the next."""


class CampaignRound(Contract):
    """The result of a round. `wait` is real seconds until the next; None: nothing to do until a signal or `ends_at`."""

    progress: CampaignProgress
    clock: Clock
    moved: bool = False
    """Whether there was anything to enrol or drain."""
    wait: float | None = None
    ends_at: datetime | None = None
    lanes: int = 0
    """Parts of a broadcast that may be under way at once; 0: nobody waits for one."""
    leased: bool = False
    """Whether a part has mails in hand."""
