"""Waves of Fixes: the plan fixed at the start, the state, the arrays its parts exchange, and the report."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Text, cast, delete, func, insert, or_, select, update

from domain.states import WAVE
from errors import NotFound
from models.base import Id
from models.fixes import FixId
from models.waves import WaveReport, WaveState
from store.sql.records import Record
from store.tables import fixes, wave_parts, waves

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class WaveRow(Record):
    """One wave. `plan["parts"]`: the Fixes of each part."""

    wave_id: Id
    at: datetime
    state: WaveState
    plan: dict[str, Any]
    report: dict[str, Any] | None


_WAVE: Final = select(*WaveRow.list_columns(waves))


def begin_wave(connection: Connection, wave_id: Id, parts: Sequence[Sequence[FixId]], now: datetime) -> WaveRow:
    """Begin the wave with this plan and return its row; one that was begun before keeps its plan."""
    if (row := find_wave(connection, wave_id)) is not None:
        return row
    plan = {"parts": [list(part) for part in parts]}
    connection.execute(insert(waves).values(wave_id=wave_id, at=now, state=WaveState.RANKING, plan=plan))
    return load_wave(connection, wave_id)


def find_wave(connection: Connection, wave_id: Id) -> WaveRow | None:
    """Find the row of a wave, if there is one."""
    row = connection.execute(_WAVE.where(waves.c.wave_id == wave_id)).one_or_none()
    return None if row is None else WaveRow.from_row(row)


def load_wave(connection: Connection, wave_id: Id) -> WaveRow:
    """Load the row of a wave. Raises NotFound."""
    row = find_wave(connection, wave_id)
    if row is None:
        raise NotFound("no wave has this id", "wave")
    return row


def find_latest(connection: Connection) -> WaveRow | None:
    """Find the wave that began last."""
    row = connection.execute(_WAVE.order_by(waves.c.at.desc(), waves.c.wave_id.desc()).limit(1)).one_or_none()
    return None if row is None else WaveRow.from_row(row)


def save_report(connection: Connection, wave_id: Id, state: WaveState, report: WaveReport) -> bool:
    """Save the state of the wave and its report so far, if that state may follow; return whether it was saved."""
    moved = update(waves).where(waves.c.wave_id == wave_id, waves.c.state.in_(WAVE.list_sources(state)))
    values = {"state": state, "report": report.model_dump(mode="json")}
    return connection.execute(moved.values(**values)).rowcount == 1


def count_proposed(connection: Connection, wave_id: Id) -> int:
    """Count the wave's boxes that were held and proposed, whatever became of them since."""
    query = select(func.count()).where(fixes.c.wave_id == wave_id, fixes.c.decide_by.is_not(None))
    return connection.scalar(query) or 0


def parse_report(row: WaveRow) -> WaveReport:
    """Parse the report of a wave so far."""
    report = WaveReport.model_validate(row.report or {"wave": row.wave_id})
    return report.model_copy(update={"state": row.state})


def save_arrays(connection: Connection, wave_id: Id, name: str, arrays: Arrays, now: datetime) -> None:
    """Save arrays under a name; saving again replaces them."""
    body = io.BytesIO()
    named_arrays: dict[str, Any] = dict(arrays)
    np.savez(body, **named_arrays)
    connection.execute(delete(wave_parts).where(wave_parts.c.wave_id == wave_id, wave_parts.c.name == name))
    connection.execute(insert(wave_parts).values(wave_id=wave_id, name=name, at=now, body=body.getvalue()))


def load_arrays(connection: Connection, wave_id: Id, name: str) -> dict[str, NDArray[Any]]:
    """Load the arrays saved under a name. Raises NotFound."""
    query = select(wave_parts.c.body).where(wave_parts.c.wave_id == wave_id, wave_parts.c.name == name)
    body = connection.scalar(query)
    if body is None:
        raise NotFound(f"wave {wave_id} has no {name}", "wave")
    with np.load(io.BytesIO(body), allow_pickle=False) as contents:
        return dict(contents)


def delete_arrays(connection: Connection, wave_id: Id, prefix: str) -> None:
    """Delete all arrays whose names begin with `prefix`."""
    condition = (wave_parts.c.wave_id == wave_id) & wave_parts.c.name.startswith(prefix, autoescape=True)
    connection.execute(delete(wave_parts).where(condition))


def delete_old_arrays(connection: Connection, before: datetime) -> None:
    """Delete the arrays of waves from before a moment; plans and reports stay."""
    connection.execute(delete(wave_parts).where(wave_parts.c.at < before))


def remove_fixes(connection: Connection, fix_ids: Sequence[FixId]) -> None:
    """Remove Fixes from the plans of waves; in the arrays their ids become empty, and their positions stay."""
    if not fix_ids:
        return
    plan = cast(waves.c.plan, Text)
    mentions = or_(*(plan.contains(f'"{fix_id}"', autoescape=True) for fix_id in fix_ids))
    for row in connection.execute(select(waves).where(mentions).with_for_update()).all():
        parts = [[fix_id for fix_id in part if fix_id not in fix_ids] for part in row.plan["parts"]]
        changed = update(waves).where(waves.c.wave_id == row.wave_id)
        connection.execute(changed.values(plan=row.plan | {"parts": parts}))
        _remove_names(connection, row.wave_id, fix_ids)


def _remove_names(connection: Connection, wave_id: Id, fix_ids: Sequence[FixId]) -> None:
    p = wave_parts.c
    query = select(p.name, p.at).where(p.wave_id == wave_id, p.name.startswith("problem/", autoescape=True))
    for name, at in connection.execute(query).all():
        arrays = load_arrays(connection, wave_id, name)
        names = np.where(np.isin(arrays["fixes"], list(fix_ids)), "", arrays["fixes"])
        save_arrays(connection, wave_id, name, arrays | {"fixes": names}, at)
