"""Offers: facts with terms that a person creates and approves, and that mails state."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from models.base import Contract, Id, ItemId, StrictInput
from models.events import Label, Money

OfferSlug = Id
CODE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{2,29}$"
OfferCode = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
"""What clients type at the checkout: 3 to 30 letters, digits, hyphens and underscores; their case does not matter."""


class OfferState(StrEnum):
    """The states of an offer. The table of transitions is `domain.states.OFFER`."""

    DRAFT = "draft"
    """Its terms may still change; no mail states it."""
    LIVE = "live"
    """Somebody with the right approved it; its terms stay."""
    RETIRED = "retired"
    """No mail with it leaves any more."""


def _require_day(value: object) -> object:
    if isinstance(value, str) and len(value) != 10:
        raise ValueError("give a day such as 2026-12-06")
    if isinstance(value, int | float):
        raise ValueError("give a day such as 2026-12-06")
    return value


Day = Annotated[date, BeforeValidator(_require_day)]


class OfferTerms(StrictInput):
    """What an offer gives, on what, and within which limits. Either `percent` or `amount`."""

    code: OfferCode
    percent: int | None = Field(default=None, ge=1, le=100)
    amount: Annotated[Money, Field(gt=0)] | None = Field(default=None, validate_default=True)
    """Off one order, in the shop's currency."""
    until: Day | None = None
    """The last day on which it holds, in the shop's time zone; None: until it is retired."""
    categories: tuple[Label, ...] = Field(default=(), max_length=10)
    items: tuple[ItemId, ...] = Field(default=(), max_length=10)
    """What it is on, with `categories`; both empty: everything."""
    uses: int | None = Field(default=1, ge=1, le=100)
    """Orders of one client for which it holds; None: any number."""
    most_clients: int | None = Field(default=None, ge=1, le=100_000_000)
    """The budget: at most so many clients get it by mail."""
    most_money: Annotated[Money, Field(gt=0)] | None = None
    """The budget: once orders with the code had so much taken off, no mail with it leaves."""
    for_lifecycle: bool = False
    """Whether a policy may choose it for clients who drift, as the action `offer` of `next_action`."""

    @field_validator("amount")
    @classmethod
    def _give_one_thing(cls, amount: Decimal | None, given: ValidationInfo) -> Decimal | None:
        if "percent" in given.data and (given.data["percent"] is None) == (amount is None):
            raise ValueError("give either percent or amount")
        return amount


class OfferOrder(OfferTerms):
    """An offer as somebody writes it down."""

    name: str = Field(min_length=1, max_length=120)
    """What people of the shop call it; no client reads it."""

    def build_terms(self) -> OfferTerms:
        """Build the terms alone."""
        return OfferTerms.model_validate(self.model_dump(exclude={"name"}))


class OfferStateOrder(StrictInput):
    """Approves an offer, or retires it."""

    state: Literal["live", "retired"]


class OfferFigures(Contract):
    """What came of an offer. Orders of clients who were erased are no longer among them."""

    sent: int = 0
    """Clients who got it by mail."""
    orders: int = 0
    """Orders that named its code."""
    clients: int = 0
    """Clients who placed them."""
    revenue: Decimal = Decimal()
    """What was paid for them."""
    taken_off: Decimal = Decimal()
    """What they had taken off; of a percentage as if all of an order were in its scope."""
    warnings: tuple[str, ...] = ()
    """Redemptions over its terms, in plain sentences: the shop's checkout took them."""


class Offer(Contract):
    """An offer as it stands."""

    slug: OfferSlug
    name: str
    state: OfferState
    terms: OfferTerms
    summary: str
    """Its terms in a few words, for people of the shop."""
    stands: Literal["draft", "live", "retired", "expired"]
    """Its state, or `expired` for a live one whose last day has passed."""
    figures: OfferFigures = OfferFigures()
    created_by: str = ""
    decided_by: str = ""
    """Who approved it."""
    created_at: datetime
    updated_at: datetime


class UnknownCode(Contract):
    """A code that orders named and no offer has."""

    code: str
    orders: int
    last_at: datetime


class OfferList(Contract):
    """All offers, the newest first."""

    offers: tuple[Offer, ...]
    unknown_codes: tuple[UnknownCode, ...] = ()
    """Codes that orders named and no offer has, the latest first."""
