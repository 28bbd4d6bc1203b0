"""Choose which pieces that nobody asked for may round off a box.

They never stand in for what was asked for, cost no more than it, and bring at most one thing to wear over an outfit: a
shorter box is better than one with a wrong piece.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from domain.fixes.colours import QUIET, score_colours
from domain.fixes.outfits import GOES, may_wear_together
from domain.fixes.roles import EXTRAS
from models.base import Sku
from models.box_roles import BoxRole
from models.fixes import FixItem

COVER: Final = "cover"
"""The place of what is worn over an outfit and was not asked for: a box has one."""
BASE: Final = frozenset({BoxRole.TOP, BoxRole.BOTTOM, BoxRole.SHOES})
"""Roles that an outfit needs, whatever they cost."""
FAR: Final = 2.0
_OVER: Final = frozenset({BoxRole.OUTERWEAR, BoxRole.KNITWEAR})
_UNDER_NOTHING: Final = ("roll-neck", "overshirt", "sleeveless")
"""What is not worn under a jumper."""


def is_cover(item: FixItem) -> bool:
    """Return whether a piece is worn over an outfit: a jacket, a cardigan, a jumper, a wrap."""
    return item.role in _OVER or (item.role is BoxRole.ACCESSORY and item.cut.endswith("wrap"))


def select_fillers(
    items: Sequence[FixItem], groups: Mapping[Sku, str], asked: Collection[str], owned: Collection[BoxRole] = ()
) -> list[FixItem]:
    """Select the candidates that may stay: all that was asked for, and what else suits it and the pieces `owned` that
    it shall go with. Where nothing was asked for all others stay."""
    items = [item for item in items if groups[item.sku] in asked or _may_join(item.role, owned)]
    wanted = [item for item in items if groups[item.sku] in asked]
    if not wanted:
        return list(items)
    most = max(
        _find_low_price([item for item in wanted if groups[item.sku] == group])
        for group in {*asked} & {*groups.values()}
    )
    roles = {item.role for item in wanted}
    known = [item.formality for item in wanted if item.formality is not None and item.role not in EXTRAS]
    usual = sum(known) / len(known) if known else None
    covered = any(is_cover(item) for item in wanted)
    return [
        item
        for item in items
        if groups[item.sku] in asked
        or not (_is_poor(item, groups[item.sku], most, roles, covered=covered) or _is_far(item.formality, usual))
    ]


def _is_far(formality: float | None, usual: float | None) -> bool:
    """Return whether a piece is far more or less formal than what was asked for: flannel beside a blazer."""
    return formality is not None and usual is not None and abs(formality - usual) > FAR


def _may_join(role: BoxRole, owned: Collection[BoxRole]) -> bool:
    """Return whether a piece may be worn with all that the client owns and named."""
    return role in EXTRAS or all(may_wear_together(role, other) for other in owned)


def _find_low_price(items: Sequence[FixItem]) -> int:
    """Find the price that a quarter of the pieces do not exceed, since nobody knows yet which of them goes in."""
    return sorted(item.price_cents for item in items)[len(items) // 4]


def _is_poor(item: FixItem, group: str, most: float, roles: Collection[BoxRole], *, covered: bool) -> bool:
    """Return whether a piece that was not asked for would be a poor filler."""
    stands_in = group.startswith("other ")
    dear = item.role not in BASE and item.price_cents > most
    too_much = is_cover(item) and (covered or item.category.casefold() == "coat")
    beneath = BoxRole.KNITWEAR in roles and any(word in item.cut for word in _UNDER_NOTHING)
    return stands_in or dear or too_much or beneath


def select_in_tune(
    items: Sequence[FixItem], best: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]
) -> list[FixItem]:
    """Select the candidates whose colours go with the best garment asked for, one of `best`; of what was asked for
    others stay where too few would be left."""
    wanted = [item for item in best if groups[item.sku] in asked and item.role not in EXTRAS]
    garments = [item for item in wanted if item.role is not BoxRole.SHOES and not _is_quiet(item)] or wanted
    if not garments:
        return list(items)
    anchor = _choose_anchor(garments, best, groups, asked)
    goes = {item.sku for item in items if _is_in_tune(item, anchor)}
    shades = {(groups[item.sku], item.colour) for item in items if item.sku in goes}
    few = {group for group in {*asked} if sum(own == group for own, _ in shades) < asked.count(group)}
    return [item for item in items if groups[item.sku] in few or item.sku in goes]


def _choose_anchor(
    garments: Sequence[FixItem], best: Sequence[FixItem], groups: Mapping[Sku, str], asked: Sequence[str]
) -> FixItem:
    """Choose the garment that others shall go with: the one worth most with which the best answers to all that was
    asked for go, else the one worth most."""
    order = sorted(garments, key=lambda item: -(item.score if item.worth is None else item.worth))
    wanted = {*asked} & {groups[item.sku] for item in best}

    def leaves_all(anchor: FixItem) -> bool:
        shades = {(groups[item.sku], item.colour) for item in best if _is_in_tune(item, anchor)}
        return all(any(own == group for own, _ in shades) for group in wanted)

    return next((item for item in order if leaves_all(item)), order[0])


def _is_in_tune(item: FixItem, anchor: FixItem) -> bool:
    """Return whether a piece goes with another; of two blouses only one is worn at a time."""
    return item.role is anchor.role or score_colours(item.colour, anchor.colour) >= GOES


def _is_quiet(item: FixItem) -> bool:
    return item.colour.casefold() in QUIET
