"""The words of which filters of clients are made: fields, happenings, windows of time, counts."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from models.base import StrictInput

ATTRIBUTE_PATTERN: Final = r"^[a-z][a-z0-9_]{0,39}$"
AttributeName = Annotated[str, StringConstraints(pattern=ATTRIBUTE_PATTERN)]
"""The name of a custom attribute."""
AttributeField = Annotated[str, StringConstraints(pattern=r"^attr\.[a-z][a-z0-9_]{0,39}$")]
"""A custom attribute as a field of filters, such as `attr.points`."""

MOST_VALUES: Final = 50
"""Values of one choice."""


class ChoiceField(StrEnum):
    """A word of the client, or words, one of which is asked for."""

    PHASE = "phase"
    BAND = "band"
    LANGUAGE = "language"
    COUNTRY = "country"
    COHORT = "cohort"
    TAG = "tag"
    SIZE = "size"
    STYLE = "style"


class NumberField(StrEnum):
    SCORE = "score"
    RISK = "risk"
    ORDERS = "orders"
    VALUE = "value"
    AVERAGE_ORDER = "average_order"


class MomentField(StrEnum):
    SIGNED_UP = "signed_up"
    FIRST_ORDER = "first_order"
    LAST_ORDER = "last_order"
    LAST_EVENT = "last_event"
    PHASE_SINCE = "phase_since"


class FlagField(StrEnum):
    CONSENT = "consent"
    PERSONALISATION = "personalisation"
    MEASUREMENT = "measurement"


class NumberOp(StrEnum):
    EQUAL = "="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


class Happened(StrEnum):
    """What a client did, or what happened to a mail of theirs."""

    ORDERED = "ordered"
    RETURNED = "returned"
    VIEWED = "viewed"
    CLICKED_ITEM = "clicked_item"
    CARTED = "carted"
    SEARCHED = "searched"
    WISHLISTED = "wishlisted"
    REQUESTED_FIX = "requested_fix"
    KEPT = "kept"
    SENT_BACK = "sent_back"
    ANSWERED_QUIZ = "answered_quiz"
    CHANGED_CONSENT = "changed_consent"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    MAILED = "mailed"
    BOUNCED = "bounced"


class CampaignPlace(StrEnum):
    """What a client is to a campaign."""

    IN = "in_campaign"
    WAS_IN = "was_in_campaign"
    HELD_OUT = "held_out"


class SpanUnit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class TimeSpan(StrictInput):
    """A length of time."""

    amount: int = Field(ge=1, le=87_600)
    unit: SpanUnit = SpanUnit.DAYS


Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
"""A day in UTC, from its beginning."""


class TimeWindow(StrictInput):
    """The time in which something lies: the last `last`, or from the day `since`; and before the day `before`, or
    before the moment `ago` back."""

    last: TimeSpan | None = None
    since: Day | None = None
    before: Day | None = None
    ago: TimeSpan | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> TimeWindow:
        if self.last and self.since:
            raise ValueError("either the last so many days or since a day, not both")
        if self.before and self.ago:
            raise ValueError("either before a day or before so many days ago, not both")
        if not (self.last or self.since or self.before or self.ago):
            raise ValueError("a window needs a bound")
        return self


class CountOp(StrEnum):
    AT_LEAST = "at least"
    AT_MOST = "at most"
    EXACTLY = "exactly"


class Count(StrictInput):
    """How often."""

    op: CountOp
    times: int = Field(ge=0, le=10_000)


Money = Annotated[float, Field(ge=0, le=1_000_000_000)]


class Worth(StrictInput):
    """For how much in all, in the shop's currency."""

    op: Literal[CountOp.AT_LEAST, CountOp.AT_MOST]
    amount: Money
