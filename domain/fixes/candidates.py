"""Choose the candidates of a Fix, and explain why other items stay out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from domain.fixes.easing import Easing, count_lacks, is_barred
from domain.fixes.keep_model import USUAL_FIT, standardise
from domain.fixes.scoring import ScoringContext, find_seasons, score_candidates
from domain.fixes.suiting import list_out_of_season
from domain.fixes.wish_answers import ItemTraits, is_broken, is_too_dear, list_answers
from domain.histories import normalise_word
from domain.sizes import fold_size, list_wearable
from models.base import ItemId, Sku
from models.catalogue import Item
from models.events import Fit
from models.fixes import FixItem, FixWish
from models.mail import Pick
from models.wishes import ClientWish

EXCLUSION_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "owned": "the client has it",
        "in_another_fix": "it is in another box of the client",
        "sent_back": "the client sent it back lately",
        "excluded_item": "the client asked not to be sent it",
        "excluded_category": "the client asked for nothing of its category",
        "excluded_colour": "the client asked for nothing in its colour",
        "unwanted": "it is what the client does not want",
        "unsuited": "it does not suit the occasion, the colours or the cloth that the client asked for",
        "too_dear": "it costs more than the client wants to pay",
        "not_in_size": "it is not made in a size that the client wears",
        "out_of_stock": "no unit is free in a size that the client wears",
        "out_of_season": "it is for another season",
        "not_ranked": "others were ranked above it",
    }
)
"""Why an item stays out of a Fix, by code, as a stylist reads it."""
OFF_WHITE: Final = frozenset({"cream", "ivory", "ecru"})
SHADES_OF_WHITE: Final = frozenset({"pale", "pastel"})
NO_EASING: Final[Easing] = MappingProxyType({})


class StockUnit(NamedTuple):
    """One sku of an item; `free`: units available."""

    sku: Sku
    item_id: ItemId
    size: str
    free: int


Fits: TypeAlias = Callable[[Sequence[StockUnit], Sequence[str]], Sequence[float]]
"""Computes the probability that each unit fits the client, given the category of each."""


@dataclass(frozen=True)
class Wearer:
    """What a client owns and wears. `verdicts`: by category, their latest verdict on each normalised size."""

    sizes: tuple[str, ...] = ()
    owned: frozenset[ItemId] = frozenset()
    sent_back: frozenset[ItemId] = frozenset()
    elsewhere: frozenset[ItemId] = frozenset()
    """Items in their other boxes that are being made, or that they have not given feedback on."""
    verdicts: Mapping[str, Mapping[str, Fit]] = field(default_factory=dict)


def list_candidates(
    wish: FixWish,
    wearer: Wearer,
    picks: Sequence[Pick],
    items: Mapping[ItemId, Item],
    units: Iterable[StockUnit],
    fits: Fits,
    scoring: ScoringContext,
    traits: Mapping[ItemId, ItemTraits] = MappingProxyType({}),
    liking: Mapping[ItemId, float] | None = None,
    easing: Easing = NO_EASING,
) -> tuple[tuple[FixItem, ...], dict[ItemId, str]]:
    """List the items that may go into the box, and the reason code of each other item.

    Each candidate comes once, in the size that fits best, the one worth most to the box first. `picks` come from the
    ranking, `units` are the skus of `items`. A pick that `items` does not hold is ignored. `traits` say what an item is
    in the values of wishes; an item without them answers none. `liking`: by item, where it is not to be the
    standardised score of the picks. `easing`: how much pieces asked for may lack.
    """
    units_by_item: dict[ItemId, list[StockUnit]] = {}
    for unit in units:
        units_by_item.setdefault(unit.item_id, []).append(unit)
    ranked = {pick.item_id: pick for pick in picks if pick.item_id in items}
    if liking is None:
        liking = dict(zip(ranked, standardise([pick.score for pick in ranked.values()]).tolist(), strict=True))
    left_out: dict[ItemId, str] = {}
    possible: list[StockUnit] = []
    for item_id, item in items.items():
        free_units, reason = _list_free_units(
            wish, wearer, item, units_by_item.get(item_id, ()), traits.get(item_id), easing
        )
        if reason or item_id not in ranked:
            left_out[item_id] = reason or "not_ranked"
        else:
            possible += free_units
    chances = fits(possible, [items[unit.item_id].category for unit in possible])
    sized = [bool(_list_sizes(items[unit.item_id], units_by_item[unit.item_id])) for unit in possible]
    p_fit = [p if has_sizes else USUAL_FIT for p, has_sizes in zip(chances, sized, strict=True)]
    best = _choose_best_sizes(possible, p_fit)
    chosen = [
        _build_item(items[chosen_id], *best[chosen_id], ranked[chosen_id], liking[chosen_id]).model_copy(
            update={
                "answers": _list_item_answers(wish, best[chosen_id][0], items[chosen_id], traits.get(chosen_id)),
                "formality": traits[chosen_id].formality if chosen_id in traits else None,
                "kinds": tuple(sorted(traits[chosen_id].details)) if chosen_id in traits else (),
                "lacks": count_lacks(wish, traits[chosen_id]) if chosen_id in traits else 0,
            }
        )
        for chosen_id in best
    ]
    scored = score_candidates(wish, chosen, items, scoring)
    seasons = {item.sku: items[item.item_id].season for item in scored}
    away = list_out_of_season(wish, scored, seasons, find_seasons(wish, scoring.seasons))
    left_out |= dict.fromkeys((item.item_id for item in scored if item.sku in away), "out_of_season")
    return tuple(item for item in scored if item.sku not in away), left_out


def _list_item_answers(wish: FixWish, unit: StockUnit, item: Item, traits: ItemTraits | None) -> tuple[str, ...]:
    """List the wishes that a unit answers: the cardigan asked for is not also the top that was asked for."""
    if traits is None:
        return ()
    answers = list_answers(wish.wishes, traits._replace(sizes=frozenset({fold_size(unit.size)})))
    own = f"category:{normalise_word(item.category)}"
    return tuple(key for key in answers if key == own or own not in answers or not key.startswith("category:"))


def _list_sizes(item: Item, item_units: Iterable[StockUnit]) -> set[str]:
    """List the sizes that an item is made in; of an item without sizes, such as a scarf, nobody knows how it fits."""
    return ({fold_size(size) for size in item.sizes} | {fold_size(unit.size) for unit in item_units}) - {""}


def _list_free_units(
    wish: FixWish,
    wearer: Wearer,
    item: Item,
    item_units: Sequence[StockUnit],
    traits: ItemTraits | None,
    easing: Easing,
) -> tuple[list[StockUnit], str]:
    """List the free units of an item that the client may be sent; when there are none, return the reason."""
    if reason := _find_exclusion(wish, wearer, item, traits, easing):
        return [], reason
    sized = [(unit, fold_size(unit.size)) for unit in item_units]
    made_sizes = _list_sizes(item, item_units)
    worn = _list_noted_sizes(wish, traits, made_sizes) or _list_wearable_sizes(wish, wearer, item, made_sizes)
    if made_sizes and not worn:
        return [], "not_in_size"
    # A unit without a size is of an item that has none, or of one whose sizes the shop does not count apart.
    free = [unit for unit, size in sized if unit.free > 0 and (not size or size in worn)]
    return free, "" if free else "out_of_stock"


def _list_noted_sizes(wish: FixWish, traits: ItemTraits | None, made_sizes: AbstractSet[str]) -> AbstractSet[str]:
    """List the sizes of an item that the client's wishes name for its category, or for all; none: nothing is said."""
    return made_sizes & {
        fold_size(entry.value)
        for entry in wish.wishes
        if entry.kind == "size"
        and entry.strength != "avoid"
        and (not entry.category or (traits is not None and ("category", entry.category) in traits.traits))
    }


