"""Rewards for the orders of pages that the slot `session` gave: which items the client then clicked or bought.

An action counts for the last answer that showed the item, within `CREDIT_WINDOW`.
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

CREDIT_WINDOW: Final = timedelta(hours=4)
"""Business time after an answer in which an action counts for it; the example is used for training when it is over."""
REWARDED_KINDS: Final = ("item_clicked", "added_to_cart", "wishlisted", "order_placed")
"""Actions that are rewarded, by the weights of `domain.histories.SIGNAL`. A view may be the page drawing itself; clicks
in mails are no part of a session."""
VISIBLE_ITEMS: Final = 24
"""Items from the top that are assumed to have been seen."""
MACHINE_CLICKS: Final = 3
MACHINE_WINDOW: Final = timedelta(seconds=2)
"""A visitor who clicks MACHINE_CLICKS items in so short a time is a program. An order of many lines is not."""


@dataclass(frozen=True, slots=True)
class SessionImpression:
    """An answer as it was shown: `items`, first to last. `question`: None where it is not needed, or purged.

    `chance`: the propensity of the first item; 0: not randomised, or answered by a fallback.
    """

    id: str
    client_id: str
    at: datetime
    items: tuple[str, ...]
    question: SessionQuestion | None = None
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionAction:
    """Something that a client did with an item: `kind` as in REWARDED_KINDS."""

    client_id: str
    item_id: str
    kind: str
    at: datetime


def credit_actions(
    answers: Iterable[SessionImpression], actions: Iterable[SessionAction]
) -> dict[str, list[SessionAction]]:
    """Return the actions that count for each answer, by the answer's id."""
    showings: dict[tuple[str, str], list[SessionImpression]] = defaultdict(list)
    for answer in sorted(answers, key=lambda impression: (impression.at, impression.id)):
        for item in answer.items[:VISIBLE_ITEMS]:
            showings[answer.client_id, item].append(answer)
    credited: dict[str, list[SessionAction]] = defaultdict(list)
    for action in actions:
        impressions = showings.get((action.client_id, action.item_id), [])
        index = bisect_right(impressions, action.at, key=lambda impression: impression.at)
        if index and action.at - impressions[index - 1].at <= CREDIT_WINDOW:
            credited[impressions[index - 1].id].append(action)
    return credited


def is_machine(actions: Sequence[SessionAction]) -> bool:
    """Return whether a program made the clicks: several items at once, faster than a person."""
    first: dict[str, datetime] = {}
    for click in (action for action in actions if action.kind == "item_clicked"):
        first[click.item_id] = min(first.get(click.item_id, click.at), click.at)
    at = sorted(first.values())
    return any(later - earlier <= MACHINE_WINDOW for earlier, later in zip(at, at[MACHINE_CLICKS - 1 :], strict=False))


def compute_rewards(answer: SessionImpression, actions: Iterable[SessionAction]) -> dict[str, float]:
    """Compute the reward of each item that was clicked or bought: its strongest action."""
    worth: dict[str, float] = {}
    for action in actions:
        worth[action.item_id] = max(worth.get(action.item_id, 0.0), SIGNAL[action.kind])
    return {item: worth[item] for item in answer.items if item in worth}
