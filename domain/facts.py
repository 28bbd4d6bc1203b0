"""What is true of one client's own history, in sentences that a mail may use word for word.

A fact names dates, not "three weeks ago": a mail is written days before it is sent and must still be true then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from domain.text_rules import quotable, quotable_title
from domain.timing import zone_of
from domain.wording import folded, listed, the
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
"""Every fact there is, those of most weight first."""
_COUNTS: Final = ("", "once", "twice", "three times", "four times", "five times", "six times")


class Deed(NamedTuple):
    """One thing a client did, with what the catalogue says of the item. `order`: what tells one order from another."""

    type: str
    at: datetime
    item_id: str | None = None
    title: str = ""
    category: str = ""
    colour: str = ""
    order: str = ""
    kept: bool = False


class Piece(Contract):
    """An item that a client had to do with, and when."""

    title: str
    category: str = ""
    colour: str = ""
    at: datetime


class History(Contract):
    """One client's own history as of a moment. None: it never happened, or is not known for certain."""

    signed_up_at: datetime
    zone: str = "UTC"
    locale: str = "en"
    sizes: tuple[str, ...] = ()
    quiz_styles: tuple[str, ...] = ()
    quiz_colours: tuple[str, ...] = ()
    orders: int | None = None
    last_order_at: datetime | None = None
    last_item: Piece | None = None
    favourite_category: str | None = None
    kept: Piece | None = None
    wished: Piece | None = None
    viewed: Piece | None = None
    arrived: str | None = None
    """Title of a picked item that came into the catalogue after the last order."""


def gather(told: History, deeds: Iterable[Deed], now: datetime, *, complete: bool) -> History:
    """`told` (what the client's own record says) with all that follows from what the client did until `now`.

    `complete` says that no order, return or feedback was left out; counts are given only then. What went back is
    counted as an order but never named.
    """
    done = sorted((d for d in deeds if d.at <= now), key=lambda d: (d.at, d.item_id or ""), reverse=True)
    orders = [d for d in done if d.type == "order_placed"]
    back = {d.item_id: d.at for d in reversed(done) if d.type == "order_returned" or (_fed_back(d) and not d.kept)}
    own = [d for d in orders if d.item_id and _stayed(d, back)]
    bought = {d.item_id for d in orders}
    last = [d for d in own if _key(d) == _key(orders[0])] if orders else []
    return told.model_copy(
        update={
            "orders": len({_key(d) for d in orders}) if complete else None,
            "last_order_at": orders[0].at if orders else None,
            "last_item": _piece(last),
            "favourite_category": _favourite(own) if complete else None,
            "kept": _piece([d for d in done if _fed_back(d) and d.kept and _stayed(d, back)]),
            "wished": _piece([d for d in done if d.type == "wishlisted" and d.item_id not in bought]),
            "viewed": _piece([d for d in done if d.type == "item_viewed" and d.item_id not in bought]),
        }
    )


def facts(history: History, now: datetime) -> tuple[Fact, ...]:
    """Sentences true at `now`, those of most weight first. There is always at least one."""
    sayings = (
        _of_piece(history.last_item, "Your last order, on {day}, included {piece}.", history, now),
        _of_piece(history.kept, "You kept {piece} from a Fix of ours.", history, now),
        _arrived(history),
        _favourite_saying(history),
        _orders(history),
        _of_piece(history.wished, "You put {piece} on your wishlist on {day}.", history, now),
        _chosen("In your style quiz you chose {words}.", history.quiz_styles),
        _chosen("In your style quiz you named these colours: {words}.", history.quiz_colours),
        _last_order(history, now),
        _of_piece(history.viewed, "You looked at {piece} on {day}.", history, now),
        _chosen("You told us what you wear: {words}.", history.sizes),
        f"You joined us on {day(history.signed_up_at, history, now, always_year=True)}.",
    )
    return tuple(Fact(code=code, text=text) for code, text in zip(CODES, sayings, strict=True) if text)


def day(at: datetime, history: History, now: datetime, *, always_year: bool = False) -> str:
    """A date of the client's own calendar, `3 March` or `3 March 2025`; American clients read `March 3`."""
    local, here = at.astimezone(zone_of(history.zone)), now.astimezone(zone_of(history.zone))
    american = history.locale.replace("_", "-").lower() == "en-us"
    month = _MONTHS[local.month - 1]
    plain = f"{month} {local.day}" if american else f"{local.day} {month}"
    if local.year == here.year and not always_year:
        return plain
    return f"{plain}, {local.year}" if american else f"{plain} {local.year}"


def named(title: str, colour: str = "") -> str:
    """`the Linen Shirt in navy`; empty when the title cannot be quoted."""
    said, hue = quotable_title(title), quotable(colour).lower()
    if not said:
        return ""
    return f"{the(said)} in {hue}" if hue and hue not in folded(said) and " " not in hue else the(said)


def _last_order(history: History, now: datetime) -> str:
    return (
        f"Your last order with us was on {day(history.last_order_at, history, now)}." if history.last_order_at else ""
    )


def _orders(history: History) -> str:
    count = history.orders or 0
    if count < 2:
        return ""
    return f"You have ordered from us {_COUNTS[count] if count < len(_COUNTS) else f'{count} times'}."


def _favourite_saying(history: History) -> str:
    category = quotable(history.favourite_category or "").lower()
    return f"There is one part of our shop you order from more than any other: {category}." if category else ""


def _arrived(history: History) -> str:
    piece = named(history.arrived or "")
    return f"{piece[0].upper()}{piece[1:]} joined our collection after your last order." if piece else ""


def _of_piece(piece: Piece | None, saying: str, history: History, now: datetime) -> str:
    said = named(piece.title, piece.colour) if piece else ""
    return saying.format(piece=said, day=day(piece.at, history, now)) if piece and said else ""


def _chosen(saying: str, words: Sequence[str]) -> str:
    said = [word for word in map(quotable, words) if word][:3]
    return saying.format(words=listed(said)) if said else ""


def _piece(deeds: Sequence[Deed]) -> Piece | None:
    found = next((d for d in deeds if d.title), None)
    return Piece(title=found.title, category=found.category, colour=found.colour, at=found.at) if found else None


def _favourite(lines: Sequence[Deed]) -> str | None:
    """The category ordered most often; none when it was once only, or another is level."""
    ranked = Counter(d.category for d in lines if d.category).most_common(2)
    if not ranked or ranked[0][1] < 2 or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _stayed(deed: Deed, back: Mapping[str | None, datetime]) -> bool:
    """Whether the item did not go back then or later."""
    return deed.item_id not in back or back[deed.item_id] < deed.at


def _fed_back(deed: Deed) -> bool:
    return deed.type == "fix_feedback"


def _key(deed: Deed) -> str:
    """Lines without an order's id belong together when they came at the same moment."""
    return deed.order or deed.at.isoformat()