def find_reason(
    wish: FixWish,
    wearer: Wearer,
    item: Item,
    item_units: Sequence[StockUnit],
    traits: ItemTraits | None,
    easing: Easing = NO_EASING,
) -> str:
    """Find the code why an item may not be sent to the client; empty: it may."""
    return _list_free_units(wish, wearer, item, item_units, traits, easing)[1]


def _list_wearable_sizes(wish: FixWish, wearer: Wearer, item: Item, made_sizes: AbstractSet[str]) -> AbstractSet[str]:
    if wish.sizes:
        return made_sizes & {fold_size(size) for size in wish.sizes}
    return list_wearable(made_sizes, wearer.sizes, wearer.verdicts.get(normalise_word(item.category), {}))


def list_barred(
    wish: FixWish,
    items: Iterable[Item],
    traits: Mapping[ItemId, ItemTraits] = MappingProxyType({}),
    easing: Easing = NO_EASING,
) -> dict[ItemId, str]:
    """List the items that the wish alone keeps out, with the reason code of each."""
    nobody = Wearer()
    reasons = ((item.item_id, _find_exclusion(wish, nobody, item, traits.get(item.item_id), easing)) for item in items)
    return {item_id: reason for item_id, reason in reasons if reason}


def _find_exclusion(wish: FixWish, wearer: Wearer, item: Item, traits: ItemTraits | None, easing: Easing) -> str:
    dearest = min((cap for cap in (to_cents(wish.item_cap), to_cents(wish.budget)) if cap is not None), default=None)
    checks = {
        "owned": item.item_id in wearer.owned,
        "in_another_fix": item.item_id in wearer.elsewhere,
        "sent_back": item.item_id in wearer.sent_back,
        "excluded_item": item.item_id in wish.exclude_items,
        "excluded_category": normalise_word(item.category) in _normalise_words(wish.exclude_categories),
        "excluded_colour": normalise_word(item.colour) in _normalise_words(wish.exclude_colours),
        "unwanted": traits is not None
        and (any(is_broken(wished, traits) for wished in wish.wishes) or _is_refused_too(wish, traits)),
        "unsuited": traits is not None and is_barred(wish, item.category, traits, easing),
        "too_dear": (dearest is not None and item.price_cents > dearest)
        or (traits is not None and is_too_dear(wish.wishes, traits)),
    }
    return next((code for code, holds in checks.items() if holds), "")


