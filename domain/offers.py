"""The rules of offers: until when they hold, what stands in their way, and their terms in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from domain.wording import format_price, join_words
from models.base import ClientId, ItemId
from models.offers import OfferState, OfferTerms

RETIRED: Final = "offer_retired"
EXPIRED: Final = "offer_expired"
SPENT: Final = "offer_spent"
NOT_APPROVED: Final = "offer_not_approved"
BARRIERS: Final = frozenset({RETIRED, EXPIRED, SPENT, NOT_APPROVED})
"""The codes of mail that its offer kept."""


class RedeemedOrder(NamedTuple):
    """An order that named a code, and what was paid for it."""

    client_id: ClientId
    value_cents: int
    at: datetime
    items: tuple[ItemId, ...] = ()


def compute_offer_end(terms: OfferTerms, zone: str) -> datetime | None:
    """Compute the moment from which an offer no longer holds: the end of its last day in the shop's zone. None: it has
    no last day."""
    if terms.until is None:
        return None
    return datetime.combine(terms.until + timedelta(days=1), time(), ZoneInfo(zone))


def has_expired(ends_at: datetime | None, now: datetime) -> bool:
    """Return whether the last day of an offer has passed."""
    return ends_at is not None and now >= ends_at


def explain_standing(
    state: OfferState, ends_at: datetime | None, now: datetime
) -> Literal["draft", "live", "retired", "expired"]:
    """Return how an offer stands at `now`: its state, or `expired` for a live one whose last day has passed."""
    if state is OfferState.LIVE and has_expired(ends_at, now):
        return "expired"
    return state.value


def find_barrier(state: OfferState, ends_at: datetime | None, now: datetime) -> str:
    """Find why no mail may state an offer at `now`, whoever it is for, as a stable word; empty where it may."""
    if state is OfferState.RETIRED:
        return RETIRED
    if state is OfferState.DRAFT:
        return NOT_APPROVED
    return EXPIRED if has_expired(ends_at, now) else ""


def is_spent(terms: OfferTerms, given: int, taken_off_cents: int) -> bool:
    """Return whether the budget leaves no room for another client. `given`: clients who got it; `taken_off_cents`: what
    orders with its code had taken off."""
    if terms.most_clients is not None and given >= terms.most_clients:
        return True
    return terms.most_money is not None and taken_off_cents >= int(terms.most_money * 100)


def compute_discounts(terms: OfferTerms, orders: int, paid_cents: int) -> int:
    """Compute what so many orders had taken off together, in cents, from what was paid for them; of a percentage as if
    all of each order were in its scope. Nothing can be said of 100 %."""
    if terms.percent is None:
        return orders * to_cents(terms)
    return round(paid_cents * terms.percent / (100 - terms.percent)) if terms.percent < 100 else 0


def list_excesses(
    terms: OfferTerms, ends_at: datetime | None, orders: Sequence[RedeemedOrder], categories: Mapping[ItemId, str]
) -> tuple[str, ...]:
    """List in plain sentences what redemptions were over the terms. `categories`: of the items of these orders."""
    by_client = Counter(order.client_id for order in orders)
    over = sum(count > terms.uses for count in by_client.values()) if terms.uses is not None else 0
    late = sum(has_expired(ends_at, order.at) for order in orders)
    outside = sum(_lies_outside(terms, order, categories) for order in orders)
    said = []
    if over:
        said.append(f"{_count(over, 'client')} used it more than {_count(terms.uses or 0, 'time')}")
    if late:
        said.append(f"{_count(late, 'order')} named it after its last day")
    if outside:
        said.append(f"{_count(outside, 'order')} named it without anything that it is on")
    return tuple(said)


def _lies_outside(terms: OfferTerms, order: RedeemedOrder, categories: Mapping[ItemId, str]) -> bool:
    if not order.items or not (terms.categories or terms.items):
        return False
    return not any(item in terms.items or categories.get(item) in terms.categories for item in order.items)


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
