"""Tell how well pieces answer what was asked of their kind, and keep those that answer most of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from domain.fixes.asked import build_finder
from domain.fixes.candidates import to_cents
from domain.histories import normalise_word
from models.base import Sku
from models.fixes import FixItem, FixWish

STEPS: Final = 3
"""Steps below the best answer that are told apart."""
WHOLE: Final = frozenset({"season", "occasion", "warmth"})
"""Kinds that do not tell one piece of a category from another, unless they are tied to it."""
SHADES: Final = frozenset({"bright", "dark", "pastel", "pale", "neutral", "earthy", "colourful"})
"""Words for many colours."""
THICK: Final = re.compile(r"thick|chunky|heavy|dick|grob|épais|grosse|grues|gord", re.IGNORECASE)
"""Words that ask of knitwear more than that it is warm."""
_Level: TypeAlias = tuple[int, int, int, bool, bool, bool]


def narrow_asked(
    wish: FixWish,
    items: Sequence[FixItem],
    groups: Mapping[Sku, str],
) -> list[FixItem]:
    """Leave out, of what the client asked for, the pieces that answer fewer of the wishes tied to it than others do, as
    far as enough are left: of jumpers the thin ones, where a warm one is wanted and there. `groups`: the categories
    that items count as, each alternative of a choice by itself."""
    asked, wanted = build_finder(wish).categories, build_finder(wish, liked=True)
    levels = {item.sku: _rate_answers(wish, item) for item in items}
    least: dict[str, _Level] = {}
    for group in {*wanted.categories}:
        colours: dict[str, None] = {}
        for item in sorted((item for item in items if groups[item.sku] == group), key=lambda item: levels[item.sku])[
            ::-1
        ]:
            if len(colours) >= max(1, asked.count(group)) and levels[item.sku] < least[group]:
                break
            colours[normalise_word(item.colour)] = None
            least[group] = levels[item.sku]
    _ease_to_budget(wish, items, groups, wanted.names, levels, least)
    return [item for item in items if groups[item.sku] not in least or levels[item.sku] >= least[groups[item.sku]]]


def _ease_to_budget(
    wish: FixWish,
    items: Sequence[FixItem],
    groups: Mapping[Sku, str],
    names: Mapping[str, str],
    levels: Mapping[Sku, _Level],
    least: dict[str, _Level],
) -> None:
    """Lower the least level of what was asked for, until the cheapest of all of it is within the budget: a plain top
    rather than none, where the dressy ones cost what the shoes need. Of a choice, by its name in `names`, the cheapest
    counts."""
    budget, asked = to_cents(wish.budget), build_finder(wish).categories
    of_group = {group: [item for item in items if groups[item.sku] == group] for group in {*asked} & least.keys()}
    while budget is not None:
        prices = {
            group: sorted(item.price_cents for item in own if levels[item.sku] >= least[group])
            for group, own in of_group.items()
        }
        lows: dict[str, int] = {}
        costs: dict[str, int] = {}
        for group, own in prices.items():
            name, cost = names.get(group, group), sum(own[: asked.count(group)])
            lows[name], costs[name] = min(own[0], lows.get(name, own[0])), min(cost, costs.get(name, cost))
        total = sum(costs.values())
        if total <= budget:
            break
        cheaper = [
            ((lows[names.get(group, group)] - item.price_cents) * asked.count(group), levels[item.sku], group)
            for group, own in of_group.items()
            for item in own
            if levels[item.sku] < least[group] and item.price_cents < lows[names.get(group, group)]
        ]
        if not cheaper:
            break
        enough = [option for option in cheaper if option[0] >= total - budget]
        _, level, group = min(enough) if enough else max(cheaper)
        least[group] = level


def _rate_answers(wish: FixWish, item: FixItem) -> _Level:
    """Rate how well a piece answers what is asked of its kind: what it lacks, the kinds of musts, the kinds of likings,
    whether it is in a colour named beside a shade, and whether it is called by the client's own word."""
    answered = [
        entry for entry in wish.wishes if entry.key in item.answers and (entry.category or entry.kind not in WHOLE)
    ]
    musts = {(entry.kind, entry.category) for entry in answered if entry.strength == "must"}
    likings = {(entry.kind, entry.category) for entry in answered if entry.strength == "prefer"}
    thick = any(entry.kind == "warmth" and THICK.search(entry.quote) for entry in answered)
    exact = any(entry.kind == "colour" and entry.value not in SHADES for entry in answered)
    return -item.lacks, len(musts), len(likings - musts), exact, thick and "thick" in item.kinds, item.named


def score_nearness(
    wish: FixWish, items: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]
) -> dict[Sku, float]:
    """Score how near each piece comes to the best answer to what was asked of its kind, 1 to 0; pieces of a kind that
    all answer it alike have no score."""
    levels: dict[str, dict[Sku, _Level]] = {}
    for item in items:
        if groups[item.sku] in asked:
            levels.setdefault(groups[item.sku], {})[item.sku] = _rate_answers(wish, item)
    rated: dict[Sku, float] = {}
    for own in levels.values():
        order = sorted({*own.values()}, reverse=True)
        if len(order) > 1:
            rated |= {sku: 1 - min(STEPS, order.index(level)) / STEPS for sku, level in own.items()}
    return rated
