"""Score the candidates of a box: p(keep), and what each is worth to the box.

worth = p(keep) value suits. The value mixes kept pieces with what they cost, as the shop weighs them. `suits` is a
factor for what a stylist minds beside liking: the season, what the last boxes held, the wishes that the piece answers,
and how well it goes with the outfit that the box is built around.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import log
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats
from domain.fixes.asked import build_finder, is_wanted_kind
from domain.fixes.colours import QUIET
from domain.fixes.keep_model import KeepFacts, KeepModel
from domain.fixes.outfits import (
    USUAL,
    PieceLook,
    build_look,
    choose_anchor,
    is_out_of_tune,
    score_with_others,
)
from domain.fixes.roles import RoleOverrides, find_role
from domain.fixes.suiting import list_whole_wishes
from domain.histories import normalise_word
from models.base import ItemId
from models.box_roles import BoxRole
from models.catalogue import Item, Season
from models.fixes import FixItem, FixWish

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
MISSED: Final = 0.6
"""What a piece keeps of its worth that has nothing of the colours, the patterns or the styles that the client likes, or
is of the loud colour that it shall go with, so that not all of an outfit is."""
CLASH: Final = 0.25
"""What a piece keeps of its worth whose colour does not go with that outfit."""
IN_THE_SUN: Final = frozenset({("occasion", "holiday"), ("warmth", "light")})
"""Wishes that mean warm weather where no season is named."""
NEAR_SEASONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"winter": ("autumn",), "autumn": ("winter",), "spring": ("summer",), "summer": ("spring",)}
)
CORE: Final = 1.35
"""The factor of the pieces that the outfit begins with, so that a box has one."""
BASE: Final = (BoxRole.TOP, BoxRole.BOTTOM, BoxRole.DRESS)
EXTRA_ROLES: Final = frozenset({BoxRole.SHOES, BoxRole.BAG})
SEPARATES: Final = frozenset({BoxRole.TOP, BoxRole.BOTTOM})


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
    looks = [build_look(items[candidate.item_id], candidate.role, candidate.formality) for candidate in known]
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


def limit_by_role(candidates: Sequence[FixItem], most: int, asked: Collection[str] = ()) -> tuple[FixItem, ...]:
    """Return at most `most` candidates, best first, with as many of each role, and of each category asked for, as there
    can be; of those asked for, the ones that are most as they were asked for."""
    groups = {candidate.sku: _name_group(candidate, asked) for candidate in candidates}
    quota = most // max(1, len({*groups.values()}))
    times: Counter[str] = Counter()
    first: list[FixItem] = []
    rest: list[FixItem] = []
    for candidate in sorted(candidates, key=lambda item: (item.lacks, -len(item.answers)) if asked else ()):
        group = groups[candidate.sku]
        times[group] += 1
        (first if times[group] <= quota else rest).append(candidate)
    taken = {candidate.sku for candidate in (*first, *rest[: most - len(first)])}
    return tuple(candidate for candidate in candidates if candidate.sku in taken)


def _name_group(candidate: FixItem, asked: Collection[str]) -> str:
    category = normalise_word(candidate.category)
    own = (name for name in asked if name == category or f"category:{name}" in candidate.answers)
    return next(own, candidate.role.value)


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
    asked = [entry for entry in wish.wishes if is_wanted_kind(entry) and entry.key in candidate.answers]
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
    liked = _list_liked_kinds(wish)
    owned = {entry.colour for entry in wish.wishes if entry.kind == "goes_with"} - QUIET
    for item in known:
        category = normalise_word(item.category)
        season = OUT_OF_SEASON + (1 - OUT_OF_SEASON) * seasons.get(items[item.item_id].season, 1.0)
        again = LIKE_BEFORE ** before[category, normalise_word(item.colour)]
        named = NAMED if item.named else 1.0
        worn_already = MISSED if item.role not in EXTRA_ROLES and normalise_word(item.colour) in owned else 1.0
        missed = worn_already * MISSED ** sum(
            item.role not in EXTRA_ROLES and not own & set(item.answers) for own in liked
        )
        factors.append(season * again * named * missed * (1 + sum(weights.get(key, 0.0) for key in item.answers)))
    return np.array(factors)


def _list_liked_kinds(wish: FixWish) -> list[frozenset[str]]:
    """List what the client likes in the whole box, colours, patterns and styles each: the keys of the wishes."""
    by_kind = list_whole_wishes(wish.wishes)
    kinds = [by_kind[kind] for kind in ("colour", "pattern", "style") if kind in by_kind]
    return [frozenset(entry.key for entry in entries) for entries in kinds]


def find_seasons(wish: FixWish, seasons: Mapping[Season, float]) -> Mapping[Season, float]:
    """Return how well each season suits: those that the client asked for, else those of now."""
    whole = [entry for entry in wish.wishes if entry.strength != "avoid" and not entry.category]
    asked = {entry.value for entry in whole if entry.kind == "season"}
    if not asked and any((entry.kind, entry.value) in IN_THE_SUN for entry in whole):
        asked = {Season.SPRING.value, Season.SUMMER.value}
    if not asked:
        return seasons
    near = {name for name in asked for name in (name, *(NEAR_SEASONS.get(name, ())))}
    return {season: 1.0 if season in asked | {Season.ALL} else 0.6 * (season in near) for season in Season}


def _compute_outfit_factors(
    wish: FixWish, known: Sequence[FixItem], looks: Sequence[PieceLook], worth: Floats
) -> Floats:
    """Compute how each candidate goes with the outfit that the box is built around, as a factor around 1."""
    finder = build_finder(wish, liked=True)
    asked = [finder.find_category(item) in finder.categories for item in known]
    outfit = choose_anchor(looks, worth.tolist(), asked)
    anchor = [looks[index] for index in outfit]
    goes = score_with_others(looks, anchor)
    core = np.ones(len(looks))
    core[[index for index in outfit if looks[index].role in BASE]] = CORE
    clash = np.array([CLASH if is_out_of_tune(look, anchor) else 1.0 for look in looks])
    return np.asarray((1 + TOGETHER * (goes - USUAL)) * core * clash)
