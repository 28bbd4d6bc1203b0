"""A stylist's swaps in a proposed box: the rules they must keep, each with the sentence that refuses.

Sentences travel in histories: they hold ids, amounts and words of the catalogue, nothing that a client wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final

from domain.fixes.asked import find_group, list_asked, list_narrow
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
    swaps = (Swap(out=item.sku, into=candidate.sku) for item in box)
    return tuple(swap.out for swap in swaps if check_swap(wish, box, swap, candidate) is None)


def list_replacements(
    wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Iterable[FixItem]
) -> Iterator[FixItem]:
    """List those of `candidates` that may take the place of `out`, in their order."""
    swaps = ((candidate, Swap(out=out, into=candidate.sku)) for candidate in candidates)
    return (candidate for candidate, swap in swaps if check_swap(wish, box, swap, candidate) is None)


def order_for_place(wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Iterable[FixItem]) -> list[FixItem]:
    """Order candidates by what the place of `out` needs: first what the client asked for and the box lacks, then what
    `out` was asked for as, then pieces of its role, the one worth most first."""
    asked, narrow = list_asked(wish), list_narrow(wish)
    leaving = next((item for item in box if item.sku == out), None)
    lacking = set(asked) - {find_group(item, asked, narrow) for item in box}
    group = None if leaving is None else find_group(leaving, asked, narrow)

    def rank(item: FixItem) -> tuple[bool, bool, bool, float, Sku]:
        own = find_group(item, asked, narrow)
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
    if len({swap.out for swap in swaps}) < len(swaps) or len({swap.into for swap in swaps}) < len(swaps):
        raise BadInput("an item is named twice", "swaps")
    replacements = [(swap, candidates.get(swap.into)) for swap in swaps]
    for swap, candidate in replacements:
        if wrong := _check_ids(box, swap, candidate, left_out.get(swap.into, "")):
            raise (
                wrong
                if candidate
                else BadInput(wrong.reason + _suggest_replacements(wish, box, swap.out, candidates), wrong.field)
            )
    after = _replace_items(box, replacements)
    if wrong := _check_rules(wish, box, after):
        raise wrong
    return after


def _check_ids(box: Sequence[FixItem], swap: Swap, candidate: FixItem | None, reason: str) -> BadInput | None:
    if all(item.sku != swap.out for item in box):
        return BadInput(f"{swap.out} is not in the box", "out")
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
    into = {swap.out: candidate for swap, candidate in replacements}
    return tuple(into.get(item.sku) or item for item in box)


def _check_rules(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    """Check the box `after` the swaps against the wish; `box` is the box before."""
    return (
        _check_twice(after)
        or _check_prices(wish, after)
        or _check_caps(wish, after)
        or _check_must_haves(wish, box, after)
    )


def _check_twice(after: Sequence[FixItem]) -> BadInput | None:
    item_id, times = Counter(item.item_id for item in after).most_common(1)[0]
    return BadInput(f"item {item_id} would be in the box twice, in two sizes", "into") if times > 1 else None


def _check_prices(wish: FixWish, after: Sequence[FixItem]) -> BadInput | None:
    cap, budget = to_cents(wish.item_cap), to_cents(wish.budget)
    dearest, total = max(after, key=lambda item: item.price_cents), sum(item.price_cents for item in after)
    if cap is not None and dearest.price_cents > cap:
        return BadInput(
            f"{dearest.sku} costs {_format_cents(dearest.price_cents)}; an item may cost {_format_cents(cap)}", "into"
        )
    if budget is not None and total > budget:
        over = _format_cents(total - budget)
        return BadInput(
            f"the box would cost {_format_cents(total)}, {over} over the budget of {_format_cents(budget)}", "into"
        )
    return None


def _check_caps(wish: FixWish, after: Sequence[FixItem]) -> BadInput | None:
    kinds = Counter(normalise_word(item.category) for item in after)
    colours = Counter(normalise_word(item.colour) for item in after if item.colour)
    for of, counted, cap in (("category", kinds, wish.category_cap), ("colour", colours, wish.colour_cap)):
        name, times = max(counted.items(), key=lambda pair: pair[1], default=("", 0))
        if times > cap:
            return BadInput(f"{times} items would be of the {of} {name}; at most {cap} may be", "into")
    return None


def _check_must_haves(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    wanted = {normalise_word(category) for category in wish.must_have}
    gone = (wanted & {normalise_word(item.category) for item in box}) - {
        normalise_word(item.category) for item in after
    }
    return BadInput(f"nothing of {min(gone)} would be left, which the client asked for", "out") if gone else None


def _format_cents(amount: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02}"
