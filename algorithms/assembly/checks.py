"""Whether chosen boxes keep every rule, checked from the problem alone and by other means than it was solved."""

from __future__ import annotations

import numpy as np

from algorithms.assembly.model import NO_LIMIT, Bools, Ints, Wave


def faults(wave: Wave, chosen: Ints) -> list[str]:
    """What is wrong with the chosen candidates (places in the wave), a line for each rule broken; empty when all is
    well."""
    if len(np.unique(chosen)) != len(chosen):
        return ["a candidate was chosen twice"]
    client, sku, price = wave.client[chosen], wave.sku[chosen], wave.price[chosen]
    per_kind = _counts(client, wave.category[chosen])
    rules = {
        "a box has more items than slots": np.bincount(client, minlength=len(wave.slots)) > wave.slots,
        "a box costs more than its budget": _sums(client, price, len(wave.slots)) > wave.budget,
        "an item costs more than the item cap": price > wave.item_cap[client],
        "a box has too many of one category": per_kind[1] > wave.category_cap[per_kind[0]],
        "a sku is twice in a box": _counts(client, sku)[1] > 1,
        "a sku is given more often than it is in stock": np.bincount(sku, minlength=len(wave.on_hand)) > wave.on_hand,
        "an item was chosen at a negative score": (wave.score[chosen] < 0) & ~_must(wave, chosen),
    }
    if wave.wishes is not None:
        colour = wave.wishes.colour[chosen]
        pairs = _counts(client[colour >= 0], colour[colour >= 0])
        rules["a box has too many of one colour"] = pairs[1] > wave.wishes.colour_cap[pairs[0]]
    return [rule for rule, broken in rules.items() if broken.any()]


def lacking(wave: Wave, chosen: Ints) -> Ints:
    """Clients whose box has fewer must-haves than they alone could have had: others took the stock."""
    if wave.wishes is None:
        return np.zeros(0, np.int64)
    shown = chosen[wave.wishes.must[chosen]]
    has = np.bincount(_counts(wave.client[shown], wave.category[shown])[0], minlength=len(wave.slots))
    return np.flatnonzero(has < wave.wishes.need)


def _must(wave: Wave, chosen: Ints) -> Bools:
    return np.zeros(len(chosen), np.bool_) if wave.wishes is None else wave.wishes.must[chosen]


def _sums(client: Ints, price: Ints, clients: int) -> Ints:
    """Whole cents, in integers: a sum in floating point could hide a cent."""
    total = np.zeros(clients, np.int64)
    np.add.at(total, client, price)
    return total


def _counts(client: Ints, other: Ints) -> tuple[Ints, Ints]:
    """The client of every pair that occurs, and how often it does."""
    pairs, times = np.unique(np.stack([client, other]), axis=1, return_counts=True)
    return pairs[0], times


def filled(wave: Wave, chosen: Ints) -> tuple[int, int]:
    """Slots filled, and slots left empty; a client without a limit of slots leaves none empty."""
    limited = wave.slots < NO_LIMIT
    inside = np.bincount(wave.client[chosen], minlength=len(wave.slots))
    return len(chosen), int((wave.slots - inside)[limited].sum())
