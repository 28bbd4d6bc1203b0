"""True sentences about one client's own history, which a mail may use word for word.

A fact names dates instead of "three weeks ago": a mail is written days before it is sent and must still be true then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from domain.text_rules import clean_quote, clean_title
from domain.timing import load_zone
from domain.wording import add_article, fold, join_words
from models.base import Contract
from models.mail import Fact

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
CODES: Final = (
    "last_item", "kept_item", "new_arrival", "favourite_category", "orders_count", "wishlist", "quiz_styles",
    "quiz_colours", "last_order", "last_viewed", "sizes", "signed_up",
)  # fmt: skip
"""The code of every fact, the most important first."""
_YEAR: Final = 365
_COUNTS: Final = ("", "once", "twice", "three times", "four times", "five times", "six times")


class ClientEvent(NamedTuple):
    """One event of a client, with what the catalogue says about its item. `order` tells one order from another."""

    type: str
    at: datetime
    item_id: str | None = None
    title: str = ""
    category: str = ""
    colour: str = ""
    order: str = ""
    kept: bool = False
    note: str = ""
    """The client's own words on it."""


class HistoryItem(Contract):
    """An item that a client ordered, kept, wished for or viewed, and when."""

    title: str
    category: str = ""
    colour: str = ""
    at: datetime


class History(Contract):
    """One client's own history at one moment. None: it never happened, or is not known for certain."""

    signed_up_at: datetime
    zone: str = "UTC"
    locale: str = "en"
    sizes: tuple[str, ...] = ()
    quiz_styles: tuple[str, ...] = ()
    quiz_colours: tuple[str, ...] = ()
    orders: int | None = None
    last_order_at: datetime | None = None
    last_item: HistoryItem | None = None
    favourite_category: str | None = None
    kept: HistoryItem | None = None
    wished: HistoryItem | None = None
    viewed: HistoryItem | None = None
    arrived: str | None = None
    """The title of a picked item that came into the catalogue after the last order."""


def build_history(record: History, events: Iterable[ClientEvent], now: datetime, *, complete: bool) -> History:
    """Return `record` (the client's own record) completed with everything that follows from the events until `now`.

    `complete` states that no order, return or feedback is missing; counts are given only then. An order that was sent
    back is counted but its item is never named.
    """
    past_events = sorted((d for d in events if d.at <= now), key=lambda d: (d.at, d.item_id or ""), reverse=True)
    orders = [d for d in past_events if d.type == "order_placed"]
    sent_back_at = {
        d.item_id: d.at for d in reversed(past_events) if d.type == "order_returned" or (_is_feedback(d) and not d.kept)
    }
    kept_orders = [d for d in orders if d.item_id and _is_kept(d, sent_back_at)]
    ordered_items = {d.item_id for d in orders}
    last_order_lines = [d for d in kept_orders if _build_order_key(d) == _build_order_key(orders[0])] if orders else []
    return record.model_copy(
        update={
            "orders": len({_build_order_key(d) for d in orders}) if complete else None,
            "last_order_at": orders[0].at if orders else None,
            "last_item": _find_item(last_order_lines),
            "favourite_category": _find_favourite(kept_orders) if complete else None,
            "kept": _find_item([d for d in past_events if _is_feedback(d) and d.kept and _is_kept(d, sent_back_at)]),
            "wished": _find_item([d for d in past_events if d.type == "wishlisted" and d.item_id not in ordered_items]),
            "viewed": _find_item(
                [d for d in past_events if d.type == "item_viewed" and d.item_id not in ordered_items]
            ),
        }
    )


def state_facts(history: History, now: datetime) -> tuple[Fact, ...]:
    """Return the sentences that are true at `now`, the most important first. There is always at least one."""
    sentences = (
        _state_item(history.last_item, "Your last order, on {day}, included {piece}.", history, now),
        _state_item(history.kept, "You kept {piece} from a Fix of ours.", history, now),
        _state_new_arrival(history),
        _state_favourite(history),
        _state_order_count(history),
        _state_item(history.wished, "You put {piece} on your wishlist on {day}.", history, now),
        _state_words("In your style quiz you chose {words}.", history.quiz_styles),
        _state_words("In your style quiz you named these colours: {words}.", history.quiz_colours),
        _state_last_order(history, now),
        _state_item(history.viewed, "You looked at {piece} on {day}.", history, now),
        _state_words("You told us what you wear: {words}.", history.sizes),
        f"You joined us on {format_day(history.signed_up_at, history, now, always_year=True)}.",
    )
    stated = zip(CODES, sentences, _list_details(history, now), strict=True)
    return tuple(Fact(code=code, text=text, **details) for code, text, details in stated if text)


