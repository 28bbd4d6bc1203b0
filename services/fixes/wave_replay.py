"""Make the boxes of a wave again, offline, from what was kept of it: same inputs, same version, same boxes."""

from __future__ import annotations

from sqlalchemy import Connection

from algorithms.assembly import parts
from algorithms.assembly.wave import WaveProgress, answered, opened, settled
from models.base import Id, Sku
from models.fixes import FixId
from store.fixes import waves


def replayed(connection: Connection, wave: Id) -> dict[FixId, tuple[Sku, ...]]:
    """The boxes of all Fixes of a wave, the best item first; empty ones are left out. Changes nothing.

    Raises NotFound for a wave of which the inputs are no longer kept.
    """
    shelf = waves.take(connection, wave, "shelf")
    count = len(waves.get(connection, wave).plan["parts"])
    asked = [waves.take(connection, wave, f"problem/{index}") for index in range(count)]
    every = [parts.part_of(each, shelf, place) for place, each in enumerate(asked)]
    one, clients = parts.whole(every), int(shelf["clients"][-1])
    standing: WaveProgress = opened(one)
    while not standing.done:
        standing = settled(one, standing, [answered(each, standing, clients) for each in every])
    found: dict[FixId, tuple[Sku, ...]] = {}
    for part, arrays in zip(every, asked, strict=True):
        found |= parts.boxes(arrays, parts.mine(part, standing.best.chosen))
    return found
