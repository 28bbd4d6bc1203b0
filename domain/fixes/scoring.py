"""Score the candidates of a box: p(keep), and what each is worth to the box.

worth = p(keep) value suits. The value mixes kept pieces with what they cost, as the shop weighs them. `suits` is a
factor for what a stylist minds beside liking: the season, what the last boxes held, the wishes that the piece answers,
and how well it goes with the outfit that the box is built around.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats
from domain.fixes.keep_model import KeepFacts, KeepModel
from domain.fixes.outfits import USUAL, PieceLook, build_look, choose_anchor, score_with_others
from domain.fixes.roles import RoleOverrides, find_role
from domain.histories import normalise_word
from models.base import ItemId
from models.box_roles import BoxRole
from models.catalogue import Item, Season
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish

OUT_OF_SEASON: Final = 0.5
"""What a piece for another season keeps of its worth."""
LIKE_BEFORE: Final = 0.85
"""What a piece keeps of its worth for each piece of the last boxes of its category and colour."""
ANSWERED: Final[Mapping[str, float]] = MappingProxyType({"must": 0.6, "prefer": 0.3})
"""What a wish that is answered adds to the worth, as a share. A category that must be there has a place of its own, so
it adds no more than a soft wish: else two dear pieces of it would leave no budget for the rest of the box."""
NAMED: Final = 1.3
"""The factor of a piece whose title has the client's own word."""
TOGETHER: Final = 0.3
"""How much going with the outfit counts."""
CORE: Final = 1.35
"""The factor of the pieces that the outfit begins with, so that a box has one."""
BASE: Final = (BoxRole.TOP, BoxRole.BOTTOM, BoxRole.DRESS)


_WORD: Final = re.compile(r"[^\W\d_]{3,}")


class PriceLevels(NamedTuple):
    """Cents: the median of the catalogue, those of its categories (normalised), and what the client usually pays."""

    usual: float
    by_category: Mapping[str, float]
    client: float | None = None


class ScoringContext(NamedTuple):
    """What the score of a candidate depends on beside the candidate.

    `value_weight`: 0 counts kept pieces, 1 what they cost. `seasons`: how well each season suits now, 0 to 1. `before`:
    category and colour, normalised, of each piece of the client's last boxes.
    """

    keep: KeepModel
    prices: PriceLevels
    value_weight: float = 0.5
    roles: RoleOverrides = MappingProxyType({})
    seasons: Mapping[Season, float] = MappingProxyType({})
    before: Sequence[tuple[str, str]] = ()


def score_candidates(
    wish: FixWish, candidates: Sequence[FixItem], items: Mapping[ItemId, Item], context: ScoringContext
) -> tuple[FixItem, ...]:
    """Score candidates that have their `liking`, `p_fit` and `answers`; the one worth most comes first."""
    if not candidates:
        return ()
    known = [_describe(wish, candidate, items[candidate.item_id], context) for candidate in candidates]
    keep = context.keep.predict(build_facts(known))
    worth = keep * _compute_values(known, context) * _compute_factors(wish, known, items, context)
    looks = [build_look(items[candidate.item_id], candidate.role) for candidate in known]
    worth = worth * _compute_outfit_factors(wish, known, looks, worth)
    scored = [
        candidate.model_copy(update={"score": round(float(p), 6), "worth": round(float(value), 6)})
        for candidate, p, value in zip(known, keep, worth, strict=True)
    ]
    return tuple(sorted(scored, key=lambda candidate: (-(candidate.worth or 0.0), candidate.sku)))


def build_facts(candidates: Sequence[FixItem]) -> KeepFacts:
    """Build the facts from which p(keep) of described candidates follows."""
    columns = [(item.liking, item.p_fit, item.price_ratio, item.reach, item.answered) for item in candidates]
    return KeepFacts(
        [item.role for item in candidates],
        [normalise_word(item.category) for item in candidates],
        *np.array(columns, np.float64).reshape(-1, 5).T,
    )


