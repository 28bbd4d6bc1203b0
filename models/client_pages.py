"""What clients send from their own pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field

from models.base import StrictInput
from models.clients import LOCALE
from models.events import Label, Money
from models.states import Topic

Answers = tuple[Label, ...]


class QuizAnswers(StrictInput):
    """The answers of the style quiz, and what the client said about the purposes of consent; None: nothing."""

    styles: Answers = Field(default=(), max_length=40)
    colours: Answers = Field(default=(), max_length=40)
    categories: Answers = Field(default=(), max_length=40)
    sizes: Answers = Field(default=(), max_length=40)
    budget: Money | None = None
    personalisation: bool | None = None
    measurement: bool | None = None

    @property
    def budget_cents(self) -> int | None:
        """The budget as the client's row holds it."""
        return None if self.budget is None else int(self.budget * Decimal(100))


class MailWishes(StrictInput):
    """How much mail a client wants, and about what. None: as the shop does, or about everything."""

    max_mails_per_week: int | None = Field(default=None, ge=0, le=7)
    topics: tuple[Topic, ...] | None = None


class Break(StrictInput):
    """Until which day a client wants no mail; None: the break is over."""

    until: date | None = None


class LanguageChoice(StrictInput):
    """The language in which a client likes to read."""

    locale: str = Field(max_length=20, pattern=LOCALE)


class PurposeChoice(StrictInput):
    """What a client said about the purposes of consent; None: nothing."""

    personalisation: bool | None = None
    measurement: bool | None = None


class AddressChange(StrictInput):
    """The address at which a client wants to be written to."""

    email: str = Field(min_length=3, max_length=254)
