"""Find the alternatives of a note: of "a coat or a jacket" one is enough.

An "or" joins the things right before and after it. A list with commas that ends with one, "a coat, jacket or cardigan",
is a choice among all; not where "and" goes on with it, nor where an article tells that only two belong together: "a
dress, a coat or jacket". What is said behind the last, "a coat or jacket in green", is said of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.fixes.reading.scopes import CONTEXT, Joint, Mention
from domain.fixes.reading.strengths import ATTRIBUTES
from models.wishes import ClientWish, WishKind

LONGEST = 64
STRENGTHS = {"": "must", "must": "must", "prefer": "prefer"}
"""How strongly things are wanted that are meant in one of these ways."""
KINDS: frozenset[str] = ATTRIBUTES | CONTEXT | {"category"}
"""Kinds of things between which notes leave a choice."""


class _Group:
    """Things of a note that belong together, as in "a green wool coat"."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self.mentions = mentions
        self.joint: Joint = mentions[0].joint
        self.articled = mentions[0].articled

    def find_only(self, kind: WishKind) -> Mention | None:
        """Find the only thing of a kind; None: there is none, or more."""
        of_kind = [mention for mention in self.mentions if mention.thing.kind == kind]
        return of_kind[0] if len(of_kind) == 1 else None


def find_choices(mentions: Sequence[Mention]) -> dict[int, int]:
    """Find which things are alternatives: the number of the choice that each is of, by the id() of its mention."""
    by_number: dict[int, list[Mention]] = {}
    for mention in mentions:
        by_number.setdefault(mention.group, []).append(mention)
    groups = [_Group(entries) for entries in by_number.values()]
    choices: dict[int, int] = {}
    for kind in dict.fromkeys(mention.thing.kind for mention in mentions if mention.thing.kind in KINDS):
        for place in sorted(_list_links(groups, kind)):
            one, other = groups[place - 1].find_only(kind), groups[place].find_only(kind)
            choices[id(other)] = choices.setdefault(id(one), len(choices))
    return choices


def list_alternatives(mentions: Sequence[Mention], choices: Mapping[int, int]) -> list[list[Mention]]:
    """List the pieces of each choice between pieces, in their order."""
    pieces: dict[int, list[Mention]] = {}
    for mention in mentions:
        if mention.thing.kind == "category" and id(mention) in choices:
            pieces.setdefault(choices[id(mention)], []).append(mention)
    return [*pieces.values()]


def find_shared(
    mentions: Sequence[Mention], choices: Mapping[int, int], heads: Mapping[int, str]
) -> dict[int, tuple[str, ...]]:
    """Find, by the id() of each mention that is said behind the last piece of a choice, the other pieces that it is
    said of: those of which nothing of its kind is said. `heads`: the piece that each is said of by itself."""
    shared: dict[int, tuple[str, ...]] = {}
    said = {(mention.thing.kind, heads.get(id(mention))) for mention in mentions}
    for *others, last in list_alternatives(mentions, choices):
        joined: set[int] = set()
        for mention in mentions:
            number, kind = choices.get(id(mention)), mention.thing.kind
            behind = mention.start >= last.end and heads.get(id(mention)) == last.thing.value and kind != "category"
            if behind and (mention.after_preposition or number in joined):
                shared[id(mention)] = tuple(one.thing.value for one in others if (kind, one.thing.value) not in said)
                joined |= set() if number is None else {number}  # "in green or blue"
    return shared


def _list_links(groups: Sequence[_Group], kind: WishKind) -> set[int]:
    """List the places of the groups whose thing of a kind is an alternative to that of the group before."""
    links: set[int] = set()
    for place in range(1, len(groups)):
        if groups[place].joint != "or" or not _are_alternatives(groups[place - 1], groups[place], kind):
            continue
        links.add(place)
        goes_on = place + 1 < len(groups) and groups[place + 1].joint == "and"
        first = place - 1
        while not goes_on and first > 0 and _continues_list(groups[first], groups[place]):
            if not _are_alternatives(groups[first - 1], groups[first], kind):
                break
            links.add(first)
            first -= 1
    return links


def _continues_list(group: _Group, last: _Group) -> bool:
    return group.joint == "comma" and group.articled == last.articled


def _are_alternatives(one: _Group, other: _Group, kind: WishKind) -> bool:
    """Return whether the things of a kind stand for each other: both wanted alike, and what is said of two pieces is a
    choice between the pieces."""
    first, second = one.find_only(kind), other.find_only(kind)
    if first is None or second is None or first.mode not in STRENGTHS:
        return False
    if STRENGTHS[first.mode] != STRENGTHS.get(second.mode):
        return False
    return kind == "category" or not all(_has_category(group) for group in (one, other))


def _has_category(group: _Group) -> bool:
    return any(mention.thing.kind == "category" for mention in group.mentions)


def name_choices(wishes: Iterable[tuple[ClientWish, int | None]]) -> list[ClientWish]:
    """Name the choice that each wish is of; those that are not wanted alike, or of one piece, are alternatives no
    longer."""
    listed = list(wishes)
    names: dict[tuple[object, ...], dict[str, None]] = {}
    for wish, number in listed:
        if number is not None and wish.strength != "avoid":
            names.setdefault(_build_key(wish, number), {})[wish.detail or wish.value] = None
    return [
        wish.model_copy(update={"either": " or ".join(names[key])[:LONGEST]})
        if number is not None and len(names.get(key := _build_key(wish, number), ())) > 1
        else wish
        for wish, number in listed
    ]


def _build_key(wish: ClientWish, number: int) -> tuple[object, ...]:
    return number, wish.kind, wish.strength, wish.category
