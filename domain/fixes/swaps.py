"""A stylist's swaps in a proposed box: the rules they must keep, each with the sentence that refuses.

Sentences travel in histories: they hold ids, amounts and words of the catalogue, nothing that a client wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final

from domain.fixes.asked import build_finder, list_asked, list_choices
from domain.fixes.candidates import EXCLUSION_REASONS, to_cents
from domain.histories import normalise_word
from errors import BadInput
from models.base import Sku
from models.fixes import FixItem, FixWish, Swap

MAX_SUGGESTIONS: Final = 3
"""Items suggested to a stylist who named one that may not go in."""


def check_swap(
    wish: FixWish, box: Sequence[FixItem], swap: Swap, candidate: FixItem | None, reason: str = ""
) -> BadInput | None:
    """Check one swap; None: it can be made, if a unit is free.

    `candidate` is the unit that comes in; None when it is no candidate of this Fix, for the `reason` of that code.
    """
    return _check_ids(box, swap, candidate, reason) or _check_rules(wish, box, _replace_items(box, [(swap, candidate)]))


def list_replaceable(wish: FixWish, box: Sequence[FixItem], candidate: FixItem) -> tuple[Sku, ...]:
    """List the items of the box whose place `candidate` may take."""
    return tuple(
        item.sku for item in box if check_swap(wish, box, Swap(out=item.sku, into=candidate.sku), candidate) is None
    )


def may_add(wish: FixWish, box: Sequence[FixItem], candidate: FixItem) -> bool:
    """Return whether `candidate` may come into the box in no other's place."""
    return check_swap(wish, box, Swap(into=candidate.sku), candidate) is None


def list_replacements(
    wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Iterable[FixItem]
) -> Iterator[FixItem]:
    """List those of `candidates` that may take the place of `out`, in their order."""
    swaps = ((candidate, Swap(out=out, into=candidate.sku)) for candidate in candidates)
    return (candidate for candidate, swap in swaps if check_swap(wish, box, swap, candidate) is None)


def order_for_place(wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Iterable[FixItem]) -> list[FixItem]:
    """Order candidates by what the place of `out` needs: first what the client asked for and the box lacks, then what
    `out` was asked for as, then pieces of its role, the one worth most first."""
    asked, finder = list_asked(wish), build_finder(wish)
    leaving = next((item for item in box if item.sku == out), None)
    lacking = set(asked) - {finder.find_group(item) for item in box}
    group = None if leaving is None else finder.find_group(leaving)

    def rank(item: FixItem) -> tuple[bool, bool, bool, float, Sku]:
        own = finder.find_group(item)
        needed = group is not None and group in asked and own != group
        return own not in lacking, needed, leaving is not None and item.role is not leaving.role, -item.score, item.sku

    return sorted(candidates, key=rank)


def apply_swaps(
    wish: FixWish,
    box: Sequence[FixItem],
    swaps: Sequence[Swap],
    candidates: Mapping[Sku, FixItem],
    left_out: Mapping[Sku, str] = MappingProxyType({}),
) -> tuple[FixItem, ...]:
    """Return the box after all swaps of one decision, which together must keep the rules. Raises BadInput."""
    outs, into = ([sku for swap in swaps if (sku := getattr(swap, side))] for side in ("out", "into"))
    if len(set(outs)) < len(outs) or len(set(into)) < len(into):
        raise BadInput("an item is named twice", "swaps")
    replacements = [(swap, candidates.get(swap.into) if swap.into else None) for swap in swaps]
    for swap, candidate in replacements:
        if wrong := _check_ids(box, swap, candidate, left_out.get(swap.into or "", "")):
            raise (
                wrong
                if candidate or swap.into is None or swap.out is None
                else BadInput(wrong.reason + _suggest_replacements(wish, box, swap.out, candidates), wrong.field)
            )
    after = _replace_items(box, replacements)
    if wrong := _check_rules(wish, box, after):
        raise wrong
    return after


