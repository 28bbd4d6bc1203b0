"""The steps of a campaign: mail, waits, a branch, a call, a stop; and the spans of time in which they are written."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from models.base import Contract, Id, ItemId, StrictInput
from models.campaign import Audience
from models.drafts import ReviewPolicy
from models.events import Label
from models.mail import Autonomy
from models.states import TouchKind

END: Final = "end"
"""The target of a step after which nothing follows."""
ACTIONS: Final = ("mail", "wait", "wait_for", "branch", "call", "stop")
_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
SPAN: Final = r"^[1-9][0-9]{0,3}[mhdw]$"


def _parse_span(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.match(SPAN, value.strip()):
        raise ValueError("is no span of time; write a number and m, h, d or w, such as 90m, 4h, 3d or 2w")
    text = value.strip()
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def format_span(span: timedelta) -> str:
    """Format a span in the largest unit that says it exactly."""
    seconds = int(span.total_seconds())
    unit = next(unit for unit in ("w", "d", "h", "m") if seconds % _UNITS[unit] == 0 or unit == "m")
    return f"{seconds // _UNITS[unit]}{unit}"


Span = Annotated[
    timedelta,
    BeforeValidator(_parse_span),
    Field(le=timedelta(days=400)),
    PlainSerializer(format_span, return_type=str),
    WithJsonSchema({"type": "string", "pattern": SPAN}),
]
"""A span of time, written as 90m, 4h, 3d or 2w."""

StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""The name of a step within its campaign. It stays the same from version to version: by it clients keep their place."""

EventType = Literal[
    "signed_up",
    "quiz_answered",
    "item_viewed",
    "item_clicked",
    "added_to_cart",
    "searched",
    "wishlisted",
    "order_placed",
    "order_returned",
    "fix_requested",
    "fix_feedback",
    "email_opened",
    "email_clicked",
]
"""The events that a campaign may wait for; opens and clicks are those of people."""


class ItemOccasionKind(StrEnum):
    """What happens to an item that lets clients enter."""

    BACK_IN_STOCK = "back_in_stock"
    PRICE_DROP = "price_drop"


class Variant(StrictInput):
    """Another message of a mail, and the share of its clients who get it."""

    name: Label
    share: float = Field(gt=0, lt=1)
    message: str = Field(min_length=1, max_length=1_000)
    offer: Id | None = None
    """The offer that it states; none: that of the mail, if it has one."""


class JourneyMail(StrictInput):
    """A mail. What it shows: `items`, else the item that the entry is about (`show_entry_item`), then what the ranking
    picks, of `category` alone where that is set."""

    kind: TouchKind = TouchKind.CAMPAIGN
    message: str = Field(default="", max_length=1_000)
    """What it wants to say, in the owner's words; the writer builds on it."""
    voice: str = Field(default="", max_length=300)
    show_entry_item: bool = False
    items: tuple[ItemId, ...] = Field(default=(), max_length=4)
    category: str = Field(default="", max_length=64)
    autonomy: Autonomy | None = None
    """How free the writer is; none: as the campaign says."""
    review: ReviewPolicy | None = None
    offer: Id | None = None
    """The offer that it states, in a block of its own."""
    variants: tuple[Variant, ...] = Field(default=(), max_length=4)

    @model_validator(mode="after")
    def _leave_a_share(self) -> JourneyMail:
        if sum(variant.share for variant in self.variants) >= 1:
            raise ValueError("the shares of the variants leave nobody for the message itself; they add up to 1 or more")
        return self


class EventWait(StrictInput):
    """Waits for an event, at most `within`. `then`: the step after it; `otherwise`: the step when it does not come."""

    event: EventType
    within: Span
    then: StepId | None = None
    otherwise: StepId | None = None


class Branch(StrictInput):
    """Goes on at `then` with clients who are in `when` now, with the others at `otherwise`."""

    when: Audience
    then: StepId | None = None
    otherwise: StepId | None = None


class CallStep(StrictInput):
    """Puts the client on the list of calls that stylists make, if the day has room."""

    within: Span = timedelta(days=3)


class JourneyStep(StrictInput):
    """One step: its name and exactly one action."""

    id: StepId
    mail: JourneyMail | None = None
    wait: Span | None = None
    wait_for: EventWait | None = None
    branch: Branch | None = None
    call: CallStep | None = None
    stop: Literal[True] | None = None

    @model_validator(mode="after")
    def _have_one_action(self) -> JourneyStep:
        given = [name for name in ACTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"a step does one thing of {', '.join(ACTIONS)}; this has {said}")
        return self

    @property
    def action(self) -> str:
        """The name of what it does."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """The steps that it names, each with the field that names it."""
        forked = self.wait_for or self.branch
        if forked is None:
            return ()
        pairs = (("then", forked.then), ("otherwise", forked.otherwise))
        return tuple((f"{self.action}.{name}", target) for name, target in pairs if target is not None)


class QuietHours(StrictInput):
    """Hours of the client's own day in which no mail of the campaign begins or leaves; they lie around the shop's."""

    from_hour: int = Field(ge=0, le=23)
    until_hour: int = Field(ge=0, le=23)


class MailContent(Contract):
    """What the step of a campaign says of one mail, kept with the mail: a later version does not change it."""

    message: str = ""
    voice: str = ""
    items: tuple[ItemId, ...] = ()
    category: str = ""
    autonomy: Autonomy | None = None
    review: ReviewPolicy | None = None
    offer: Id | None = None
    variant: str = ""
    experiment: str = ""
    """The test between this mail's texts, where it has several; `variant` is the arm, empty for the message itself."""
    quiet_hours: QuietHours | None = None
    mails_per_week: int | None = None
    """The campaign's own cap."""
    follows: bool = False
    """Whether it answers what the client did: not for who refused that."""
    entry_item: ItemId | None = None
    """The item that it is about: no such mail leaves once that is sold out."""
