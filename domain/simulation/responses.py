"""Draw what one client does on one day. Nothing is drawn from a shared stream, so that one client more or less, or one
mail, changes nobody else's day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.experiments import hash_to_unit
from models.base import ClientId, ItemId
from models.simulation import ResponseModel, ResponseRate

ENOUGH_MAILS: Final = 200
"""Mails, or opens, or clicks, from which the shop's own history decides."""
ENOUGH_CLICKS: Final = 50
OWN_WEIGHT_DAYS: Final = 60.0
"""Days of the mean client that count beside a client's own history."""
SIMULATED_EVENTS: Final = ("item_viewed", "item_clicked", "added_to_cart", "wishlisted", "searched", "order_placed")
"""Events that clients have by themselves."""
ASSUMED: Final[Mapping[str, tuple[float, str]]] = {
    "opens": (0.30, "three mails in ten are opened by people"),
    "clicks": (0.10, "one opened mail in ten is clicked"),
    "orders": (0.05, "one click in twenty leads to an order that would not have come"),
    "unsubscribes": (0.003, "three opened mails in a thousand lead to an opt-out"),
}


@dataclass(frozen=True, slots=True)
class ClientAct:
    """Something that a client does by themselves, `hours` into the day."""

    type: str
    hours: float


@dataclass(frozen=True, slots=True)
class MailReaction:
    """What follows from one mail; hours after it. None: it does not happen. An order needs a click, a click an open."""

    opened: float | None = None
    clicked: float | None = None
    ordered: float | None = None
    left: float | None = None
    choice: float = 0.0
    """Which of its items, 0 to 1."""


def draw(seed: int, client_id: ClientId, day: int, what: str) -> float:
    """Draw a number in [0, 1) for one client, day and question."""
    return hash_to_unit(client_id, f"simulate/{seed}/{day}/{what}")


def choose_rate(name: str, hits: int, of: int, enough: int) -> ResponseRate:
    """Choose a rate: the shop's own where its history is long enough, else the assumption."""
    if of >= enough:
        return ResponseRate(
            name=name,
            rate=min(1.0, hits / of),
            source="history",
            hits=hits,
            of=of,
            said=f"{hits:,} of {of:,} in the last half year",
        )
    rate, said = ASSUMED[name]
    why = f"an assumption: {said} (the shop has {of:,} of the {enough:,} that a rate of its own needs)"
    return ResponseRate(name=name, rate=rate, source="assumption", hits=hits, of=of, said=why)


def estimate_own_rate(count: int, days: float, mean_rate: float) -> float:
    """Estimate how often a day a client does something, from their own history and the mean of all."""
    return (count + mean_rate * OWN_WEIGHT_DAYS) / (days + OWN_WEIGHT_DAYS)


def list_own_acts(seed: int, client_id: ClientId, day: int, rates: Mapping[str, float]) -> Iterator[ClientAct]:
    """List what a client does on one day without any mail: each type once at most."""
    for type_, rate in sorted(rates.items()):
        if draw(seed, client_id, day, type_) < -math.expm1(-rate):
            yield ClientAct(type_, 24 * draw(seed, client_id, day, f"{type_} hour"))


def react_to_mail(model: ResponseModel, seed: int, client_id: ClientId, day: int, key: str) -> MailReaction:
    """Draw what follows from a mail that was sent on one day; `key` tells several of one day apart."""

    def happens(what: str, rate: float) -> bool:
        return draw(seed, client_id, day, f"{key} {what}") < rate

    if not happens("open", model.opens.rate):
        return MailReaction()
    opened = 0.1 + 30 * draw(seed, client_id, day, f"{key} open hour") ** 2
    if happens("leave", model.unsubscribes.rate):
        return MailReaction(opened=opened, left=opened + 0.05)
    if not happens("click", model.clicks.rate):
        return MailReaction(opened=opened)
    clicked = opened + 0.1
    ordered = (
        clicked + 24 * draw(seed, client_id, day, f"{key} order hour") ** 2
        if happens("order", model.orders.rate)
        else None
    )
    return MailReaction(opened, clicked, ordered, choice=draw(seed, client_id, day, f"{key} item"))


def choose_item(items: Sequence[ItemId], share: float) -> ItemId | None:
    """Choose one of the items by a number in [0, 1)."""
    return items[int(share * len(items))] if items else None


def find_count_bounds(count: int) -> tuple[float, float]:
    """Find the 95 % bounds of the mean of a Poisson count (Byar's approximation, within 1 % from 1 on)."""
    far = 1.959964
    low = 0.0 if count == 0 else count * (1 - 1 / (9 * count) - far / (3 * math.sqrt(count))) ** 3
    above = count + 1
    return low, above * (1 - 1 / (9 * above) + far / (3 * math.sqrt(above))) ** 3
