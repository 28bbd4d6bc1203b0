"""What kinds of pieces a client asks for, how many of each, and which pieces count as them.

A choice, "a coat or a jacket", is one kind to the box: a piece of either takes its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.fixes.roles import find_role
from domain.histories import normalise_word
from models.box_roles import BoxRole
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish

APART: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "roll-neck top": frozenset({"t-shirt"}),
        "sleeveless top": frozenset({"t-shirt"}),
        "overshirt": frozenset({"shirt", "top"}),
    }
)
"""Narrower kinds that do not count where only the category was asked for: a roll-neck is no T-shirt."""
MAYBE_PLURAL: Final = ("s", "n", "e", "x", "ات", "ين")
"""Ends of words that may stand for several, in one of the languages of notes."""
_PLURALS: Final = """kleider sommerkleider röcke blusen hemden jacken hosen mäntel strickjacken oberteile
    فساتين قمصان بلوزات بلايز تنانير سترات جاكيتات معاطف بنطلونات بناطيل كنزات أوشحة"""
PLURALS: Final = frozenset(_PLURALS.split())
"""Words for several pieces that do not end in s, or that stand for what has no other word in English."""
LONGEST_NAME: Final = 50
MOST_ASKED: Final = 10
"""Pieces asked for that the assembly looks after."""


class KindChoice(NamedTuple):
    """Categories, normalised, of which one is enough, and the `name` that stands for them in the box."""

    name: str
    categories: tuple[str, ...]


def list_choices(wish: FixWish) -> list[KindChoice]:
    """List the choices that the client leaves, "a coat or a jacket". There is none where a category of it is asked for
    anyway; a category of two choices counts for the first."""
    wanted = [entry for entry in wish.wishes if is_wanted_kind(entry)]
    plain = {normalise_word(entry.value) for entry in wanted if entry.strength == "must" and not entry.either}
    plain |= {normalise_word(category) for category in wish.must_have}
    left_open: dict[str, list[str]] = {}
    for entry in wanted:
        if entry.either:
            left_open.setdefault(entry.either, []).append(normalise_word(entry.value))
    choices: list[KindChoice] = []
    for every in left_open.values():
        taken = {category for choice in choices for category in choice.categories}
        categories = tuple(name for name in dict.fromkeys(every) if name not in taken)
        if categories and not plain & {*every}:
            choices.append(KindChoice(_name_choice(categories), categories))
    return choices


def _name_choice(categories: Sequence[str]) -> str:
    name = " or ".join(categories)
    return name if len(name) <= LONGEST_NAME else f"{categories[0][:LONGEST_NAME]} or other"


def _list_kinds(wish: FixWish) -> dict[str, list[ClientWish]]:
    """List the wishes for each kind of piece, by its category or the choice that it is of, in their order."""
    names = {category: choice.name for choice in list_choices(wish) for category in choice.categories}
    kinds: dict[str, list[ClientWish]] = {}
    for entry in wish.wishes:
        category = normalise_word(entry.value)
        if is_wanted_kind(entry) and (category in names or not entry.either):
            kinds.setdefault(names.get(category, category), []).append(entry)
    return kinds


def list_asked(wish: FixWish) -> tuple[str, ...]:
    """List the categories and choices that the client asked for, normalised, each as often as pieces of it are
    wanted."""
    asked = list(dict.fromkeys(normalise_word(category) for category in wish.must_have))
    plain = {name: _list_plain(entries) for name, entries in _list_kinds(wish).items()}
    asked += [name for name, entries in plain.items() if entries and name not in asked]
    counts = {name: 2 for name, entries in plain.items() if entries and _are_several(entries)}
    names = {category: choice.name for choice in list_choices(wish) for category in choice.categories}
    for entry in wish.wishes:
        number, _, category = entry.value.partition(" ")
        if entry.kind == "quantity" and entry.strength != "avoid" and number.isdigit():
            name = normalise_word(category)
            counts[names.get(name, name)] = min(int(number), wish.slots)
    for name, count in counts.items():
        asked += [name] * (count - asked.count(name))
    return tuple(asked[: min(wish.slots, MOST_ASKED)])


def _list_plain(entries: Sequence[ClientWish]) -> list[ClientWish]:
    return [entry for entry in entries if entry.strength == "must"]


def _are_several(entries: Sequence[ClientWish]) -> bool:
    """Return whether several pieces of a kind are asked for; of a choice, where each of it is named so."""
    several = [_is_plural(entry) for entry in entries]
    return all(several) if any(entry.either for entry in entries) else any(several)


def list_single(wish: FixWish) -> frozenset[str]:
    """List the categories and choices of which one piece was asked for, as with "one nice blouse" or "a scarf"."""
    asked = Counter(list_asked(wish))
    names = {
        name
        for name, entries in _list_kinds(wish).items()
        if any(
            entry.quote.casefold() in (entry.value, entry.detail) or not entry.quote.casefold().endswith(MAYBE_PLURAL)
            for entry in _list_plain(entries)
        )
    }
    return frozenset(name for name in names if asked[name] == 1)


def list_liked(wish: FixWish) -> tuple[str, ...]:
    """List the categories and choices that the client would like, normalised, beside those asked for plainly."""
    asked = list_asked(wish)
    return tuple(name for name in _list_kinds(wish) if name not in asked)[: wish.slots - len(asked)]


def is_wanted_kind(wish: ClientWish) -> bool:
    """Return whether a wish asks for pieces of a category."""
    return bool(wish.kind == "category" and wish.strength != "avoid")


def list_owned_roles(wish: FixWish) -> set[BoxRole]:
    """List the roles of what the client owns and wants new pieces for: a skirt needs no second bottom beside it."""
    owned = (entry for entry in wish.wishes if entry.kind == "goes_with" and entry.strength != "avoid")
    return {find_role(entry.value) for entry in owned} - {BoxRole.OTHER}


def _is_plural(wish: ClientWish) -> bool:
    """Return whether several are asked for, as with "T-shirts"; of trousers, which have no other word, one is."""
    quote = wish.quote.casefold()
    plural = quote.endswith("s") and not quote.endswith("ss")
    return quote in PLURALS or (plural and (not wish.value.endswith("s") or wish.value.endswith("ss")))


def list_narrow(wish: FixWish) -> frozenset[str]:
    """List the categories of which only a narrower kind was asked for, such as boots of shoes."""
    kinds = [entry for entry in wish.wishes if is_wanted_kind(entry)]
    wide = {entry.value for entry in kinds if not entry.detail}
    return frozenset(entry.value for entry in kinds if entry.detail) - wide


class KindFinder(NamedTuple):
    """Finds what pieces count as. `categories`: those asked for, each alternative of a choice among them, as often as
    pieces are wanted; `narrow`: those of which only a narrower kind was; `names`: the choice that a category is of."""

    categories: tuple[str, ...]
    narrow: frozenset[str]
    names: Mapping[str, str]

    def find_group(self, item: FixItem) -> str:
        """Find what an item counts as: a choice, or a category."""
        category = self.find_category(item)
        return self.names.get(category, category)

    def find_category(self, item: FixItem) -> str:
        """Find the category that an item counts as: one that the client asked for, also by another name, else its own.
        Where only boots were asked for, other shoes do not count as them."""
        category, asked = normalise_word(item.category), self.categories
        never = {name for kind in item.kinds for name in APART.get(kind, ()) if name not in self.narrow}
        if category in asked and category not in self.narrow and category not in never:
            return category
        own = (name for name in asked if f"category:{name}" in item.answers and name not in never)
        if item.role is BoxRole.KNITWEAR and category in asked:
            own = (name for name in own if name == category)  # a jumper is no top beside the cardigan asked for
        return next(own, f"other {category}" if category in asked else category)


def build_finder(wish: FixWish, *, liked: bool = False) -> KindFinder:
    """Build the finder of a wish; `liked`: what the client would like counts as asked for."""
    wanted = (*list_asked(wish), *(list_liked(wish) if liked else ()))
    choices = {choice.name: choice.categories for choice in list_choices(wish)}
    return KindFinder(
        tuple(category for name in wanted for category in choices.get(name, (name,))),
        list_narrow(wish),
        {category: name for name, categories in choices.items() if name in wanted for category in categories},
    )
