"""The block of a mail that states an offer: approved sentences in the mail's language, their blanks filled from its
terms."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_percent

from domain.wording import format_price
from models.mail import BriefOffer

_COPY: Final = Path(__file__).parent / "templates" / "offers.toml"
_WRITTEN_AS: Final = {"en": "en_GB"}
"""Whose dates a language's mails have; all others their own."""
_COMMAS: Final = {"ar": "، "}


@dataclass(frozen=True)
class OfferBlock:
    """What the block says. The headline is `before`, `given` and `after`: the figure keeps its own direction."""

    before: str
    given: str
    after: str
    label: str
    code: str
    terms: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The headline as plain text."""
        return f"{self.before}{self.given}{self.after}"


def write_offer(offer: BriefOffer, currency: str, language: str) -> OfferBlock:
    """Write the block of an offer in the mail's language."""
    copy = load_offer_copy()[language]
    line = "scoped" if offer.scope else "percent" if offer.percent is not None else "amount"
    before, _, after = copy[line].partition("{given}")
    return OfferBlock(
        before=before,
        given=_format_given(offer, currency, language),
        after=after,
        label=copy["label"],
        code=offer.code,
        terms=tuple(_list_terms(offer, copy, language)),
    )


def _list_terms(offer: BriefOffer, copy: Mapping[str, Any], language: str) -> Iterator[str]:
    if offer.scope:
        yield copy["scope"].format(names=_COMMAS.get(language, ", ").join(offer.scope))
    if offer.until is not None:
        yield copy["until"].format(day=_format_day(offer.until, language))
    if offer.uses is not None:
        uses = copy["uses"]
        form = Locale(language).plural_form(offer.uses)
        yield uses.get(form, uses["other"]).format(count=offer.uses)
    yield copy["how"]


def _format_given(offer: BriefOffer, currency: str, language: str) -> str:
    if offer.percent is None:
        return format_price(offer.amount_cents or 0, currency, language)
    # Babel puts marks of direction around the sign; the block says the figure's direction itself.
    return format_percent(offer.percent / 100, locale=language).replace("\u200e", "").replace("\u200f", "")


def _format_day(day: date, language: str) -> str:
    written = format_date(day, "long", locale=_WRITTEN_AS.get(language, language))
    return f"1er{written[1:]}" if language == "fr" and day.day == 1 else written


@cache
def load_offer_copy() -> Mapping[str, Mapping[str, Any]]:
    """Load the approved sentences, by language."""
    copy: dict[str, dict[str, Any]] = tomllib.loads(_COPY.read_text(encoding="utf-8"))
    return copy
