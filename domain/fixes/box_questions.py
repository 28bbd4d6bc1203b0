"""Build the question to the slot `assembly`: what the pieces are worth, which places they may take, what must be in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

from domain.fixes.answer_levels import SHADES, narrow_asked, score_nearness
from domain.fixes.asked import build_finder, list_asked, list_liked, list_owned_roles, list_single
from domain.fixes.candidates import to_cents
from domain.fixes.colours import QUIET
from domain.fixes.fillers import COVER, is_cover, select_fillers, select_in_tune
from domain.fixes.places import PlaceRequest, assign_places, find_first_places, list_asked_places
from domain.fixes.roles import EXTRAS
from domain.histories import normalise_word
from models.base import ClientId, Sku
from models.box_roles import BoxRole
from models.fixes import FixItem, FixWish
from models.slots import AssemblyQuestion, Piece

FILLED: Final = 1.0
"""What a piece is worth for filling a slot, in shares of the best one: five fair pieces rather than four dear ones."""
GARMENT: Final = 5.0
"""What a garment asked for adds, in shares of the best piece."""
SAME_ROLE: Final = 0.6
"""What a piece that nobody asked for loses where one of its role was asked for."""
SEVERAL: Final = 2
BEST: Final = 9.0
"""What a piece adds that answers as much as any of what was asked of its kind: each step of it more than a further
piece, whose price would be lacking here."""
NAMED_FIRST: Final = 0.5
"""What the piece asked for first adds; that of the last adds about nothing."""
MOST_OF_COLOUR: Final = 2
"""Garments of one colour in a box that the client described."""
USUAL_CAP: Final = 3
"""Pieces of one colour in a box where nobody says how many."""
_TONELESS: Final = frozenset({BoxRole.SHOES, BoxRole.BAG})
"""Roles whose colour may come again."""
_TOPS = (BoxRole.TOP, BoxRole.KNITWEAR)
SEPARATES: Final = frozenset({BoxRole.TOP, BoxRole.BOTTOM})


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
    asked, liked = list_asked(wish), list_liked(wish)
    wanted = (*asked, *liked)
    finder = build_finder(wish, liked=True)
    groups = {item.sku: finder.find_group(item) for item in items}
    kinds = {item.sku: finder.find_category(item) for item in items}
    suited = select_in_tune(items, narrow_asked(wish, items, kinds), groups, wanted)
    fit = select_fillers(narrow_asked(wish, suited, kinds), groups, wanted, list_owned_roles(wish))
    places = assign_places(
        PlaceRequest(wish.slots, wish.category_cap, wanted, list_single(wish), whole=not (wanted and wish.wishes)),
        fit,
        groups,
    )
    places |= {sku: COVER for sku in _list_covers(fit, groups, wanted) if sku in places}
    fit = _keep_to_outfit(wish, fit, groups, places, wanted)
    first = {*liked, *_find_outfit_places(wish, fit, groups, places, wanted)}
    most = max((compute_worth(item) for item in fit), default=0.0)
    cap = _find_colour_cap(wish)
    free = set() if cap is None else _list_toneless(fit, groups, asked)
    worn = {item.role for item in fit if groups[item.sku] in asked} - {BoxRole.TOP}
    nearness = score_nearness(wish, fit, kinds, build_finder(wish).categories)
    worth = [
        (
            item,
            compute_worth(item) - prices.get(item.sku, 0.0),
            FILLED * most
            + most * (places[item.sku] in first)
            + most * _weigh_asked(item, groups[item.sku], asked, worn)
            + most * BEST * nearness.get(item.sku, 0.0),
        )
        for item in fit
        if item.sku in places
    ]
    return AssemblyQuestion(
        client_id=client_id,
        now=now,
        seed=seed,
        slots=wish.slots,
        budget_cents=to_cents(wish.budget),
        item_cap_cents=to_cents(wish.item_cap),
        category_cap=1,
        colour_cap=wish.colour_cap if cap is None else cap,
        must_have=tuple(sorted(list_asked_places(asked))),
        pieces=tuple(
            _build_piece(item, places[item.sku], score + bonus, colour="" if item.sku in free else item.colour)
            for item, score, bonus in worth
            if score > 0 or groups[item.sku] in asked
        ),
    )


def _weigh_asked(item: FixItem, group: str, asked: Sequence[str], worn: AbstractSet[BoxRole]) -> float:
    """Weigh what was asked for, so that where not all of it can be had, garments come before a scarf, and what was
    named first before what was named last; trousers beside the skirt asked for come after what is not `worn` yet."""
    if group not in asked:
        return -SAME_ROLE * (item.role in worn)
    if len({*asked}) < SEVERAL:
        return 0.0
    return GARMENT * (item.role not in EXTRAS) + NAMED_FIRST * (1 - asked.index(group) / len(asked))


def compute_worth(item: FixItem) -> float:
    """Return what an item is worth to the box; Fixes ranked before there was a worth have the p(keep)."""
    return item.score if item.worth is None else item.worth


def _begins_with_dress(fit: Sequence[FixItem], has: AbstractSet[BoxRole]) -> bool:
    """Return whether the outfit of the box is a dress: one was asked for, or nothing was and the best is worth more."""
    best: dict[BoxRole, float] = {}
    for item in fit:
        best[item.role] = max(best.get(item.role, 0.0), compute_worth(item))
    if has & {*_TOPS, BoxRole.BOTTOM}:
        return False
    separates = [best.get(BoxRole.TOP, 0.0), best.get(BoxRole.BOTTOM, 0.0)]
    return BoxRole.DRESS in has or best.get(BoxRole.DRESS, 0.0) > sum(separates) / 2


def _list_roles(wish: FixWish, fit: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]) -> set[BoxRole]:
    """List the roles of what the client asked for, and of what they own and want to wear with it."""
    return {item.role for item in fit if groups[item.sku] in asked} | list_owned_roles(wish)


def _list_covers(fit: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]) -> list[Sku]:
    """List what would be worn over the outfit and was not asked for, of which one is enough."""
    return [item.sku for item in fit if groups[item.sku] not in asked and is_cover(item)]


def _keep_to_outfit(
    wish: FixWish, fit: list[FixItem], groups: Mapping[Sku, str], places: Mapping[Sku, str], asked: Sequence[str]
) -> list[FixItem]:
    """Leave out what does not belong to the outfit, where enough is left to fill the box: beside a dress tops, bottoms,
    jumpers and scarves; beside a top or bottom that was asked for dresses that were not."""
    has = _list_roles(wish, fit, groups, asked)
    if _begins_with_dress(fit, has):
        others = [item for item in fit if groups[item.sku] in asked or not _is_wrong_with_dress(item)]
    elif (has or wish.wishes) and BoxRole.DRESS not in has and {item.role for item in fit} >= SEPARATES:
        others = [item for item in fit if item.role is not BoxRole.DRESS]
    else:
        return fit
    enough = bool(has) or len({places[item.sku] for item in others if item.sku in places}) >= wish.slots - bool(
        wish.wishes
    )
    return others if enough else fit


def _is_wrong_with_dress(item: FixItem) -> bool:
    scarf = item.role is BoxRole.ACCESSORY and not is_cover(item)
    return item.role in SEPARATES or "jumper" in item.kinds or scarf


def _find_outfit_places(
    wish: FixWish, fit: Sequence[FixItem], groups: Mapping[Sku, str], places: Mapping[Sku, str], asked: Sequence[str]
) -> list[str]:
    """Find the places that must be taken so that the box has an outfit: what asked-for pieces lack of a dress, or of a
    top and a bottom, beside what the client owns and wants to wear."""
    has = _list_roles(wish, fit, groups, asked)
    if _begins_with_dress(fit, has):
        return [] if BoxRole.DRESS in has else find_first_places(BoxRole.DRESS, fit, places)
    needed = [BoxRole.TOP] * (not has & {*_TOPS}) + [BoxRole.BOTTOM] * (BoxRole.BOTTOM not in has)
    return [place for role in needed for place in find_first_places(role, fit, places)]


def _list_toneless(fit: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]) -> set[Sku]:
    """List the pieces that a cap which nobody asked for does not count: shoes and bags in quiet colours, and kinds
    asked for that come in too few colours."""
    shades = {(groups[item.sku], normalise_word(item.colour)) for item in fit}
    scarce = {kind for kind in asked if sum(own == kind for own, _ in shades) <= asked.count(kind)}
    quiet = {item.sku for item in fit if item.role in _TONELESS and normalise_word(item.colour) in QUIET}
    return quiet | {item.sku for item in fit if groups[item.sku] in scarce}


def _find_colour_cap(wish: FixWish) -> int | None:
    """Find how many garments of one colour a box takes that was described in words; None: as the request says, or many
    since just one colour was asked for."""
    colours = [entry for entry in wish.wishes if entry.kind == "colour" and entry.strength == "must"]
    named = {entry.value for entry in colours} - SHADES
    stated = wish.colour_cap < USUAL_CAP or not wish.wishes
    return None if stated or len(named) == 1 else MOST_OF_COLOUR


def _build_piece(item: FixItem, place: str, score: float, *, colour: str) -> Piece:
    return Piece(
        sku=item.sku,
        category=place,
        colour=normalise_word(colour),
        price_cents=item.price_cents,
        score=round(score, 9),
    )
