"""Say which wishes of a client a box does not meet, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from domain.fixes.asked import KindFinder, build_finder, list_asked
from domain.fixes.candidates import to_cents
from domain.fixes.notes import name_wish
from domain.fixes.wish_answers import ItemTraits, is_answered
from domain.histories import normalise_word
from models.base import ItemId
from models.box_roles import BoxRole
from models.fix_views import UnmetWish
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish, Strength

UNMET_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not_sold": "the shop does not sell it",
        "out_of_stock": "it is sold out in their size",
        "not_in_size": "it is not made in their size",
        "too_dear": "what there is costs more than they want to pay",
        "unwanted": "what there is has something that they do not want",
        "had_before": "they have it, or had it in a box lately",
        "unsuited": "what there is does not suit what else they asked for",
        "no_more": "nothing more that goes with what they asked for was free",
        "no_money": "what is left of the budget pays for no further piece",
        "no_room": "it did not fit into the box within its budget, its colours and its number of pieces",
    }
)
"""Why a must is not met, by code."""
PATTERNED: Final = frozenset({BoxRole.TOP, BoxRole.BOTTOM, BoxRole.DRESS, BoxRole.KNITWEAR})
"""Roles of which a pattern of the whole box is asked."""
_HAD: Final = frozenset({"owned", "in_another_fix", "sent_back", "excluded_item"})
_NEAREST: Final = ("out_of_stock", "not_in_size", "too_dear", "unsuited", "unwanted", "had_before")
"""Reasons from the one that misses least to the one that misses most."""
_WHOLE: Final = frozenset({"budget_total", "budget_item", "surprise", "like_last", "quantity", "goes_with", "size"})
"""Kinds that speak of the box or hold for every piece, so that no piece alone answers them."""
_UNTOLD: Final = frozenset({"season", "fit"})
"""Kinds of which the catalogue says little: what is of all seasons, or says nothing of its fit, is not against them."""


def list_asked_wishes(wish: FixWish) -> list[ClientWish]:
    """List what the client asked for and a piece can answer: the wishes, and the categories of the request."""
    stated = [ClientWish(kind="category", value=normalise_word(category)) for category in wish.must_have if category]
    read = [
        entry
        for entry in wish.wishes
        if entry.strength != "avoid" and entry.kind not in _WHOLE and (entry.category or entry.kind not in _UNTOLD)
    ]
    return list({(entry.key, entry.either and entry.detail): entry for entry in (*stated, *read)}.values())


def list_unanswered(wish: FixWish, items: Iterable[FixItem]) -> list[ClientWish]:
    """List the wishes that none of `items` answers. Of several of one kind, "linen or cotton", one is enough, and so is
    one of a choice; what is asked of the other alternative alone is then not asked of the box."""
    every = list(items)
    answered = {key for item in every for key in item.answers}
    categories = {f"category:{normalise_word(item.category)}" for item in every}
    wishes = list_asked_wishes(wish)
    met = {(entry.kind, entry.category) for entry in wishes if entry.kind != "category" and entry.key in answered}
    held = [entry for entry in wishes if entry.key in answered or (not entry.detail and entry.key in categories)]
    chosen = {entry.either for entry in held if entry.either and entry.kind == "category"}
    open_kinds = {entry.value for entry in wishes if entry.either and entry.kind == "category" and entry not in held}
    return [
        entry
        for entry in wishes
        if entry not in held
        and (entry.kind, entry.category) not in met
        and not (entry.kind == "category" and entry.either in chosen)
        and entry.category not in open_kinds
    ]


def find_obstacles(
    musts: Iterable[ClientWish], traits: Mapping[ItemId, ItemTraits], reasons: Mapping[ItemId, str]
) -> dict[str, str]:
    """Find what stands in the way of each must, by its key: the reason of the item that misses least.

    `traits`: the items of the catalogue that answer a must; `reasons`: the code why each may not be sent, empty where
    it may.
    """
    obstacles: dict[str, str] = {}
    for must in musts:
        codes = {reasons[item_id] for item_id, item in traits.items() if is_answered(must, item)}
        near = {"had_before" if code in _HAD else code for code in codes}
        obstacles[must.key] = next((code for code in _NEAREST if code in near), "no_room" if near else "not_sold")
        if "" in near:
            obstacles[must.key] = "no_room"
    return obstacles


def list_unmet(
    wish: FixWish, box: Sequence[FixItem], obstacles: Mapping[str, str], candidates: Sequence[FixItem] = ()
) -> tuple[UnmetWish, ...]:
    """List the wishes that a box does not meet, and why. What candidates could answer found no room in the box."""
    by_kind: dict[tuple[str, ...], list[ClientWish]] = {}
    for entry in list_unanswered(wish, box):
        alone = (entry.either or entry.key) if entry.kind == "category" else ""
        by_kind.setdefault((entry.kind, entry.category, alone), []).append(entry)
    unmet = [_explain(entries, _find_nearest(entries, obstacles)) for entries in by_kind.values()]
    finder = build_finder(wish)
    unmet += [
        _explain([entry], "no_room")
        for entry in wish.wishes
        if entry.kind == "quantity" and _is_short(entry, box, finder)
    ]
    return (*unmet, *_explain_lacks(wish, box, candidates), *_explain_shortness(wish, box, candidates))


def _find_nearest(entries: Sequence[ClientWish], obstacles: Mapping[str, str]) -> str:
    """Find the reason of the wish that misses least, of several of which one would have been enough."""
    codes = {obstacles.get(entry.key, "no_room") for entry in entries}
    return next((code for code in ("no_room", *_NEAREST) if code in codes), "not_sold")


def _explain_lacks(wish: FixWish, box: Sequence[FixItem], candidates: Sequence[FixItem]) -> Iterable[UnmetWish]:
    """Explain where fewer pieces of a kind are in the box than asked for, "tops" say, and which pieces that were asked
    for lack the pattern that was."""
    asked, finder = list_asked(wish), build_finder(wish)
    found = Counter(finder.find_group(item) for item in box)
    numbers = {entry.value.partition(" ")[2] for entry in wish.wishes if entry.kind == "quantity"}
    counted = numbers | {finder.names.get(name, name) for name in numbers}
    for name, count in Counter(asked).items():
        if name not in counted and 0 < found[name] < count:
            entry = ClientWish(kind="quantity", value=f"{count} {name if name.endswith('s') else name + 's'}")
            yield _explain([entry], _find_lack(entry.key, name, box, candidates, finder))
    patterns = [entry for entry in wish.wishes if entry.kind == "pattern" and _is_whole_must(entry)]
    keys = {entry.key for entry in patterns}
    for item in box:
        group = finder.find_group(item)
        if patterns and group in asked and item.role in PATTERNED and not keys & set(item.answers):
            entry = patterns[0].model_copy(update={"category": group})
            yield _explain([entry], _find_lack(patterns[0].key, group, box, candidates, finder))


def _is_whole_must(entry: ClientWish) -> bool:
    return entry.strength == "must" and not entry.category


def _find_lack(
    key: str,
    group: str,
    box: Sequence[FixItem],
    candidates: Sequence[FixItem],
    finder: KindFinder,
) -> str:
    """Find why no further piece of a kind, with what is asked of it, is in the box: there was none, or no room."""
    taken = {item.item_id for item in box}
    more = [item for item in candidates if item.item_id not in taken and finder.find_group(item) == group]
    return "no_room" if any(key in item.answers or key.startswith("quantity") for item in more) else "no_more"


def _explain_shortness(wish: FixWish, box: Sequence[FixItem], candidates: Sequence[FixItem]) -> Iterable[UnmetWish]:
    """Explain why a box has fewer pieces than asked for."""
    if not candidates or not 0 < len(box) < wish.slots:
        return
    budget, taken = to_cents(wish.budget), {item.item_id for item in box}
    others = [item.price_cents for item in candidates if item.item_id not in taken]
    left = None if budget is None else budget - sum(item.price_cents for item in box)
    code = "no_money" if left is not None and min(others, default=left + 1) > left else "no_more"
    yield UnmetWish(key="slots", name=f"{wish.slots} pieces", code=code, why=UNMET_REASONS[code])


def _is_short(wish: ClientWish, box: Sequence[FixItem], finder: KindFinder) -> bool:
    """Return whether fewer pieces of a category, or of its choice, are in the box than were asked for."""
    count, _, category = wish.value.partition(" ")
    if wish.strength != "must" or not count.isdigit():
        return False
    name = finder.names.get(category, category)
    keys = {f"category:{word}" for word in (category, *(kind for kind, own in finder.names.items() if own == name))}
    found = [item for item in box if keys & {*item.answers, f"category:{normalise_word(item.category)}"}]
    return len(found) < int(count)


def _explain(entries: Sequence[ClientWish], code: str) -> UnmetWish:
    """Explain what is not met: one wish, or several of which one would have been enough."""
    first = entries[0]
    values = " or ".join(dict.fromkeys(entry.detail or entry.value for entry in entries))
    several = first.model_copy(update={"value": values[:64], "detail": ""})
    name = name_wish(first) if len(entries) == 1 else name_wish(several)
    strength: Strength = "must" if any(entry.strength == "must" for entry in entries) else "prefer"
    quote = "; ".join(entry.quote for entry in entries if entry.quote)
    return UnmetWish(key=first.key, name=name, code=code, why=UNMET_REASONS[code], quote=quote, strength=strength)
