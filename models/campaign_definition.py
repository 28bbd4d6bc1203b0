"""A campaign as data: who enters and when, its steps, and the rules under which it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from models.base import CampaignSlug, Contract, StrictInput, Utc
from models.campaign import Audience, CampaignChange, CampaignSpec
from models.drafts import ReviewPolicy
from models.guardrails import Guardrails
from models.journey_steps import END, EventType, JourneyStep, QuietHours, Span, StepId
from models.mail import Autonomy
from models.phase_entry import PhaseEntry, fill_holdout, find_sequence_fault
from models.segment_words import AttributeName
from models.states import CampaignState, Phase

SCHEMA: Final = 1
MOST_STEPS: Final = 40


class NowEntry(StrictInput):
    """Everybody in the audience enters when the campaign starts; who joins the audience later enters then."""

    on: Literal["now"] = "now"


def _be_local(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        raise ValueError("is a time of the clock on the wall, so it has no offset; `zone` says whose clock")
    return moment


class TimeEntry(StrictInput):
    """Everybody in the audience enters at one time of the clock in the client's or the shop's zone."""

    on: Literal["time"]
    at: Annotated[datetime, AfterValidator(_be_local)]
    zone: Literal["client", "shop"] = "client"


class EveryEntry(StrictInput):
    """Everybody in the audience enters again and again, `every` so often from the start on."""

    on: Literal["every"]
    every: Annotated[Span, Field(ge=timedelta(days=1))]


class EventEntry(StrictInput):
    """A client enters `wait` after the last event of this type, unless one of `unless` came after it."""

    on: Literal["event"]
    event: EventType
    wait: Span | None = None
    unless: tuple[EventType, ...] = Field(default=(), max_length=8)


class BackInStockEntry(StrictInput):
    """A client enters `wait` after an item came back into stock for which they wished within `wished_within`, and which
    they have not ordered since."""

    on: Literal["back_in_stock"]
    wished_within: Span = timedelta(days=365)
    wait: Span | None = None


class PriceDropEntry(StrictInput):
    """A client enters `wait` after the price of such an item fell by `at_least` of it or more."""

    on: Literal["price_drop"]
    at_least: float = Field(default=0.1, gt=0, lt=1)
    wished_within: Span = timedelta(days=365)
    wait: Span | None = None


def _be_whole_days(span: timedelta) -> timedelta:
    if span % timedelta(days=1):
        raise ValueError("is counted in whole days, such as 3d or 2w")
    return span


Days = Annotated[Span, AfterValidator(_be_whole_days)]


class DateEntry(StrictInput):
    """A client enters on the day that an attribute of theirs names, in their own zone, or so many days `before` or
    `after`; every year, or once where the day is no birthday but a moment (`yearly: false`)."""

    on: Literal["date"]
    attribute: AttributeName
    before: Days | None = None
    after: Days | None = None
    yearly: bool = True

    @model_validator(mode="after")
    def _be_on_one_side(self) -> DateEntry:
        if self.before and self.after:
            raise ValueError("give before or after, not both")
        return self

    @property
    def offset_days(self) -> int:
        """Days from the day of the attribute to the entry."""
        return (self.after or timedelta()).days - (self.before or timedelta()).days


ItemEntry = BackInStockEntry | PriceDropEntry
Entry = Annotated[
    NowEntry | TimeEntry | EveryEntry | EventEntry | BackInStockEntry | PriceDropEntry | DateEntry | PhaseEntry,
    Field(discriminator="on"),
]


class Exits(StrictInput):
    """What ends a client's way early. Opt-out, erasure and removal by a person always do."""

    goal: EventType | None = None
    """The event that the campaign is for; from the entry on."""
    left_audience: bool = False


class Caps(StrictInput):
    """Tighter than the shop's: at most so many mails a week, whatever they are, before one of this campaign."""

    mails_per_week: int = Field(ge=1, le=7)


