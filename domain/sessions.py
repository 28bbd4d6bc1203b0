"""What came of pages in the order of the slot `session`: which items were taken up, and how much that is worth.

What a client did with an item counts for the last answer that showed it, within `WITHIN`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.histories import SIGNAL
from models.slots import SessionQuestion

WITHIN: Final = timedelta(hours=4)
"""Business time after an answer in which a touch counts for it; a lesson is learnt when it is over."""
TAKEN: Final = ("item_clicked", "added_to_cart", "wishlisted", "order_placed")
"""Touches that teach, worth what `domain.histories.SIGNAL` says. A view may be the page drawing itself; clicks in mail
are no part of a session."""
SEEN: Final = 24
"""Items from the top that are taken to have been seen."""
SCANNED: Final = 3
SCANNED_WITHIN: Final = timedelta(seconds=2)
"""Who clicks so many items in so short a time is a program that follows every link. An order of many lines is none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer: `items` as they stood, first to last. `question`: None where it is not needed, or purged.

    `chance`: how likely the first was to stand there; 0: not drawn by chance, or by another than was to answer."""

    id: str
    client_id: str
    at: datetime
    items: tuple[str, ...]
    question: SessionQuestion | None = None
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a client did with an item: `kind` as in TAKEN."""

    client_id: str
    item_id: str
    kind: str
    at: datetime


def credited(answers: Iterable[Shown], taken: Iterable[Taken]) -> dict[str, list[Taken]]:
    """What counts for each answer, by its id."""
    showings: dict[tuple[str, str], list[Shown]] = defaultdict(list)
    for answer in sorted(answers, key=lambda each: (each.at, each.id)):
        for item in answer.items[:SEEN]:
            showings[answer.client_id, item].append(answer)
    found: dict[str, list[Taken]] = defaultdict(list)
    for touch in taken:
        its = showings.get((touch.client_id, touch.item_id), [])
        place = bisect_right(its, touch.at, key=lambda each: each.at)
        if place and touch.at - its[place - 1].at <= WITHIN:
            found[its[place - 1].id].append(touch)
    return found


def by_machine(touches: Sequence[Taken]) -> bool:
    """Whether a program clicked them: several items at once, as no person does."""
    first: dict[str, datetime] = {}
    for each in (touch for touch in touches if touch.kind == "item_clicked"):
        first[each.item_id] = min(first.get(each.item_id, each.at), each.at)
    at = sorted(first.values())
    return any(later - earlier <= SCANNED_WITHIN for earlier, later in zip(at, at[SCANNED - 1 :], strict=False))


def rewards(answer: Shown, touches: Iterable[Taken]) -> dict[str, float]:
    """By item that was taken up: the most that was done with it."""
    worth: dict[str, float] = {}
    for touch in touches:
        worth[touch.item_id] = max(worth.get(touch.item_id, 0.0), SIGNAL[touch.kind])
    return {item: worth[item] for item in answer.items if item in worth}
