"""Build the question to the slot `assembly`: what the pieces are worth, which places they may take, what must be in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.fixes.candidates import to_cents
from domain.fixes.places import PlaceRequest, assign_places, list_asked_places
from domain.histories import normalise_word
from models.base import ClientId, Sku
from models.fixes import FixItem, FixWish
from models.slots import AssemblyQuestion, Piece

MOST_ASKED: Final = 10
"""Pieces asked for that the assembly looks after."""


def build_question(
    wish: FixWish,
    items: Sequence[FixItem],
    prices: Mapping[Sku, float],
    client_id: ClientId,
    now: datetime,
    seed: int = 0,
) -> AssemblyQuestion:
    """Build the question to the slot `assembly`: each candidate is worth its worth less the stock price of its unit.

    `category` of a piece is its place in the box, which takes one piece (domain/fixes/places.py). A candidate that is
    not worth its price stays out, unless the client asked for pieces like it.
    """
    asked = list_asked(wish)
    groups = {item.sku: find_group(item, asked) for item in items}
    fit = _narrow_asked(wish, items, groups, asked)
    places = assign_places(PlaceRequest(wish.slots, wish.category_cap, asked), fit, groups)
    worth = [(item, compute_worth(item) - prices.get(item.sku, 0.0)) for item in fit if item.sku in places]
    return AssemblyQuestion(
        client_id=client_id,
        now=now,
        seed=seed,
        slots=wish.slots,
        budget_cents=to_cents(wish.budget),
        item_cap_cents=to_cents(wish.item_cap),
        category_cap=1,
        colour_cap=wish.colour_cap,
        must_have=tuple(sorted(list_asked_places(asked))),
        pieces=tuple(
            _build_piece(item, places[item.sku], score)
            for item, score in worth
            if score > 0 or groups[item.sku] in asked
        ),
    )


def list_asked(wish: FixWish) -> tuple[str, ...]:
    """List the categories that the client asked for, normalised, each as often as pieces of it are wanted."""
    asked = list(dict.fromkeys(normalise_word(category) for category in wish.must_have))
    for entry in wish.wishes:
        if entry.kind == "category" and entry.strength == "must" and normalise_word(entry.value) not in asked:
            asked.append(normalise_word(entry.value))
    for entry in wish.wishes:
        count, _, category = entry.value.partition(" ")
        if entry.kind == "quantity" and entry.strength != "avoid" and count.isdigit():
            name = normalise_word(category)
            asked += [name] * (min(int(count), wish.slots) - asked.count(name))
    return tuple(asked[: min(wish.slots, MOST_ASKED)])


def find_group(item: FixItem, asked: Sequence[str]) -> str:
    """Find what an item counts as: a category that the client asked for, also by another name, else its own."""
    category = normalise_word(item.category)
    if category in asked:
        return category
    return next((name for name in asked if f"category:{name}" in item.answers), category)


def compute_worth(item: FixItem) -> float:
    """Return what an item is worth to the box; Fixes ranked before there was a worth have the p(keep)."""
    return item.score if item.worth is None else item.worth


def _narrow_asked(
    wish: FixWish, items: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]
) -> list[FixItem]:
    """Leave out, of what the client asked for, the pieces that answer fewer of the musts tied to it than others do: of
    jumpers the thin ones, where a warm one is wanted and there, of jackets all but blazers, where one was asked for."""
    tied = {
        entry.key for entry in wish.wishes if entry.strength == "must" and (entry.category or entry.kind == "category")
    }
    answered = {item.sku: (len(tied & set(item.answers)), item.named) for item in items}
    most: dict[str, tuple[int, bool]] = {}
    for item in items:
        most[groups[item.sku]] = max(most.get(groups[item.sku], (0, False)), answered[item.sku])
    return [item for item in items if groups[item.sku] not in asked or answered[item.sku] == most[groups[item.sku]]]


def _build_piece(item: FixItem, place: str, score: float) -> Piece:
    return Piece(
        sku=item.sku,
        category=place,
        colour=normalise_word(item.colour),
        price_cents=item.price_cents,
        score=round(score, 9),
    )
