"""Replay a box from the saved question: the same question, version and seed give the same box."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from itertools import takewhile
from typing import Final, NamedTuple, cast

from sqlalchemy import Engine

from algorithms.assembly import built_in
from algorithms.slots import guard
from algorithms.slots.guard import Member
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import require_slot
from errors import BadInput
from models.base import Sku
from models.fixes import FixId, FixState
from models.slots import AssemblyAnswer, AssemblyQuestion
from services.fixes import wave_proposal
from services.fixes import wave_replay as waves
from services.fixes.assembly import SLOT
from settings import Settings
from store.database import read_transaction
from store.fixes import fixes
from store.fixes.rows import FixStepRow

SECONDS: Final = 30.0
"""Real seconds that an algorithm may take to start, and to answer."""


class BoxReplay(NamedTuple):
    """A box as it was assembled, and as it comes out `again`. `swaps`: how many a stylist made since; they are in
    neither."""

    fix_id: FixId
    algorithm: str
    version: str
    box: tuple[str, ...]
    again: tuple[str, ...]
    swaps: int = 0

    @property
    def same(self) -> bool:
        """Whether the same units are in both."""
        return set(self.box) == set(self.again)


def replay_box(settings: Settings, engine: Engine, fix_id: FixId) -> BoxReplay:
    """Assemble the box of a Fix again; one from a wave together with all others of the wave.

    Raises NotFound, or BadInput when it cannot be made, as by a version that is not here any more."""
    with read_transaction(engine) as connection:
        row = fixes.load_fix(connection, fix_id)
        if row.box is None:
            raise BadInput("no box was assembled for it yet", "fix_id")
        if row.wave_id is not None and row.algorithm == wave_proposal.ALGORITHM:
            version, again = wave_proposal.VERSION, waves.replay_wave(connection, row.wave_id).get(fix_id, ())
        else:
            version, again = _recompute_box(settings, row.algorithm, AssemblyQuestion.model_validate(row.question))
        swaps = _count_swaps(fixes.list_steps(connection, fix_id))
    if version != row.version:
        raise BadInput(f"{row.algorithm} {row.version} made the box; here is {version}", "fix_id")
    return BoxReplay(fix_id, row.algorithm, row.version, tuple(row.box), again, swaps)


def _count_swaps(steps: Iterable[FixStepRow]) -> int:
    """Count the swaps that followed the latest box."""
    since = takewhile(lambda step: step.state != FixState.ASSEMBLED, reversed(list(steps)))
    return sum(len(step.data["out"]) for step in since if step.code == "swapped" and step.data)


def _recompute_box(settings: Settings, algorithm: str, question: AssemblyQuestion) -> tuple[str, tuple[Sku, ...]]:
    if algorithm == built_in.NAME:
        return built_in.VERSION, built_in.answer(question).skus
    with (
        closing(Registry.from_settings(settings, serving=False)) as registry,
        closing(registry.open(algorithm)) as opened,
    ):
        opened.is_ready(SECONDS)
        decision = guard.decide(require_slot(SLOT), [Member(algorithm, opened)], question, SECONDS)
    if decision.faults:
        raise BadInput(f"{algorithm} gives no valid answer now: {decision.faults[0].words}", "fix_id")
    return decision.version, cast(AssemblyAnswer, decision.answer).skus
