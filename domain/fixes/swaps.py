"""A stylist's swaps in a proposed box: the rules that they are held to, each with the sentence that refuses.

Sentences travel in histories: they hold ids, amounts and words of the catalogue, nothing that a client wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final

from domain.fixes.rules import REASONS, cents
from domain.histories import plain
from errors import BadInput
from models.base import Sku
from models.fixes import FixItem, FixWish, Swap

NAMED: Final = 3
"""So many that may go in are named to who named one that may not."""


def check_swap(
    wish: FixWish, box: Sequence[FixItem], swap: Swap, candidate: FixItem | None, reason: str = ""
) -> BadInput | None:
    """Why one swap cannot be made; None: it can, if a unit is free. `candidate` is the unit that comes in; None when it
    is no candidate of this Fix, for the `reason` of that code."""
    return _known(box, swap, candidate, reason) or _rules(wish, box, _after(box, [(swap, candidate)]))


def may_leave(wish: FixWish, box: Sequence[FixItem], candidate: FixItem) -> tuple[Sku, ...]:
    """The items of the box whose place `candidate` may take."""
    swaps = (Swap(out=each.sku, into=candidate.sku) for each in box)
    return tuple(swap.out for swap in swaps if check_swap(wish, box, swap, candidate) is None)


def may_come(wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Iterable[FixItem]) -> Iterator[FixItem]:
    """Those of `candidates` that may take the place of `out`, in their order."""
    swaps = ((candidate, Swap(out=out, into=candidate.sku)) for candidate in candidates)
    return (each for each, swap in swaps if check_swap(wish, box, swap, each) is None)


def swapped(
    wish: FixWish,
    box: Sequence[FixItem],
    swaps: Sequence[Swap],
    candidates: Mapping[Sku, FixItem],
    left_out: Mapping[Sku, str] = MappingProxyType({}),
) -> tuple[FixItem, ...]:
    """The box after all swaps of one decision, which together must keep the rules. Raises BadInput."""
    if len({swap.out for swap in swaps}) < len(swaps) or len({swap.into for swap in swaps}) < len(swaps):
        raise BadInput("an item is named twice", "swaps")
    made = [(swap, candidates.get(swap.into)) for swap in swaps]
    for swap, candidate in made:
        if wrong := _known(box, swap, candidate, left_out.get(swap.into, "")):
            raise (
                wrong if candidate else BadInput(wrong.reason + _instead(wish, box, swap.out, candidates), wrong.field)
            )
    after = _after(box, made)
    if wrong := _rules(wish, box, after):
        raise wrong
    return after


def _known(box: Sequence[FixItem], swap: Swap, candidate: FixItem | None, reason: str) -> BadInput | None:
    if all(each.sku != swap.out for each in box):
        return BadInput(f"{swap.out} is not in the box", "out")
    if any(each.sku == swap.into for each in box):
        return BadInput(f"{swap.into} is in the box already", "into")
    if candidate is None:
        why = REASONS.get(reason, "it is none of this Fix's candidates")
        return BadInput(f"{swap.into} cannot go in: {why}", "into")
    return None


def _instead(wish: FixWish, box: Sequence[FixItem], out: Sku, candidates: Mapping[Sku, FixItem]) -> str:
    some = [each.sku for each in islice(may_come(wish, box, out, candidates.values()), NAMED)]
    return f"; these may: {', '.join(some)}" if some else ""


def _after(box: Sequence[FixItem], made: Iterable[tuple[Swap, FixItem | None]]) -> tuple[FixItem, ...]:
    into = {swap.out: candidate for swap, candidate in made}
    return tuple(into.get(each.sku) or each for each in box)


def _rules(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    """What `after` breaks of the wish; `box` stood before."""
    return _twice(after) or _too_dear(wish, after) or _too_many(wish, after) or _missing(wish, box, after)


def _twice(after: Sequence[FixItem]) -> BadInput | None:
    item_id, times = Counter(each.item_id for each in after).most_common(1)[0]
    return BadInput(f"item {item_id} would be in the box twice, in two sizes", "into") if times > 1 else None


def _too_dear(wish: FixWish, after: Sequence[FixItem]) -> BadInput | None:
    cap, budget = cents(wish.item_cap), cents(wish.budget)
    dearest, total = max(after, key=lambda each: each.price_cents), sum(each.price_cents for each in after)
    if cap is not None and dearest.price_cents > cap:
        return BadInput(f"{dearest.sku} costs {_money(dearest.price_cents)}; an item may cost {_money(cap)}", "into")
    if budget is not None and total > budget:
        over = _money(total - budget)
        return BadInput(f"the box would cost {_money(total)}, {over} over the budget of {_money(budget)}", "into")
    return None


def _too_many(wish: FixWish, after: Sequence[FixItem]) -> BadInput | None:
    kinds = Counter(plain(each.category) for each in after)
    colours = Counter(plain(each.colour) for each in after if each.colour)
    for of, counted, cap in (("category", kinds, wish.category_cap), ("colour", colours, wish.colour_cap)):
        name, times = max(counted.items(), key=lambda each: each[1], default=("", 0))
        if times > cap:
            return BadInput(f"{times} items would be of the {of} {name}; at most {cap} may be", "into")
    return None


def _missing(wish: FixWish, box: Sequence[FixItem], after: Sequence[FixItem]) -> BadInput | None:
    wanted = {plain(each) for each in wish.must_have}
    gone = (wanted & {plain(each.category) for each in box}) - {plain(each.category) for each in after}
    return BadInput(f"nothing of {min(gone)} would be left, which the client asked for", "out") if gone else None


def _money(amount: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02}"
