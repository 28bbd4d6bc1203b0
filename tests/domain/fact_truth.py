"""Whether a fact is true, found out the slow way: by reading every deed again for each sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.facts import ClientEvent
from models.mail import Fact

COUNTS = {"twice": 2, "three times": 3, "four times": 4, "five times": 5, "six times": 6}


def is_true(fact: Fact, deeds: Sequence[ClientEvent], now: datetime, zone: str) -> bool:
    """Whether the sentence of `fact` holds of a client who did `deeds`, as of `now`."""
    past = [deed for deed in deeds if deed.at <= now]
    orders = [deed for deed in past if deed.type == "order_placed"]
    match fact.code:
        case "last_item":
            day, piece = _parts(r"Your last order, on (.+), included the (.+)\.", fact)
            return any(
                _is(deed, piece) and _on(deed.at, day, now, zone) and not _went_back(deed, past)
                for deed in orders
                if deed.at == max(o.at for o in orders) or (deed.order and deed.order == _last_order_id(orders))
            )
        case "kept_item":
            (piece,) = _parts(r"You kept the (.+) from a Fix of ours\.", fact)
            return any(d.type == "fix_feedback" and d.kept and _is(d, piece) and not _went_back(d, past) for d in past)
        case "wishlist":
            piece, day = _parts(r"You put the (.+) on your wishlist on (.+)\.", fact)
            return any(d.type == "wishlisted" and _is(d, piece) and _on(d.at, day, now, zone) for d in past)
        case "last_viewed":
            piece, day = _parts(r"You looked at the (.+) on (.+)\.", fact)
            return any(d.type == "item_viewed" and _is(d, piece) and _on(d.at, day, now, zone) for d in past)
        case "last_order":
            (day,) = _parts(r"Your last order with us was on (.+)\.", fact)
            return _on(max(deed.at for deed in orders), day, now, zone)
        case "orders_count":
            (count,) = _parts(r"You have ordered from us (.+)\.", fact)
            stated = COUNTS.get(count) or int(count.removesuffix(" times"))
            return stated == len({deed.order or deed.at.isoformat() for deed in orders})
        case "favourite_category":
            (category,) = _parts(r"There is one part of our shop you order from more than any other: (.+)\.", fact)
            lines = [d.category for d in orders if d.item_id and d.category and not _went_back(d, past)]
            return all(lines.count(category) > lines.count(other) for other in set(lines) - {category})
        case _:
            raise AssertionError(f"no way to tell whether {fact.code} is true")


def _parts(pattern: str, fact: Fact) -> tuple[str, ...]:
    match = re.fullmatch(pattern, fact.text)
    assert match, fact.text
    return match.groups()


def _is(deed: ClientEvent, piece: str) -> bool:
    return piece in {deed.title, f"{deed.title} in {deed.colour}"}


def _on(at: datetime, day: str, now: datetime, zone: str) -> bool:
    local = at.astimezone(ZoneInfo(zone))
    same_year = local.year == now.astimezone(ZoneInfo(zone)).year
    return day == f"{local.day} {local:%B}" + ("" if same_year else f" {local.year}")


def _went_back(deed: ClientEvent, past: Sequence[ClientEvent]) -> bool:
    return any(
        other.item_id == deed.item_id
        and other.at >= deed.at
        and (other.type == "order_returned" or (other.type == "fix_feedback" and not other.kept))
        for other in past
        if other is not deed
    )


def _last_order_id(orders: Sequence[ClientEvent]) -> str:
    return max(orders, key=lambda deed: (deed.at, deed.item_id or "")).order
