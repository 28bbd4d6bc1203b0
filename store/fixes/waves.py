"""Waves of Fixes: the plan fixed at the start, where it stands, what its parts tell each other, and the report."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Text, cast, delete, func, insert, or_, select, update

from errors import NotFound
from models.base import Id
from models.fixes import FixId
from models.waves import WaveReport, WaveState
from store.tables import fixes, wave_parts, waves

Arrays = Mapping[str, NDArray[Any]]


def begin(connection: Connection, wave_id: Id, parts: Sequence[Sequence[FixId]], now: datetime) -> Row[Any]:
    """The wave with its plan; one that was begun before keeps the plan it has."""
    if (row := found(connection, wave_id)) is not None:
        return row
    plan = {"parts": [list(part) for part in parts]}
    connection.execute(insert(waves).values(wave_id=wave_id, at=now, state=WaveState.RANKING, plan=plan))
    return get(connection, wave_id)


def found(connection: Connection, wave_id: Id) -> Row[Any] | None:
    """The row of a wave, if there is one."""
    return connection.execute(select(waves).where(waves.c.wave_id == wave_id)).one_or_none()


def get(connection: Connection, wave_id: Id) -> Row[Any]:
    """The row of a wave. Raises NotFound."""
    row = found(connection, wave_id)
    if row is None:
        raise NotFound("no wave has this id", "wave")
    return row


def latest(connection: Connection) -> Row[Any] | None:
    """The wave that began last."""
    return connection.execute(select(waves).order_by(waves.c.at.desc(), waves.c.wave_id.desc()).limit(1)).one_or_none()


def keep(connection: Connection, wave_id: Id, state: WaveState, report: WaveReport) -> None:
    """Where the wave stands, and what it came to so far."""
    values = {"state": state, "report": report.model_dump(mode="json")}
    connection.execute(update(waves).where(waves.c.wave_id == wave_id).values(**values))


def proposed(connection: Connection, wave_id: Id) -> int:
    """How many of the wave's boxes were held and proposed, whatever became of them since."""
    query = select(func.count()).where(fixes.c.wave_id == wave_id, fixes.c.decide_by.is_not(None))
    return connection.scalar(query) or 0


def report_of(row: Row[Any]) -> WaveReport:
    """What a wave came to so far."""
    told = WaveReport.model_validate(row.report or {"wave": row.wave_id})
    return told.model_copy(update={"state": WaveState(row.state)})


def put(connection: Connection, wave_id: Id, name: str, arrays: Arrays, now: datetime) -> None:
    """Keep arrays under a name; again is the same."""
    body = io.BytesIO()
    kept: dict[str, Any] = dict(arrays)
    np.savez(body, **kept)
    connection.execute(delete(wave_parts).where(wave_parts.c.wave_id == wave_id, wave_parts.c.name == name))
    connection.execute(insert(wave_parts).values(wave_id=wave_id, name=name, at=now, body=body.getvalue()))


def take(connection: Connection, wave_id: Id, name: str) -> dict[str, NDArray[Any]]:
    """The arrays kept under a name. Raises NotFound."""
    query = select(wave_parts.c.body).where(wave_parts.c.wave_id == wave_id, wave_parts.c.name == name)
    body = connection.scalar(query)
    if body is None:
        raise NotFound(f"wave {wave_id} has no {name}", "wave")
    with np.load(io.BytesIO(body), allow_pickle=False) as kept:
        return dict(kept)


def clear(connection: Connection, wave_id: Id, prefix: str) -> None:
    """Forget all arrays whose names begin with `prefix`."""
    mine = (wave_parts.c.wave_id == wave_id) & wave_parts.c.name.startswith(prefix, autoescape=True)
    connection.execute(delete(wave_parts).where(mine))


def forget(connection: Connection, before: datetime) -> None:
    """Forget the arrays of waves from before a moment; plans and reports stay."""
    connection.execute(delete(wave_parts).where(wave_parts.c.at < before))


def leave(connection: Connection, fix_ids: Sequence[FixId]) -> None:
    """Take Fixes out of the plans of waves; in their arrays they lose their names, and keep their places."""
    if not fix_ids:
        return
    plan = cast(waves.c.plan, Text)
    named = or_(*(plan.contains(f'"{each}"', autoescape=True) for each in fix_ids))
    for row in connection.execute(select(waves).where(named).with_for_update()).all():
        parts = [[each for each in part if each not in fix_ids] for part in row.plan["parts"]]
        changed = update(waves).where(waves.c.wave_id == row.wave_id)
        connection.execute(changed.values(plan=row.plan | {"parts": parts}))
        _unname(connection, row.wave_id, fix_ids)


def _unname(connection: Connection, wave_id: Id, fix_ids: Sequence[FixId]) -> None:
    p = wave_parts.c
    asked = select(p.name, p.at).where(p.wave_id == wave_id, p.name.startswith("problem/", autoescape=True))
    for name, at in connection.execute(asked).all():
        arrays = take(connection, wave_id, name)
        names = np.where(np.isin(arrays["fixes"], list(fix_ids)), "", arrays["fixes"])
        put(connection, wave_id, name, arrays | {"fixes": names}, at)
