"""Replay the boxes of a wave offline from its saved inputs: same inputs and version give the same boxes."""

from __future__ import annotations

from sqlalchemy import Connection

from algorithms.assembly import parts
from algorithms.assembly.wave import WaveProgress, answer_part, settle_turn, start_wave
from models.base import Id, Sku
from models.fixes import FixId
from store.fixes import waves


def replay_wave(connection: Connection, wave: Id) -> dict[FixId, tuple[Sku, ...]]:
    """Assemble the boxes of all Fixes of a wave again, the best item first, without empty ones. Changes nothing.

    Raises NotFound for a wave of which the inputs are no longer kept.
    """
    stock = waves.load_arrays(connection, wave, "shelf")
    count = len(waves.load_wave(connection, wave).plan["parts"])
    problems = [waves.load_arrays(connection, wave, f"problem/{index}") for index in range(count)]
    all_parts = [parts.build_part(problem, stock, index) for index, problem in enumerate(problems)]
    whole, clients = parts.join_parts(all_parts), int(stock["clients"][-1])
    progress: WaveProgress = start_wave(whole)
    while not progress.done:
        progress = settle_turn(whole, progress, [answer_part(part, progress, clients) for part in all_parts])
    boxes_by_fix: dict[FixId, tuple[Sku, ...]] = {}
    for part, arrays in zip(all_parts, problems, strict=True):
        boxes_by_fix |= parts.list_boxes(arrays, parts.select_own(part, progress.best.chosen))
    return boxes_by_fix
