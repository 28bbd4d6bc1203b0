"""Say how strongly each thing of a note is wanted, and keep each wish once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from domain.fixes.reading.scopes import CONTEXT, WHOLE, Mention
from domain.fixes.reading.vocabulary import Thing
from models.wishes import ClientWish, Strength

ATTRIBUTES: Final = frozenset({"colour", "pattern", "material", "fit", "warmth", "style"})
SMALL_OCCASIONS: Final = frozenset({"evening", "date", "home", "outdoors", "sport", "everyday"})
"""Occasions for which one piece may be meant: "one nice blouse for dinner"."""
_LENGTHS: Final = (Thing("fit", "long"), Thing("fit", "short"))


def find_strength(mention: Mention, group: Sequence[Mention]) -> Strength | None:
    """Find the strength with which a thing is wanted; None: it is no wish."""
    kind, mode = mention.thing.kind, mention.mode
    if mention.thing in _LENGTHS and not mention.sure and not any(entry.thing.kind == "category" for entry in group):
        return None
    if mode == "avoid":
        return _find_refusal(mention, group)
    if mode in ("skip", "past", "with") or (mode in ("own", "told") and kind not in CONTEXT | WHOLE):
        feast = kind == "occasion" and mention.thing.value in ("wedding", "ceremony") and mention.coming
        return "must" if mode == "past" and (kind in WHOLE or feast) else None
    return "prefer" if mode == "prefer" or mention.soft else "must"


def _find_refusal(mention: Mention, group: Sequence[Mention]) -> Strength | None:
    """Find what a "no" refuses: of "black dresses" the black; of "jeans for work" the jeans, and work is wanted."""
    kind = mention.thing.kind
    others = [entry for entry in group if entry is not mention and entry.mode == "avoid"]
    if kind in CONTEXT:
        return "avoid" if others and not mention.after_preposition else "must" if others else None
    if kind != "category":
        return None if kind == "fit" and mention.narrowed and not others else "avoid"
    narrower = [
        entry
        for entry in others
        if entry.thing.kind in ATTRIBUTES or (entry.thing.kind in CONTEXT and not entry.after_preposition)
    ]
    return None if narrower or mention.narrowed else "avoid"


def merge_wishes(wishes: Iterable[ClientWish]) -> tuple[ClientWish, ...]:
    """Keep each wish once; what is not wanted in one place is not wanted in another, unless of another category."""
    kept: dict[tuple[str, str, bool, str, str], ClientWish] = {}
    for wish in wishes:
        key = (wish.kind, wish.value, wish.strength == "avoid", wish.category, wish.detail)
        known = kept.get(key)
        if known is None:
            kept[key] = wish
        elif wish.strength != "avoid":
            strength = "must" if "must" in (known.strength, wish.strength) else "prefer"
            kept[key] = known.model_copy(update={"strength": strength, "either": known.either or wish.either})
    refused = {(wish.kind, wish.value, wish.category) for wish in kept.values() if wish.strength == "avoid"}
    everywhere = {(kind, value) for kind, value, category in refused if not category}
    return tuple(
        wish
        for wish in kept.values()
        if wish.strength == "avoid"
        or ((wish.kind, wish.value, wish.category) not in refused and (wish.kind, wish.value) not in everywhere)
    )
