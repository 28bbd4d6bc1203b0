"""What kinds of pieces a client asks for, how many of each, and which pieces count as them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

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
MOST_ASKED: Final = 10
"""Pieces asked for that the assembly looks after."""


def list_asked(wish: FixWish) -> tuple[str, ...]:
    """List the categories that the client asked for, normalised, each as often as pieces of it are wanted."""
    asked = list(dict.fromkeys(normalise_word(category) for category in wish.must_have))
    plain = [entry for entry in wish.wishes if entry.kind == "category" and entry.strength == "must"]
    asked += [name for name in dict.fromkeys(normalise_word(entry.value) for entry in plain) if name not in asked]
    counts = {normalise_word(entry.value): 2 for entry in plain if _is_plural(entry)}
    for entry in wish.wishes:
        number, _, category = entry.value.partition(" ")
        if entry.kind == "quantity" and entry.strength != "avoid" and number.isdigit():
            counts[normalise_word(category)] = min(int(number), wish.slots)
    for name, count in counts.items():
        asked += [name] * (count - asked.count(name))
    return tuple(asked[: min(wish.slots, MOST_ASKED)])


def list_single(wish: FixWish) -> frozenset[str]:
    """List the categories of which one piece was asked for, as with "one nice blouse" or "a scarf"."""
    plain = [entry for entry in wish.wishes if entry.kind == "category" and entry.strength == "must"]
    asked = Counter(list_asked(wish))
    names = {
        normalise_word(entry.value)
        for entry in plain
        if entry.quote.casefold() in (entry.value, entry.detail) or not entry.quote.casefold().endswith(MAYBE_PLURAL)
    }
    return frozenset(name for name in names if asked[name] == 1)


def list_liked(wish: FixWish) -> tuple[str, ...]:
    """List the categories that the client would like, normalised, beside those asked for plainly."""
    asked = list_asked(wish)
    liked = (normalise_word(entry.value) for entry in wish.wishes if is_wanted_kind(entry))
    return tuple(name for name in dict.fromkeys(liked) if name not in asked)[: wish.slots - len(asked)]


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


def find_group(item: FixItem, asked: Sequence[str], narrow: Collection[str] = ()) -> str:
    """Find what an item counts as: a category that the client asked for, also by another name, else its own. Where only
    boots were asked for (`narrow`), other shoes do not count as them."""
    category = normalise_word(item.category)
    never = {name for kind in item.kinds for name in APART.get(kind, ()) if name not in narrow}
    if category in asked and category not in narrow and category not in never:
        return category
    own = (name for name in asked if f"category:{name}" in item.answers and name not in never)
    if item.role is BoxRole.KNITWEAR and category in asked:
        own = (name for name in own if name == category)  # a jumper is no top beside the cardigan asked for
    return next(own, f"other {category}" if category in asked else category)
