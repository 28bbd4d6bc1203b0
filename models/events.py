"""The events of a client: one model per event type, chosen by `type`."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from models.attributes import AttributeInputs
from models.base import ONE_LINE, ClientId, Id, ItemId, StrictInput, Utc
from models.consents import ConsentSource, Purpose

Money = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=12, decimal_places=2)]
"""An amount in the shop's currency; exact to the cent."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Quantity = Annotated[int, Field(ge=1, le=10_000)]
Words = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]
MOST_EVENTS: Final = 1_000
"""The most events that one request may hold."""
Label = Annotated[str, Field(min_length=1, max_length=64, pattern=ONE_LINE)]


class Fit(StrEnum):
    SMALL = "small"
    FIT = "fit"
    LARGE = "large"


class ReadSign(StrEnum):
    """What a request says of who made it. Words of programs and addresses are not kept, only this."""

    SAID = "said"
    """The shop, or its mail provider, says that it was a machine."""
    HEAD = "head"
    """It asked only for the head of the page."""
    PROGRAM = "program"
    """The program has no name, or the name of a scanner, previewer or library."""
    PREFETCH = "prefetch"
    """A picture fetched in advance by a program that hides who reads and when."""
    PROXY = "proxy"
    """A picture fetched by a proxy at the moment of reading."""
    BROWSER = "browser"
    """It has the headers with which browsers navigate."""
    BARE = "bare"
    """It names a browser that would send such headers, without them."""
    COOKIE = "cookie"
    """It brought the cookie that the link before it had set."""
    TRAP = "trap"
    """It followed the link that people do not see."""


class _Event(StrictInput):
    event_id: Id
    client_id: ClientId
    occurred_at: Utc
    attributes: AttributeInputs = Field(default_factory=dict)
    """Custom attributes that hold from then on; null takes one off."""


class SignedUp(_Event):
    type: Literal["signed_up"] = "signed_up"


class QuizAnswered(_Event):
    """The style quiz: stated preferences, which override what we guess from behaviour."""

    type: Literal["quiz_answered"] = "quiz_answered"
    styles: tuple[Label, ...] = Field(default=(), max_length=20)
    colours: tuple[Label, ...] = Field(default=(), max_length=20)
    categories: tuple[Label, ...] = Field(default=(), max_length=20)
    sizes: tuple[Label, ...] = Field(default=(), max_length=20)
    budget: Money | None = None


class ItemViewed(_Event):
    type: Literal["item_viewed"] = "item_viewed"
    item_id: ItemId
    dwell_seconds: float | None = Field(default=None, ge=0, le=86_400)


class ItemClicked(_Event):
    type: Literal["item_clicked"] = "item_clicked"
    item_id: ItemId


class AddedToCart(_Event):
    type: Literal["added_to_cart"] = "added_to_cart"
    item_id: ItemId
    quantity: Quantity = 1


class CatalogueSearched(_Event):
    type: Literal["searched"] = "searched"
    query: Words | None = None


class ItemWishlisted(_Event):
    type: Literal["wishlisted"] = "wishlisted"
    item_id: ItemId


class OrderPlaced(_Event):
    """One order line, or a whole order when `item_id` is absent. `value` is the line's total."""

    type: Literal["order_placed"] = "order_placed"
    item_id: ItemId | None = None
    quantity: Quantity = 1
    value: Money | None = None
    currency: Currency | None = None
    order_id: Id | None = None
    offer_code: Label | None = None
    """The code that the client typed at the checkout."""


class OrderReturned(_Event):
    """What came back: of the order that it names, else of the latest one before it that holds the item."""

    type: Literal["order_returned"] = "order_returned"
    item_id: ItemId | None = None
    quantity: Quantity = 1
    value: Money | None = None
    currency: Currency | None = None
    order_id: Id | None = None
    reason: Label | None = None


class FixRequested(_Event):
    type: Literal["fix_requested"] = "fix_requested"


class FixFeedback(_Event):
    type: Literal["fix_feedback"] = "fix_feedback"
    item_id: ItemId
    kept: bool
    fix_id: Id | None = None
    size: Label | None = None
    """The size that was sent."""
    fit: Fit | None = None
    price: Literal["fair", "too_high", "too_low"] | None = None
    style: int | None = Field(default=None, ge=1, le=5)
    quality: int | None = Field(default=None, ge=1, le=5)
    rating: int | None = Field(default=None, ge=1, le=5)
    note: Words | None = None


class _MailEvent(_Event):
    outreach: Id | None = None
    """The send key with `/` written as `.`, when the mail is known."""
    machine: bool = False
    """Opened or clicked by a scanner or proxy, not by a person, as far as the sender knows; what is stored also follows
    from the other reads of the mail."""


class _ReadEvent(_MailEvent):
    """`signs`: what the request said of its program. `seconds_after`: real seconds after the mail was sent."""

    signs: tuple[ReadSign, ...] = Field(default=(), max_length=len(ReadSign))
    seconds_after: float | None = Field(default=None, ge=0, le=1e9)


class EmailOpened(_ReadEvent):
    type: Literal["email_opened"] = "email_opened"


class EmailClicked(_ReadEvent):
    type: Literal["email_clicked"] = "email_clicked"
    item_id: ItemId | None = None


class EmailBounced(_MailEvent):
    type: Literal["email_bounced"] = "email_bounced"
    hard: bool = True
    code: Annotated[str, Field(max_length=16, pattern=r"^[0-9.]*$")] = ""
    """The enhanced status code, such as `5.1.1`, when the server said one."""


class EmailComplained(_MailEvent):
    type: Literal["email_complained"] = "email_complained"


class ClientUnsubscribed(_MailEvent):
    type: Literal["unsubscribed"] = "unsubscribed"


class ConsentChanged(_Event):
    type: Literal["consent_changed"] = "consent_changed"
    consent: bool
    purposes: tuple[Purpose, ...] = Field(default=(Purpose.MAIL,), min_length=1, max_length=3)
    source: ConsentSource = "shop"
    """Where the client said so, in a word of the shop's own, such as `checkout`."""


Event = Annotated[
    SignedUp
    | QuizAnswered
    | ItemViewed
    | ItemClicked
    | AddedToCart
    | CatalogueSearched
    | ItemWishlisted
    | OrderPlaced
    | OrderReturned
    | FixRequested
    | FixFeedback
    | EmailOpened
    | EmailClicked
    | EmailBounced
    | EmailComplained
    | ClientUnsubscribed
    | ConsentChanged,
    Field(discriminator="type"),
]

EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Event)
"""Validates one event, by its `type`."""


class EventList(StrictInput):
    """A body of `POST /v1/events`: events under one name."""

    events: Annotated[tuple[Event, ...], Field(max_length=MOST_EVENTS)]


EventBatch = Event | Annotated[tuple[Event, ...], Field(max_length=MOST_EVENTS)] | EventList
"""The body of `POST /v1/events`, as its schema declares it: one event, a list, or an object that holds the list."""
