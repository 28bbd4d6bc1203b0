"""The places of a box: which candidate may take which, at most one piece each.

Places turn the rules on roles into what the assembly knows already: groups of which at most one piece goes in, and
groups that must have one. A box of five has two places for tops and two for bottoms, one for each other role, and one
for bags and accessories together. What the client asks for has places of its own.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.fixes.colours import find_shade
from domain.fixes.roles import EXTRAS
from domain.histories import normalise_word
from models.base import Sku
from models.box_roles import BoxRole
from models.fixes import FixItem

USUAL_SLOTS: Final = 5
PLACES: Final[Mapping[BoxRole, int]] = MappingProxyType({BoxRole.TOP: 2, BoxRole.BOTTOM: 2})
"""Places of a role in a box of USUAL_SLOTS; one for the others."""
_EXTRA: Final = "extra"
"""The role of bags and accessories in the name of a place."""


class PlaceRequest(NamedTuple):
    """What a client asks of the places: how many pieces in all, how many at most of a category, and the categories
    asked for, normalised, each as often as pieces of it are wanted."""

    slots: int
    category_cap: int
    asked: tuple[str, ...]
    single: frozenset[str] = frozenset()
    """Categories of which no more than was asked for goes in."""
    whole: bool = True
    """Whether roles get further places where the box would else stay short."""


def list_asked_places(asked: Sequence[str]) -> tuple[str, ...]:
    """List the places of the categories asked for: the category itself, and `knitwear#2` for a second piece of it."""
    times: Counter[str] = Counter()
    names = []
    for category in asked:
        times[category] += 1
        names.append(category if times[category] == 1 else f"{category}#{times[category]}")
    return tuple(names)


def assign_places(request: PlaceRequest, candidates: Sequence[FixItem], kinds: Mapping[Sku, str]) -> dict[Sku, str]:
    """Assign each candidate, best first, the place that it may take; one without a place is left out.

    `kinds` are their categories, or what the client asked for where they count as that. Candidates of one role take its
    places in turn, so that the best of a role stand in different ones; of two alike, of one category and colour, at
    most one goes in, so they share a place.
    """
    counts = _count_places(request, candidates, kinds)
    places_by_kind = _list_places(request, candidates, kinds, counts)
    turns: Counter[str] = Counter()
    places: dict[Sku, str] = {}
    twins: dict[tuple[str, str], str] = {}
    for item in candidates:
        kind = kinds[item.sku]
        own = places_by_kind[kind]
        alike = _list_alike(item, kind, alone=request.asked.count(kind) < 2)
        taken = {twins[name] for name in alike if name in twins}
        takes_all = kind not in request.asked and len(own) == counts[_name_role(item.role)]
        turn = _name_role(item.role) if takes_all else kind
        if not own or len(taken) > 1:
            continue
        place = taken.pop() if taken else own[turns[turn] % len(own)]
        turns[turn] += not {name for name in alike if name in twins}
        places[item.sku] = place
        twins.update((name, place) for name in alike)
    return places


def _list_alike(item: FixItem, kind: str, *, alone: bool) -> list[tuple[str, str]]:
    """List what pieces that are like an item share: kind and colour, and its cut; where several are asked for, its cut
    in about that colour."""
    colour = normalise_word(item.colour)
    names = [("colour", colour), ("cut", item.cut and (item.cut if alone else f"{item.cut} {find_shade(colour)}"))]
    return [(f"{kind} {name}", word) for name, word in names if word]


def find_first_places(role: BoxRole, candidates: Sequence[FixItem], places: Mapping[Sku, str]) -> list[str]:
    """Find the place that the best candidate of a role may take; none where there is no candidate."""
    return [places[item.sku] for item in candidates if item.role is role and item.sku in places][:1]


def _list_places(
    request: PlaceRequest, candidates: Sequence[FixItem], kinds: Mapping[Sku, str], counts: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """List the places that each category may take. A category asked for takes its own, and as far as the cap of a
    category allows those that its role has left: who asks for T-shirts may get two."""
    asked_places = list_asked_places(request.asked)
    begins: Counter[str] = Counter()
    places_by_kind: dict[str, tuple[str, ...]] = {}
    for item in candidates:
        kind, role = kinds[item.sku], _name_role(item.role)
        if kind in places_by_kind:
            continue
        if kind in request.asked:
            own = [place for place, category in zip(asked_places, request.asked, strict=True) if category == kind]
            more = [f"{role} {number + 1}" for number in range(counts.get(role, 0))]
            most = 0 if kind in request.single else max(0, request.category_cap - len(own))
            places_by_kind[kind] = (*own, *more[:most])
            continue
        usual = [f"{role} {number + 1}" for number in range(counts[role])]
        most = min(request.category_cap, len(usual))
        places_by_kind[kind] = tuple(usual[(begins[role] + number) % len(usual)] for number in range(most))
        begins[role] += most
    return places_by_kind


def _count_places(request: PlaceRequest, candidates: Sequence[FixItem], kinds: Mapping[Sku, str]) -> dict[str, int]:
    """Count the places of each role for what nobody asked for.

    Where the roles at hand have too few places to fill the box, as in a shop of shoes alone, garments get more, as
    far as the cap of a category allows; bags and accessories get more only where there is nothing else. A box that was
    described in words may stay shorter.
    """
    asked: Counter[str] = Counter()
    free_kinds: defaultdict[str, set[str]] = defaultdict(set)
    role_of_kind = {kinds[item.sku]: item.role for item in candidates}
    for kind, role in role_of_kind.items():
        if kind in request.asked:
            asked[_name_role(role)] += request.asked.count(kind)
        else:
            free_kinds[_name_role(role)].add(kind)
    counts = {
        role: max(0, _count_usual(role, request.slots) - asked[role]) for role in sorted(free_kinds)
    }  # a role asked for in full has no place left
    more = [role for role in counts if role != _EXTRA] or list(counts)
    most = {role: len(free_kinds[role]) * request.category_cap for role in more}
    while request.whole and sum(counts.values()) + asked.total() < request.slots:
        open_roles = [role for role in more if counts[role] < most[role]]
        if not open_roles:
            break
        counts[min(open_roles, key=lambda role: counts[role])] += 1
    return counts


def _count_usual(role: str, slots: int) -> int:
    usual = PLACES.get(BoxRole(role), 1) if role != _EXTRA else 1
    return math.ceil(usual * max(slots, USUAL_SLOTS) / USUAL_SLOTS)


def _name_role(role: BoxRole) -> str:
    return _EXTRA if role in EXTRAS else role.value
