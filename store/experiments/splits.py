"""Splits between algorithms, as the answers that were given under them say."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, Text, func, select, type_coerce

from models.slot_policies import SlotSplit
from store.experiments.assignments import ExperimentKind
from store.tables import assignments, decisions


class LastSplit(NamedTuple):
    """The split of a slot that was in force last, and since when it was with these shares."""

    split: SlotSplit
    since: datetime


_a: Final = assignments.c
_d: Final = decisions.c
_IS_SPLIT: Final = type_coerce(_d.experiment, Text) != ""


def find_last_split(connection: Connection, slot: str) -> LastSplit | None:
    """Find the split of a slot that was in force last; None where nobody was answered under one."""
    own = select(func.min(_a.assigned_at)).where(_a.kind == ExperimentKind.SLOT, _a.experiment.like(f"{slot}/%"))
    begun = connection.scalar(own)
    if begun is None:
        return None
    under = (_d.slot == slot, _d.role == "live", _d.at >= begun)
    last = connection.scalar(select(_d.experiment).where(*under, _IS_SPLIT).order_by(_d.at.desc()).limit(1))
    if last is None:
        return None
    since = connection.scalar(select(func.min(_d.at)).where(*under, _d.experiment == last))
    return LastSplit(last, since or begun)
