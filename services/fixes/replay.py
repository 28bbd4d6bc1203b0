"""Make a box again from the question as it was asked: the same question, version and seed give the same box."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from itertools import takewhile
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Engine, Row

from activities.fixes.assemble import SLOT
from activities.waves import propose
from algorithms.assembly import answering
from algorithms.slots import guard
from algorithms.slots.guard import Member
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import slot_named
from errors import BadInput
from models.base import Sku
from models.fixes import FixId, FixState
from models.slots import AssemblyAnswer, AssemblyQuestion
from services.fixes import wave_replay as waves
from settings import Settings
from store.database import read_transaction
from store.fixes import fixes

SECONDS: Final = 30.0
"""Real seconds that an algorithm may take to start, and to answer."""


class Replayed(NamedTuple):
    """A box as it was assembled, and as it comes out `again`. `swaps`: made since by a stylist, and in neither."""

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


def replayed(settings: Settings, engine: Engine, fix_id: FixId) -> Replayed:
    """The box of a Fix, made again; one from a wave with all others of it. Raises NotFound, or BadInput when it cannot
    be made, as by a version that is not here any more."""
    with read_transaction(engine) as connection:
        row = fixes.get(connection, fix_id)
        if row.box is None:
            raise BadInput("no box was assembled for it yet", "fix_id")
        if row.algorithm == propose.ALGORITHM:
            version, again = propose.VERSION, waves.replayed(connection, row.wave_id).get(fix_id, ())
        else:
            version, again = _answer(settings, row.algorithm, AssemblyQuestion.model_validate(row.question))
        swaps = _swaps(fixes.steps(connection, fix_id))
    if version != row.version:
        raise BadInput(f"{row.algorithm} {row.version} made the box; here is {version}", "fix_id")
    return Replayed(fix_id, row.algorithm, row.version, tuple(row.box), again, swaps)


def _swaps(steps: Iterable[Row[Any]]) -> int:
    """How many swaps followed the latest box."""
    since = takewhile(lambda step: step.state != FixState.ASSEMBLED, reversed(list(steps)))
    return sum(len(step.data["out"]) for step in since if step.code == "swapped")


def _answer(settings: Settings, algorithm: str, question: AssemblyQuestion) -> tuple[str, tuple[Sku, ...]]:
    if algorithm == answering.NAME:
        return answering.VERSION, answering.answer(question).skus
    with (
        closing(Registry.from_settings(settings, serving=False)) as registry,
        closing(registry.open(algorithm)) as opened,
    ):
        opened.ready(SECONDS)
        made = guard.decide(slot_named(SLOT), [Member(algorithm, opened)], question, SECONDS)
    if made.faults:
        raise BadInput(f"{algorithm} gives no valid answer now: {made.faults[0].words}", "fix_id")
    return made.version, cast(AssemblyAnswer, made.answer).skus