def limit_by_role(candidates: Sequence[FixItem], most: int) -> tuple[FixItem, ...]:
    """Return at most `most` candidates, best first, with as many of each role as there can be."""
    roles = {candidate.role for candidate in candidates}
    quota = most // max(1, len(roles))
    times: Counter[str] = Counter()
    first: list[FixItem] = []
    rest: list[FixItem] = []
    for candidate in candidates:
        times[candidate.role] += 1
        (first if times[candidate.role] <= quota else rest).append(candidate)
    taken = {candidate.sku for candidate in (*first, *rest[: most - len(first)])}
    return tuple(candidate for candidate in candidates if candidate.sku in taken)


def _describe(wish: FixWish, candidate: FixItem, item: Item, context: ScoringContext) -> FixItem:
    prices, category = context.prices, normalise_word(item.category)
    usual = prices.by_category.get(category, prices.usual)
    own = float(wish.budget) * 100 / wish.slots if wish.budget is not None else prices.client
    return candidate.model_copy(
        update={
            "role": find_role(category, context.roles),
            "price_ratio": round(_log_ratio(candidate.price_cents, usual), 6),
            "reach": round(_log_ratio(candidate.price_cents, own), 6),
            "answered": float(len(candidate.answers)),
            "named": _is_named(wish, candidate, item),
        }
    )


def _is_named(wish: FixWish, candidate: FixItem, item: Item) -> bool:
    """Return whether the title has a narrower word than the category's by which the client asked for such pieces."""
    title, category = _list_words(item.title), _list_words(item.category)
    asked = [entry for entry in wish.wishes if _asks_for_pieces(entry) and entry.key in candidate.answers]
    return any(title & _list_words(entry.quote) - category for entry in asked)


def _list_words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in _WORD.findall(text.casefold())}


def _log_ratio(price: float, other: float | None) -> float:
    return log(price / other) if other and price > 0 else 0.0


def _compute_values(known: Sequence[FixItem], context: ScoringContext) -> Floats:
    price = np.array([item.price_cents for item in known], np.float64)
    weight = context.value_weight
    return np.asarray(1 - weight + weight * price / max(1.0, context.prices.usual))


def _compute_factors(
    wish: FixWish, known: Sequence[FixItem], items: Mapping[ItemId, Item], context: ScoringContext
) -> Floats:
    """Compute the factors of season, of the last boxes and of wishes, shape (n,)."""
    seasons = find_seasons(wish, context.seasons)
    before = Counter(context.before)
    weights = {
        entry.key: ANSWERED["prefer" if entry.kind == "category" else entry.strength]
        for entry in wish.wishes
        if entry.strength in ANSWERED
    }
    factors = []
    for item in known:
        category = normalise_word(item.category)
        season = OUT_OF_SEASON + (1 - OUT_OF_SEASON) * seasons.get(items[item.item_id].season, 1.0)
        again = LIKE_BEFORE ** before[category, normalise_word(item.colour)]
        named = NAMED if item.named else 1.0
        factors.append(season * again * named * (1 + sum(weights.get(key, 0.0) for key in item.answers)))
    return np.array(factors)


def find_seasons(wish: FixWish, seasons: Mapping[Season, float]) -> Mapping[Season, float]:
    """Return how well each season suits: those that the client asked for, else those of now."""
    asked = {entry.value for entry in wish.wishes if entry.kind == "season" and entry.strength != "avoid"}
    if not asked:
        return seasons
    return {season: 1.0 if season in asked or season is Season.ALL else 0.0 for season in Season}


def _compute_outfit_factors(
    wish: FixWish, known: Sequence[FixItem], looks: Sequence[PieceLook], worth: Floats
) -> Floats:
    """Compute how each candidate goes with the outfit that the box is built around, as a factor around 1."""
    wanted = {entry.key for entry in wish.wishes if _asks_for_pieces(entry)}
    must = set(map(normalise_word, wish.must_have))
    asked = [normalise_word(item.category) in must or bool(wanted & set(item.answers)) for item in known]
    outfit = choose_anchor(looks, worth.tolist(), asked)
    goes = score_with_others(looks, [looks[index] for index in outfit])
    core = np.ones(len(looks))
    core[[index for index in outfit if looks[index].role in BASE]] = CORE
    return np.asarray((1 + TOGETHER * (goes - USUAL)) * core)


def _asks_for_pieces(wish: ClientWish) -> bool:
    return bool(wish.kind == "category" and wish.strength != "avoid")