def _is_refused_too(wish: FixWish, traits: ItemTraits) -> bool:
    """Return whether a piece falls under a wider word that is refused: who wants no trousers wants no jeans either, and
    who wants no white no cream, unless they ask for it."""
    kinds = {(entry.value, entry.strength == "avoid") for entry in wish.wishes if entry.kind == "category"}
    jeans = ("category", "jeans") in traits.traits
    refused = {entry.value for entry in wish.wishes if _is_colour(entry) and entry.strength == "avoid"}
    liked = {entry.value for entry in wish.wishes if _is_colour(entry) and entry.strength != "avoid"}
    off_white = {("colour", name) for name in OFF_WHITE - liked} & traits.traits
    return (jeans and ("trousers", True) in kinds and ("jeans", False) not in kinds) or (
        "white" in refused and bool(off_white) and not liked & SHADES_OF_WHITE
    )


def _is_colour(entry: ClientWish) -> bool:
    return entry.kind == "colour" and not entry.category


def _choose_best_sizes(units: Sequence[StockUnit], p_fit: Sequence[float]) -> dict[ItemId, tuple[StockUnit, float]]:
    """Choose the unit of each item that fits best; of about equal ones the size in which most items can be had, so that
    who wears two sizes gets a box in one."""
    best: dict[ItemId, tuple[StockUnit, float]] = {}
    usual = Counter(fold_size(unit.size) for unit in units)

    def rank(pair: tuple[StockUnit, float]) -> tuple[float, int, int, Sku]:
        return -round(pair[1], 2), -usual[fold_size(pair[0].size)], -pair[0].free, pair[0].sku

    for unit, chance in sorted(zip(units, p_fit, strict=True), key=rank):
        best.setdefault(unit.item_id, (unit, float(chance)))
    return best


def _build_item(item: Item, unit: StockUnit, p_fit: float, pick: Pick, liking: float) -> FixItem:
    return FixItem(
        sku=unit.sku,
        item_id=item.item_id,
        size=unit.size,
        category=item.category,
        colour=item.colour,
        cut=" ".join(normalise_word(item.title).split()[-2:])[:64],
        price_cents=item.price_cents,
        score=0.0,
        p_fit=round(p_fit, 6),
        liking=round(liking, 6),
        parts=pick.parts,
        why=pick.why,
    )


def to_cents(amount: Decimal | None) -> int | None:
    """Convert an amount of money, with at most two decimals, to cents."""
    return None if amount is None else int(amount.scaleb(2))


def _normalise_words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(normalise_word, words))