def _list_details(history: History, now: datetime) -> tuple[dict[str, Any], ...]:
    """List what each sentence is made of, in the order of CODES."""
    bought, kept, wished, viewed = (
        _detail_item(piece, history, now) for piece in (history.last_item, history.kept, history.wished, history.viewed)
    )
    return (
        bought,
        kept,
        {"piece": clean_title(history.arrived or "")},
        {"words": _clean_words([history.favourite_category or ""])},
        {"count": history.orders or 0},
        wished,
        {"words": _clean_words(history.quiz_styles)},
        {"words": _clean_words(history.quiz_colours)},
        _detail_day(history.last_order_at, history, now),
        viewed,
        {"words": _clean_words(history.sizes)},
        _detail_day(history.signed_up_at, history, now),
    )


def _detail_item(piece: HistoryItem | None, history: History, now: datetime) -> dict[str, Any]:
    if piece is None:
        return {}
    named = {"piece": clean_title(piece.title), "colour": clean_quote(piece.colour)}
    return named | _detail_day(piece.at, history, now)


def _detail_day(at: datetime | None, history: History, now: datetime) -> dict[str, Any]:
    if at is None:
        return {}
    zone = load_zone(history.zone)
    day = at.astimezone(zone).date()
    # Within a year, a day and its month name one day only.
    return {"day": day, "dated": (now.astimezone(zone).date() - day).days >= _YEAR}


def format_day(at: datetime, history: History, now: datetime, *, always_year: bool = False) -> str:
    """Format a date of the client's own calendar: `3 March`, `3 March 2025`, or `March 3` for American clients."""
    local, here = at.astimezone(load_zone(history.zone)), now.astimezone(load_zone(history.zone))
    american = history.locale.replace("_", "-").lower() == "en-us"
    month = _MONTHS[local.month - 1]
    plain = f"{month} {local.day}" if american else f"{local.day} {month}"
    if local.year == here.year and not always_year:
        return plain
    return f"{plain}, {local.year}" if american else f"{plain} {local.year}"


def name_item(title: str, colour: str = "") -> str:
    """Name an item in a sentence: `the Linen Shirt in navy`; empty when the title cannot be quoted."""
    phrase, hue = clean_title(title), clean_quote(colour).lower()
    if not phrase:
        return ""
    return (
        f"{add_article(phrase)} in {hue}" if hue and hue not in fold(phrase) and " " not in hue else add_article(phrase)
    )


def _state_last_order(history: History, now: datetime) -> str:
    return (
        f"Your last order with us was on {format_day(history.last_order_at, history, now)}."
        if history.last_order_at
        else ""
    )


def _state_order_count(history: History) -> str:
    count = history.orders or 0
    if count < 2:
        return ""
    return f"You have ordered from us {_COUNTS[count] if count < len(_COUNTS) else f'{count} times'}."


def _state_favourite(history: History) -> str:
    category = clean_quote(history.favourite_category or "").lower()
    return f"There is one part of our shop you order from more than any other: {category}." if category else ""


def _state_new_arrival(history: History) -> str:
    piece = name_item(history.arrived or "")
    return f"{piece[0].upper()}{piece[1:]} joined our collection after your last order." if piece else ""


def _state_item(piece: HistoryItem | None, template: str, history: History, now: datetime) -> str:
    phrase = name_item(piece.title, piece.colour) if piece else ""
    return template.format(piece=phrase, day=format_day(piece.at, history, now)) if piece and phrase else ""


def _state_words(template: str, words: Sequence[str]) -> str:
    phrases = _clean_words(words)
    return template.format(words=join_words(phrases)) if phrases else ""


def _clean_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return what of the words may be quoted, three at most."""
    return tuple(word for word in map(clean_quote, words) if word)[:3]


def _find_item(events: Sequence[ClientEvent]) -> HistoryItem | None:
    event = next((d for d in events if d.title), None)
    return HistoryItem(title=event.title, category=event.category, colour=event.colour, at=event.at) if event else None


def _find_favourite(lines: Sequence[ClientEvent]) -> str | None:
    """Find the category ordered most often; None when it was ordered only once or shares the first rank."""
    ranked = Counter(d.category for d in lines if d.category).most_common(2)
    if not ranked or ranked[0][1] < 2 or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _is_kept(event: ClientEvent, sent_back_at: Mapping[str | None, datetime]) -> bool:
    """Return whether the item was not sent back at that time or later."""
    return event.item_id not in sent_back_at or sent_back_at[event.item_id] < event.at


def _is_feedback(event: ClientEvent) -> bool:
    return event.type == "fix_feedback"


def _build_order_key(event: ClientEvent) -> str:
    """Return what identifies the order of a line: its id, or without one the moment it was placed."""
    return event.order or event.at.isoformat()
