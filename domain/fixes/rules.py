"""What may go into a Fix: the candidates, why each other item may not, and the question to the assembly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from domain.fixes.keep import Keep, standardised
from domain.histories import plain
from domain.sizes import plain_size, wearable
from models.base import ClientId, ItemId, Sku
from models.catalogue import Item
from models.events import Fit
from models.fixes import FixItem, FixWish
from models.mail import Pick
from models.slots import AssemblyQuestion, Piece

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "owned": "the client has it",
        "in_another_fix": "it is in another box of the client",
        "sent_back": "the client sent it back lately",
        "excluded_item": "the client asked not to be sent it",
        "excluded_category": "the client asked for nothing of its category",
        "excluded_colour": "the client asked for nothing in its colour",
        "too_dear": "it costs more than the client wants to pay",
        "not_in_size": "it is not made in a size that the client wears",
        "out_of_stock": "no unit is free in a size that the client wears",
        "not_ranked": "others were ranked above it",
    }
)
"""Why an item stays out of a Fix, by code, as a stylist reads it."""


class Unit(NamedTuple):
    """One sku of an item; `free`: units to give."""

    sku: Sku
    item_id: ItemId
    size: str
    free: int


Fits: TypeAlias = Callable[[Sequence[Unit], Sequence[str]], Sequence[float]]
"""The chance that each unit fits the client, given the category of each."""


@dataclass(frozen=True)
class Wearer:
    """What a client has and wears. `verdicts`: by category, what they said of sizes as compared, the latest word."""

    sizes: tuple[str, ...] = ()
    owned: frozenset[ItemId] = frozenset()
    sent_back: frozenset[ItemId] = frozenset()
    elsewhere: frozenset[ItemId] = frozenset()
    """In boxes of theirs that are being made, or on which they have not said a word."""
    verdicts: Mapping[str, Mapping[str, Fit]] = field(default_factory=dict)


def candidates(
    wish: FixWish,
    wearer: Wearer,
    picks: Sequence[Pick],
    items: Mapping[ItemId, Item],
    units: Iterable[Unit],
    fits: Fits,
    keep: Keep,
) -> tuple[tuple[FixItem, ...], dict[ItemId, str]]:
    """What may go into the box, each item once in the size that fits it best, the likeliest to be kept first; and the
    code of the reason why each other of `items` may not.

    `picks` come from the ranking, `units` are the skus of `items`. A pick that `items` does not hold is passed over.
    """
    shelf: dict[ItemId, list[Unit]] = {}
    for unit in units:
        shelf.setdefault(unit.item_id, []).append(unit)
    ranked = {pick.item_id: pick for pick in picks if pick.item_id in items}
    left_out: dict[ItemId, str] = {}
    possible: list[Unit] = []
    for item_id, item in items.items():
        theirs, reason = _units(wish, wearer, item, shelf.get(item_id, ()))
        if reason or item_id not in ranked:
            left_out[item_id] = reason or "not_ranked"
        else:
            possible += theirs
    chances = fits(possible, [items[unit.item_id].category for unit in possible])
    sized = [bool(_sizes(items[unit.item_id], shelf[unit.item_id])) for unit in possible]
    best = _best_sizes(possible, [p if made else 1.0 for p, made in zip(chances, sized, strict=True)])
    liking = standardised([pick.score for pick in ranked.values()])
    likes = dict(zip(ranked, zip(liking.tolist(), keep.p_like(liking).tolist(), strict=True), strict=True))
    found = [_item(items[each], *best[each], ranked[each], *likes[each]) for each in best]
    return tuple(sorted(found, key=lambda each: (-each.score, each.sku))), left_out


def _sizes(item: Item, shelf: Iterable[Unit]) -> set[str]:
    """The sizes that an item is made in; one that has none, such as a scarf, fits everybody."""
    return ({plain_size(size) for size in item.sizes} | {plain_size(unit.size) for unit in shelf}) - {""}


def _units(wish: FixWish, wearer: Wearer, item: Item, shelf: Sequence[Unit]) -> tuple[list[Unit], str]:
    """The free units of an item that the client may be sent; none, and why not."""
    if reason := _barred(wish, wearer, item):
        return [], reason
    sized = [(unit, plain_size(unit.size)) for unit in shelf]
    made = _sizes(item, shelf)
    worn = _worn(wish, wearer, item, made)
    if made and not worn:
        return [], "not_in_size"
    # A unit without a size is of an item that has none, or of one whose sizes the shop does not count apart.
    free = [unit for unit, size in sized if unit.free > 0 and (not size or size in worn)]
    return free, "" if free else "out_of_stock"


def _worn(wish: FixWish, wearer: Wearer, item: Item, made: AbstractSet[str]) -> AbstractSet[str]:
    if wish.sizes:
        return made & {plain_size(size) for size in wish.sizes}
    return wearable(made, wearer.sizes, wearer.verdicts.get(plain(item.category), {}))


def _barred(wish: FixWish, wearer: Wearer, item: Item) -> str:
    dearest = min((cap for cap in (cents(wish.item_cap), cents(wish.budget)) if cap is not None), default=None)
    checks = {
        "owned": item.item_id in wearer.owned,
        "in_another_fix": item.item_id in wearer.elsewhere,
        "sent_back": item.item_id in wearer.sent_back,
        "excluded_item": item.item_id in wish.exclude_items,
        "excluded_category": plain(item.category) in _plain(wish.exclude_categories),
        "excluded_colour": plain(item.colour) in _plain(wish.exclude_colours),
        "too_dear": dearest is not None and item.price_cents > dearest,
    }
    return next((code for code, holds in checks.items() if holds), "")


def _best_sizes(units: Sequence[Unit], p_fit: Sequence[float]) -> dict[ItemId, tuple[Unit, float]]:
    """The unit of each item that fits best; of equal ones that with more units to give."""
    best: dict[ItemId, tuple[Unit, float]] = {}
    for unit, chance in sorted(zip(units, p_fit, strict=True), key=lambda each: (-each[1], -each[0].free, each[0].sku)):
        best.setdefault(unit.item_id, (unit, float(chance)))
    return best


def _item(item: Item, unit: Unit, p_fit: float, pick: Pick, liking: float, p_like: float) -> FixItem:
    return FixItem(
        sku=unit.sku,
        item_id=item.item_id,
        size=unit.size,
        category=item.category,
        colour=item.colour,
        price_cents=item.price_cents,
        score=round(p_like * p_fit, 6),
        p_fit=round(p_fit, 6),
        liking=round(liking, 6),
        parts=pick.parts,
        why=pick.why,
    )


def question(
    wish: FixWish,
    items: Sequence[FixItem],
    prices: Mapping[Sku, float],
    client_id: ClientId,
    now: datetime,
    seed: int = 0,
) -> AssemblyQuestion:
    """What the assembly is asked: each candidate at its p(keep) less the stock price of its unit (what another client
    would miss by it). One that is not worth its price stays out, unless it is of a category that must be there."""
    wanted = _plain(wish.must_have)
    worth = [(item, item.score - prices.get(item.sku, 0.0)) for item in items]
    return AssemblyQuestion(
        client_id=client_id,
        now=now,
        seed=seed,
        slots=wish.slots,
        budget_cents=cents(wish.budget),
        item_cap_cents=cents(wish.item_cap),
        category_cap=wish.category_cap,
        colour_cap=wish.colour_cap,
        must_have=tuple(sorted(wanted)),
        pieces=tuple(_piece(item, score) for item, score in worth if score > 0 or plain(item.category) in wanted),
    )


def _piece(item: FixItem, score: float) -> Piece:
    return Piece(
        sku=item.sku,
        category=plain(item.category),
        colour=plain(item.colour),
        price_cents=item.price_cents,
        score=round(score, 9),
    )


def cents(amount: Decimal | None) -> int | None:
    """An amount of money, which has two decimals at most, in cents."""
    return None if amount is None else int(amount.scaleb(2))


def _plain(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(plain, words))