def _check_ids(box: Sequence[FixItem], swap: Swap, candidate: FixItem | None, reason: str) -> BadInput | None:
    if swap.out is not None and all(item.sku != swap.out for item in box):
        return BadInput(f"{swap.out} is not in the box", "out")
    if swap.into is None:
        return None
    if any(item.sku == swap.into for item in box):
        return BadInput(f"{swap.into} is in the box already", "into")
    if candidate is None:
        why = EXCLUSION_REASONS.get(reason, "it is none of this Fix's candidates")
        return BadInput(f"{swap.into} cannot go in: {why}", "into")
    return None


def _suggest_replacements(wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Mapping[Sku, FixItem]) -> str:
    suggestions = [
        candidate.sku for candidate in islice(list_replacements(wish, box, out, candidates.values()), MAX_SUGGESTIONS)
    ]
    return f"; these may: {', '.join(suggestions)}" if suggestions else ""


def _replace_items(box: Sequence[FixItem], replacements: Iterable[tuple[Swap, FixItem | None]]) -> tuple[FixItem, ...]:
    """Return the box after the replacements: what takes a place takes exactly that place, what is added comes last."""
    listed = list(replacements)
    into = {swap.out: candidate for swap, candidate in listed if swap.out}
    kept = [into.get(item.sku, item) for item in box]
    added = [candidate for swap, candidate in listed if not swap.out]
    return tuple(item for item in (*kept, *added) if item is not None)


def _check_rules(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    """Check the box `after` the swaps against the wish; `box` is the box before. What broke a rule before, and is made
    no worse, is no reason to refuse."""
    return (
        _check_number(wish, box, after)
        or _check_twice(after)
        or _check_prices(wish, box, after)
        or _check_caps(wish, box, after)
        or _check_must_haves(wish, box, after)
    )


def _check_number(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    if not after:
        return BadInput("the box would be empty; reject it instead", "out")
    if len(after) > max(wish.slots, len(box)):
        return BadInput(f"{len(after)} items would be in the box; the client asked for {wish.slots}", "into")
    return None


def _check_twice(after: Sequence[FixItem]) -> BadInput | None:
    item_id, times = Counter(item.item_id for item in after).most_common(1)[0]
    return BadInput(f"item {item_id} would be in the box twice, in two sizes", "into") if times > 1 else None


def _check_prices(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    cap, budget = to_cents(wish.item_cap), to_cents(wish.budget)
    total = sum(item.price_cents for item in after)
    coming = [item for item in after if item not in box]
    dearest = max(coming, key=lambda item: item.price_cents, default=None)
    if cap is not None and dearest is not None and dearest.price_cents > cap:
        return BadInput(
            f"{dearest.sku} costs {_format_cents(dearest.price_cents)}; an item may cost {_format_cents(cap)}", "into"
        )
    if budget is not None and total > max(budget, sum(item.price_cents for item in box)):
        over = _format_cents(total - budget)
        return BadInput(
            f"the box would cost {_format_cents(total)}, {over} over the budget of {_format_cents(budget)}", "into"
        )
    return None


def _check_caps(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    for of, cap in (("category", wish.category_cap), ("colour", wish.colour_cap)):
        before, counted = _count_words(box, of), _count_words(after, of)
        more = {name: times for name, times in counted.items() if times > max(cap, before[name])}
        if more:
            name = max(more, key=lambda word: more[word])
            return BadInput(f"{more[name]} items would be of the {of} {name}; at most {cap} may be", "into")
    return None


def _count_words(box: Sequence[FixItem], of: str) -> Counter[str]:
    return Counter(normalise_word(getattr(item, of)) for item in box if getattr(item, of))


def _check_must_haves(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    wanted = {normalise_word(category) for category in wish.must_have}
    gone = (wanted & {normalise_word(item.category) for item in box}) - {
        normalise_word(item.category) for item in after
    }
    gone |= _list_lost_choices(wish, box, after)
    return BadInput(f"nothing of {min(gone)} would be left, which the client asked for", "out") if gone else None


def _list_lost_choices(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> set[str]:
    """List the choices asked for of which the box had a piece and would have none."""
    asked, finder = {*list_asked(wish)}, build_finder(wish)
    names = {choice.name for choice in list_choices(wish)} & asked
    return names & {finder.find_group(item) for item in box} - {finder.find_group(item) for item in after}


def _format_cents(amount: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02}"
