"""Checks that chosen boxes keep every rule. They use the problem alone and share no code with the search."""

from __future__ import annotations

import numpy as np

from algorithms.assembly.model import NO_LIMIT, Bools, Ints, Wave


def find_faults(wave: Wave, chosen: Ints) -> list[str]:
    """List the broken rules, a line each, of the chosen candidates (indices in the wave)."""
    if len(np.unique(chosen)) != len(chosen):
        return ["a candidate was chosen twice"]
    client, sku, price = wave.client[chosen], wave.sku[chosen], wave.price[chosen]
    per_kind = _count_pairs(client, wave.category[chosen])
    rules = {
        "a box has more items than slots": np.bincount(client, minlength=len(wave.slots)) > wave.slots,
        "a box costs more than its budget": _sum_prices(client, price, len(wave.slots)) > wave.budget,
        "an item costs more than the item cap": price > wave.item_cap[client],
        "a box has too many of one category": per_kind[1] > wave.category_cap[per_kind[0]],
        "a sku is twice in a box": _count_pairs(client, sku)[1] > 1,
        "a sku is given more often than it is in stock": np.bincount(sku, minlength=len(wave.on_hand)) > wave.on_hand,
        "an item was chosen at a negative score": (wave.score[chosen] < 0) & ~_mark_must_haves(wave, chosen),
    }
    if wave.wishes is not None:
        colour = wave.wishes.colour[chosen]
        pairs = _count_pairs(client[colour >= 0], colour[colour >= 0])
        rules["a box has too many of one colour"] = pairs[1] > wave.wishes.colour_cap[pairs[0]]
    return [rule for rule, broken in rules.items() if broken.any()]


def find_lacking_clients(wave: Wave, chosen: Ints) -> Ints:
    """Find the clients whose box has fewer must-haves than they could have had alone, as others took the stock."""
    if wave.wishes is None:
        return np.zeros(0, np.int64)
    shown = chosen[wave.wishes.must[chosen]]
    has = np.bincount(_count_pairs(wave.client[shown], wave.category[shown])[0], minlength=len(wave.slots))
    return np.flatnonzero(has < wave.wishes.need)


def _mark_must_haves(wave: Wave, chosen: Ints) -> Bools:
    return np.zeros(len(chosen), np.bool_) if wave.wishes is None else wave.wishes.must[chosen]


def _sum_prices(client: Ints, price: Ints, clients: int) -> Ints:
    """Sum the prices of each client in integers: a sum in floating point could hide a cent."""
    total = np.zeros(clients, np.int64)
    np.add.at(total, client, price)
    return total


def _count_pairs(client: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Return the client of every distinct pair, and how often the pair occurs."""
    pairs, times = np.unique(np.stack([client, other]), axis=1, return_counts=True)
    return pairs[0], times


def count_slots(wave: Wave, chosen: Ints) -> tuple[int, int]:
    """Count the slots filled and the slots left empty; a client without a limit of slots leaves none empty."""
    limited = wave.slots < NO_LIMIT
    inside = np.bincount(wave.client[chosen], minlength=len(wave.slots))
    return len(chosen), int((wave.slots - inside)[limited].sum())
