"""Outfits: which pieces are worn together, and how well they go with each other.

An outfit is a top and a bottom, or a dress, with what goes over and under it. Whether two pieces go together is told by
their colours, their styles and their season; what was worn or bundled together before may be added by a plug-in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats
from domain.fixes.colours import score_colours
from domain.fixes.roles import EXTRAS
from domain.histories import normalise_word
from models.box_roles import BoxRole
from models.catalogue import Item, Season

COLOURS, STYLES, SEASONS = 0.6, 0.25, 0.15
"""What each counts in how well two pieces go together."""
USUAL: Final = 0.7
"""About how well two pieces drawn at random go together."""
GOES: Final = 0.7
"""From how well two colours go that they are worn together."""
APART: Final = 1.4
"""How far from each other in how formal they are pieces of one box may be."""
FROM_EACH: Final = 8
"""Pieces of each role that are tried for the outfit a box is built around."""
AROUND: Final = (BoxRole.KNITWEAR, BoxRole.OUTERWEAR, BoxRole.SHOES)


class PieceLook(NamedTuple):
    """What of a piece others must go with. `styles`: its tags, normalised."""

    role: BoxRole
    colour: str
    styles: frozenset[str]
    season: Season
    formality: float | None = None


def build_look(item: Item, role: BoxRole, formality: float | None = None) -> PieceLook:
    """Build the look of an item of the catalogue."""
    styles = frozenset(map(normalise_word, item.tags))
    return PieceLook(role, normalise_word(item.colour), styles, item.season, formality)


def score_pair(one: PieceLook, other: PieceLook) -> float:
    """Score how well two pieces go together, 0 to 1."""
    shared = len(one.styles & other.styles) / max(1, min(len(one.styles), len(other.styles)))
    season = one.season is other.season or Season.ALL in (one.season, other.season)
    return COLOURS * score_colours(one.colour, other.colour) + STYLES * min(1.0, 2 * shared) + SEASONS * season


def is_out_of_tune(look: PieceLook, anchor: Sequence[PieceLook]) -> bool:
    """Return whether a piece does not go with an outfit: its colour with one of the others, or as sport with a gown."""
    if any(score_colours(look.colour, other.colour) < GOES for other in anchor):
        return True
    known = [other.formality for other in anchor if other.formality is not None and other is not look]
    return look.formality is not None and bool(known) and abs(look.formality - sum(known) / len(known)) > APART


def may_wear_together(one: BoxRole, other: BoxRole) -> bool:
    """Return whether pieces of two roles may be parts of one outfit; two tops may not."""
    separates = {BoxRole.TOP, BoxRole.BOTTOM}
    return one is not other and not (BoxRole.DRESS in (one, other) and {one, other} & separates)


def score_with_others(looks: Sequence[PieceLook], anchor: Sequence[PieceLook]) -> Floats:
    """Score how well each of n pieces goes with those of `anchor` that it may be worn with, shape (n,); USUAL with
    none."""
    scores = np.full(len(looks), USUAL)
    for index, look in enumerate(looks):
        pairs = [score_pair(look, other) for other in anchor if may_wear_together(look.role, other.role)]
        if pairs:
            scores[index] = sum(pairs) / len(pairs)
    return scores


def choose_anchor(looks: Sequence[PieceLook], worth: Sequence[float], asked: Sequence[bool]) -> list[int]:
    """Choose the outfit that a box is built around: indices of a top and a bottom, or of a dress, with a layer and
    shoes.

    Pieces are worth most that are worth much alone and go together. Where the client asked for pieces of a role, only
    these count for it.
    """
    by_role = _group_by_role(looks, worth, asked)
    usual = float(np.mean(worth)) if len(worth) else 0.0
    bases = [[index] for index in by_role[BoxRole.DRESS]] + [
        [top, bottom] for top in by_role[BoxRole.TOP] for bottom in by_role[BoxRole.BOTTOM]
    ]
    if not bases:
        return []

    def rate(base: list[int]) -> float:
        together = score_pair(looks[base[0]], looks[base[1]]) if len(base) > 1 else USUAL
        if len(base) > 1 and is_out_of_tune(looks[base[0]], [looks[base[1]]]):
            together -= 1
        wanted = sum(asked[index] for index in base)
        return float(np.mean([worth[index] for index in base])) + usual * (together - USUAL + 2 * wanted)

    outfit = max(bases, key=rate)
    for role in AROUND:
        anchor = [looks[index] for index in outfit]
        options = by_role[role]
        if options:
            scores = score_with_others([looks[index] for index in options], anchor)
            scores -= [is_out_of_tune(looks[index], anchor) for index in options]
            outfit.append(max(zip(options, scores, strict=True), key=lambda pair: worth[pair[0]] + usual * pair[1])[0])
    return outfit


def _group_by_role(
    looks: Sequence[PieceLook], worth: Sequence[float], asked: Sequence[bool]
) -> dict[BoxRole, list[int]]:
    by_role: defaultdict[BoxRole, list[int]] = defaultdict(list)
    for index in sorted(range(len(looks)), key=lambda index: (not asked[index], -worth[index])):
        role = looks[index].role
        only_asked = bool(by_role[role]) and asked[by_role[role][0]] and not asked[index]
        if len(by_role[role]) < FROM_EACH and not only_asked:
            by_role[role].append(index)
    return by_role


def list_outfits(looks: Mapping[str, PieceLook]) -> tuple[tuple[str, ...], ...]:
    """List the outfits of a box by sku, best first: each dress, each bottom with the top that goes best with it, and
    each further top or jumper with the bottom that does. What else of the box may be worn with them, and goes with all
    of it, is part of them."""
    tops = [sku for sku, look in looks.items() if look.role is BoxRole.TOP] or [
        sku for sku, look in looks.items() if look.role is BoxRole.KNITWEAR
    ]
    bottoms = [sku for sku, look in looks.items() if look.role is BoxRole.BOTTOM]

    def find_best(sku: str, others: Sequence[str]) -> str:
        return max(others, key=lambda other: score_pair(looks[sku], looks[other]))

    bases: list[tuple[str, ...]] = [(sku,) for sku, look in looks.items() if look.role is BoxRole.DRESS]
    bases += [(find_best(bottom, tops), bottom) for bottom in bottoms if tops]
    bases += [(top, find_best(top, bottoms)) for top in tops if bottoms and all(top not in base for base in bases)]
    outfits = [_extend_outfit(base, looks) for base in bases]
    worn = {sku for outfit in outfits for sku in outfit}
    layers = [sku for sku, look in looks.items() if look.role is BoxRole.KNITWEAR and sku not in worn]
    outfits += [_extend_outfit((layer, find_best(layer, bottoms)), looks) for layer in layers if bottoms]
    return tuple(sorted((outfit for outfit in outfits if len(outfit) > 1), key=len, reverse=True))


def _extend_outfit(base: tuple[str, ...], looks: Mapping[str, PieceLook]) -> tuple[str, ...]:
    """Extend an outfit by a layer, a coat or jacket, shoes, and a bag and an accessory, as far as they go with it."""
    outfit = list(base)
    for role in (*AROUND, *sorted(EXTRAS)):
        options = [
            (min(score_pair(look, looks[worn]) for worn in outfit), sku)
            for sku, look in looks.items()
            if look.role is role
            and all(role is not looks[worn].role for worn in outfit)
            and all(score_colours(look.colour, looks[worn].colour) >= GOES for worn in outfit)
        ]
        if options:
            outfit.append(max(options)[1])
    return tuple(outfit)
