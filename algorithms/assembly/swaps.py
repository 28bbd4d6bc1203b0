"""Swaps of single items: all ways in which one client may take an item and give another, or none, within its limits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from algorithms.assembly.model import Block, Bools, BoxWishes, Floats, Ints

NONE: Final = -1
MOST: Final = 200
"""The most swaps that are kept for each client in the mean."""


@dataclass(frozen=True)
class Swaps:
    """Swaps (e) of `client`: candidates of the wave to `take` and to `give` (NONE: it has room), and how much `worse`
    each looks at the prices of the stock."""

    client: Ints
    take: Ints
    give: Ints
    worse: Floats

    def __len__(self) -> int:
        return len(self.client)

    def select(self, rows: Ints | Bools) -> Self:
        """Select some of the swaps."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def join(cls, parts: list[Swaps]) -> Swaps:
        """Join the swaps of several parts."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def find_swaps(block: Block, chosen: Bools, prices: Floats, within: float) -> Swaps:
    """Find the swaps that cost at most `within` at the prices (s); `chosen` (m) marks the items in boxes."""
    there = np.isfinite(block.score)
    inside = chosen[block.candidate] & there
    picks = _list_picks(inside, int(block.slots.max()))
    priced = np.where(there & ~inside, block.score - prices[block.sku], -np.inf)
    own = np.where(inside, block.score - prices[block.sku], 0.0)
    spare = block.budget - np.where(inside, block.price, 0).sum(1)
    rooms = _count_rooms(block, inside, picks)
    parts = [_find_for_turn(block, picks[:, turn], priced, own, spare, within, rooms) for turn in range(picks.shape[1])]
    room = inside.sum(1) < block.slots
    parts.append(_find_for_turn(block, np.where(room, NONE, -2), priced, own, spare, within, rooms))
    swaps = Swaps.join(parts)
    most = MOST * len(block.clients)
    return swaps if len(swaps) <= most else swaps.select(np.sort(np.argsort(swaps.worse, kind="stable")[:most]))


def _list_picks(inside: Bools, most: int) -> Ints:
    """List the columns of each row's items (b, t); -2 where there are fewer."""
    picks = np.full((len(inside), most), -2)
    rows, columns = np.nonzero(inside)
    picks[rows, np.arange(len(rows)) - np.searchsorted(rows, rows)] = columns
    return picks


@dataclass(frozen=True)
class _Rooms:
    """Groups of items with a cap, each `codes` (b, k), -1 for no group, with what is left of the cap (b, k); and of
    must-haves the items that would be a new one `fresh` (b, k), that are the last of their kind `last` (b, k), and
    whether the box may lose one `loose` (b)."""

    groups: list[tuple[Ints, Ints]]
    fresh: Bools
    last: Bools
    loose: Bools


def _count_rooms(block: Block, inside: Bools, picks: Ints) -> _Rooms:
    groups = [(codes, _count_room(codes, cap, inside, picks)) for codes, cap in block.list_groups()]
    no, wishes = np.zeros(inside.shape, np.bool_), block.wishes
    if wishes is None or not wishes.need.any():
        return _Rooms(groups, no, no, np.ones(len(inside), np.bool_))
    return _Rooms(groups, *_count_must_haves(block, wishes, inside, picks))


def _count_room(codes: Ints, cap: Ints, inside: Bools, picks: Ints) -> Ints:
    """Count how many more items of its group each item leaves room for (b, k)."""
    room = np.broadcast_to(cap[:, None], codes.shape).copy()
    for turn in range(picks.shape[1]):
        own = np.where(picks[:, turn] >= 0, codes[np.arange(len(codes)), np.maximum(picks[:, turn], 0)], -2)
        room -= codes == own[:, None]
    room[codes < 0] = 1
    return room


def _count_must_haves(block: Block, wishes: BoxWishes, inside: Bools, picks: Ints) -> tuple[Bools, Bools, Bools]:
    times = np.zeros(inside.shape, np.int64)
    for turn in range(picks.shape[1]):
        column, rows = np.maximum(picks[:, turn], 0), np.arange(len(picks))
        shown = (picks[:, turn] >= 0) & wishes.must[rows, column]
        times += (block.category == np.where(shown, block.category[rows, column], -2)[:, None]) & wishes.must
    last = wishes.must & inside & (times == 1)
    several = wishes.must & inside & (times > 1)
    has = last.sum(1) + (several / np.maximum(times, 1)).sum(1)
    return wishes.must & (times == 0), last, np.round(has) > wishes.need


def _find_for_turn(
    block: Block, column: Ints, priced: Floats, own: Floats, spare: Ints, within: float, rooms: _Rooms
) -> Swaps:
    """Find the swaps that give the item in one `column` (b) of each row; NONE gives nothing, -2 is no swap."""
    rows, given, at = np.arange(len(column)), column >= 0, np.maximum(column, 0)
    left = spare + np.where(given, block.price[rows, at], 0)
    level = np.where(given, own[rows, at], 0.0)
    fits = (priced >= (level - within)[:, None]) & (block.price <= left[:, None]) & (column >= NONE)[:, None]
    for codes, room in rooms.groups:
        same = given[:, None] & (codes == codes[rows, at][:, None]) & (codes >= 0)
        fits &= room + same > 0
    loses = given & rooms.last[rows, at] & ~rooms.loose
    if loses.any():
        alike = block.category == block.category[rows, at][:, None]
        fits &= ~loses[:, None] | rooms.fresh | (alike & _mark_must(block))
    row, new = np.nonzero(fits)
    give = np.where(given[row], block.candidate[row, at[row]], NONE)
    return Swaps(block.clients[row], block.candidate[row, new], give, level[row] - priced[row, new])


def _mark_must(block: Block) -> Bools:
    return np.zeros(block.score.shape, np.bool_) if block.wishes is None else block.wishes.must
