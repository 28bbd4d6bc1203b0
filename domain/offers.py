"""The rules of offers: until when they hold, what stands in their way, and their terms in a few words."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.wording import format_price, join_words
from models.offers import OfferState, OfferTerms


def compute_offer_end(terms: OfferTerms, zone: str) -> datetime | None:
    """Compute the moment from which an offer no longer holds: the end of its last day in the shop's zone. None: it has
    no last day."""
    if terms.until is None:
        return None
    return datetime.combine(terms.until + timedelta(days=1), time(), ZoneInfo(zone))


def has_expired(terms: OfferTerms, zone: str, now: datetime) -> bool:
    """Return whether the last day of an offer has passed."""
    end = compute_offer_end(terms, zone)
    return end is not None and now >= end


def explain_standing(
    state: OfferState, terms: OfferTerms, zone: str, now: datetime
) -> Literal["draft", "live", "retired", "expired"]:
    """Return how an offer stands at `now`: its state, or `expired` for a live one whose last day has passed."""
    if state is OfferState.LIVE and has_expired(terms, zone, now):
        return "expired"
    return state.value


def fold_code(code: str) -> str:
    """Return a code as it is compared: clients type it in any case."""
    return code.strip().upper()


def to_cents(terms: OfferTerms) -> int:
    """Return the amount of an offer in hundredths; 0 for one of a percentage."""
    return int((terms.amount or 0) * 100)


def summarise_terms(terms: OfferTerms, currency: str) -> str:
    """Say the terms in a few words, for people of the shop."""
    given = f"{terms.percent}%" if terms.percent is not None else format_price(to_cents(terms), currency)
    scope = join_words([*terms.categories, *terms.items]) or "everything"
    parts = [f"{given} off {scope} with {terms.code}"]
    parts += [f"until {terms.until:%-d %B %Y}"] if terms.until else []
    parts += [_count(terms.uses, "use") + " a client"] if terms.uses else ["any number of uses"]
    parts += [f"for at most {_count(terms.most_clients, 'client')}"] if terms.most_clients else []
    if terms.most_money is not None:
        parts.append(f"at most {format_price(int(terms.most_money * 100), currency)} in all")
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
