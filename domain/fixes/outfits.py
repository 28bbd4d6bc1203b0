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
FROM_EACH: Final = 8
"""Pieces of each role that are tried for the outfit a box is built around."""
AROUND: Final = (BoxRole.KNITWEAR, BoxRole.OUTERWEAR, BoxRole.SHOES)


class PieceLook(NamedTuple):
    """What of a piece others must go with. `styles`: its tags, normalised."""

    role: BoxRole
    colour: str
    styles: frozenset[str]
    season: Season


def build_look(item: Item, role: BoxRole) -> PieceLook:
    """Build the look of an item of the catalogue."""
    return PieceLook(role, normalise_word(item.colour), frozenset(map(normalise_word, item.tags)), item.season)


def score_pair(one: PieceLook, other: PieceLook) -> float:
    """Score how well two pieces go together, 0 to 1."""
    shared = len(one.styles & other.styles) / max(1, min(len(one.styles), len(other.styles)))
    season = one.season is other.season or Season.ALL in (one.season, other.season)
    return COLOURS * score_colours(one.colour, other.colour) + STYLES * min(1.0, 2 * shared) + SEASONS * season


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
        wanted = sum(asked[index] for index in base)
        return float(np.mean([worth[index] for index in base])) + usual * (together - USUAL + 2 * wanted)

    outfit = max(bases, key=rate)
    for role in AROUND:
        anchor = [looks[index] for index in outfit]
        options = by_role[role]
        if options:
            scores = score_with_others([looks[index] for index in options], anchor)
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
    """List the outfits of a box by sku, best first: each dress, and each bottom with the top that goes best with it,
    and with what else of the box may be worn with them and goes with all of it."""
    bases: list[tuple[str, ...]] = [(sku,) for sku, look in looks.items() if look.role is BoxRole.DRESS]
    tops = [sku for sku, look in looks.items() if look.role in (BoxRole.TOP, BoxRole.KNITWEAR)]
    for bottom in (sku for sku, look in looks.items() if look.role is BoxRole.BOTTOM):
        if tops:
            bases.append((max(tops, key=lambda top: score_pair(looks[top], looks[bottom])), bottom))
    outfits = [_extend_outfit(base, looks) for base in bases]
    return tuple(sorted((outfit for outfit in outfits if len(outfit) > 1), key=len, reverse=True))


def _extend_outfit(base: tuple[str, ...], looks: Mapping[str, PieceLook]) -> tuple[str, ...]:
    outfit = list(base)
    for role in (*AROUND, *sorted(EXTRAS)):
        options = [
            (min(score_pair(look, looks[worn]) for worn in outfit), sku)
            for sku, look in looks.items()
            if look.role is role and sku not in outfit and all(role is not looks[worn].role for worn in outfit)
        ]
        if options and max(options)[0] >= USUAL - 0.15:
            outfit.append(max(options)[1])
    return tuple(outfit)