class CampaignDefinition(StrictInput):
    """One version of a campaign."""

    schema_version: Literal[1] = SCHEMA
    slug: CampaignSlug
    name: str = Field(min_length=1, max_length=120)
    audience: Audience = Audience()
    entry: Entry = NowEntry()
    steps: tuple[JourneyStep, ...] = Field(min_length=1, max_length=MOST_STEPS)
    exits: Exits = Exits()
    re_entry: Span | Literal["never"] = "never"
    """How long after a client entered they may enter again."""
    voice: str = Field(default="", max_length=300)
    priority: int = Field(default=50, ge=0, le=100)
    caps: Caps | None = None
    quiet_hours: QuietHours | None = None
    window_days: int = Field(default=14, ge=1, le=90)
    """Days after a client's entry for which orders count for the lift."""
    ends_at: Utc | None = None
    expires_after: Span = timedelta(days=30)
    """A client who is still on the way then leaves; a campaign that its audience enters once is over then."""
    holdout: float = Field(default=0.1, ge=0, le=0.5)
    guardrails: Guardrails = Guardrails()
    """What pauses it by itself."""
    throughput_per_minute: int = Field(default=60, ge=1, le=100_000)
    autonomy: Autonomy | None = None
    review: ReviewPolicy = "none"
    approval: Literal["anyone", "someone_else"] = "anyone"
    """Who approves: anyone with the right, or not whoever submitted it."""

    @model_validator(mode="before")
    @classmethod
    def _take_holdout(cls, values: Any) -> Any:
        return fill_holdout(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _lead_forward(self) -> CampaignDefinition:
        places = {step.id: index for index, step in enumerate(self.steps)}
        for index, step in enumerate(self.steps):
            if places[step.id] != index:
                raise ValueError(f"steps[{index}].id: {step.id} names another step too")
            if step.id == END:
                raise ValueError(f"steps[{index}].id: {END} is where a campaign ends; choose another name")
            for field, target in step.targets:
                _require_later(index, field, target, places)
        if not any(step.mail or step.call for step in self.steps):
            raise ValueError("steps: no step mails or calls anybody")
        if isinstance(self.entry, PhaseEntry):
            fields = type(self).model_fields
            changed = [name for name in fields if getattr(self, name) != fields[name].get_default()]
            if fault := find_sequence_fault(Phase(self.entry.phase), changed, self.holdout, self.steps):
                raise ValueError(fault)
        return self

    def build_spec(self) -> CampaignSpec:
        """Build the terms that it shares with a campaign of one mail: its row, its counts and its lift rest on them."""
        ends_by_itself = isinstance(self.entry, NowEntry | TimeEntry)
        first = next((step.mail for step in self.steps if step.mail), None)
        audience = self.audience
        if isinstance(self.entry, PhaseEntry):
            audience = Audience(phases=(Phase(self.entry.phase),))
        return CampaignSpec(
            slug=self.slug,
            name=self.name,
            message=first.message if first else "",
            voice=self.voice,
            audience=audience,
            throughput_per_minute=self.throughput_per_minute,
            priority=self.priority,
            control_share=self.holdout,
            window_days=self.window_days,
            ends_at=self.ends_at,
            expires_days=max(1, self.expires_after.days) if ends_by_itself else 0,
            review=self.review,
            autonomy=self.autonomy,
            guardrails=self.guardrails,
        )


def _require_later(index: int, field: str, target: StepId, places: dict[str, int]) -> None:
    if target != END and target not in places:
        known = ", ".join([*places, END])
        raise ValueError(f"steps[{index}].{field}: no step is called {target}; there are {known}")
    if target != END and places[target] <= index:
        raise ValueError(f"steps[{index}].{field}: {target} stands before this step; a campaign only leads forward")


class CampaignVersion(Contract):
    """One version as it is stored, without its definition. `campaign`: the state of the whole campaign."""

    slug: CampaignSlug
    version: int
    state: str
    digest: str
    campaign: CampaignState
    start_at: datetime | None = None
    created_by: str = ""
    submitted_by: str = ""
    decided_by: str = ""
    said: tuple[str, ...] = ()
    """What its owner is to know, in plain sentences; said when it is saved."""


class StoredDefinition(Contract):
    """What one version of a campaign says, as it may be sent again."""

    slug: CampaignSlug
    version: int
    definition: dict[str, Any]


class CampaignVersionList(Contract):
    """The versions of one campaign, the newest first."""

    versions: tuple[CampaignVersion, ...]


class CampaignAdjustment(CampaignChange):
    """What somebody changes while a campaign runs. `step`: the mail of a campaign of several steps that `message` and
    `voice` are for."""

    step: StepId | None = None

    @model_validator(mode="after")
    def _say_words(self) -> CampaignAdjustment:
        if self.step is None:
            return self
        given = set(self.list_changes()) - {"step"}
        if others := given - {"message", "voice"}:
            raise ValueError(f"{min(others)}: is of the whole campaign; change it without a step")
        if not given:
            raise ValueError("step: give its message or its voice")
        return self


class SubmitOrder(StrictInput):
    """Asks for approval. `version`: the one that was read, refused where a newer one is there."""

    version: int | None = Field(default=None, ge=1)


class VersionDecision(StrictInput):
    """Approves exactly one version, or sends it back to its author."""

    version: int = Field(ge=1)
    verdict: Literal["approve", "send_back"] = "approve"


class ScheduleOrder(StrictInput):
    """When an approved campaign starts by itself, in business time."""

    start_at: Utc


class StartOrder(StrictInput):
    """Starts the approved version, or publishes it over the one that runs: clients in an older one `stay` with theirs
    or `move` at their next step; `send_to` says where those go whose next step is no more."""

    in_it: Literal["stay", "move"] = "stay"
    send_to: dict[StepId, StepId] = Field(default_factory=dict, max_length=MOST_STEPS)


class DefinitionCheck(Contract):
    """What is wrong with a definition, one sentence each; empty: nothing."""

    faults: tuple[str, ...]
