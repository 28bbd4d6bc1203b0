"""What training made: where it lies, what it learnt from, how well it did, and which one serves."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import Connection, delete, select, update

from errors import NotFound
from models.base import Contract
from store.tables import artefacts


class Artefact(Contract):
    """One trained model. `path` is relative to the home folder."""

    id: str
    slot: str
    algorithm: str
    path: str
    window_from: datetime | None = None
    window_until: datetime | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)
    seed: int = 0
    created_at: datetime
    live: bool = False
    served_at: datetime | None = None
    """When it last began to serve; none: it never did."""

    @model_validator(mode="before")
    @classmethod
    def _served_at_once(cls, values: dict[str, Any]) -> dict[str, Any]:
        begun = values.get("served_at") or (values.get("created_at") if values.get("live") else None)
        return values | {"served_at": begun}


def path_of(artefact_id: str) -> str:
    """Where an artefact lies, relative to the home folder."""
    return str(PurePosixPath("artefacts") / artefact_id)


def add(connection: Connection, artefact: Artefact) -> None:
    """Keep it; when it is `live`, it takes over from the one that served its slot."""
    connection.execute(artefacts.insert().values(**artefact.model_dump() | {"live": False}))
    if artefact.live:
        promote(connection, artefact.id, artefact.created_at)


def promote(connection: Connection, artefact_id: str, now: datetime) -> Artefact:
    """Let it serve its slot; the one that did is kept. Raises NotFound. What serves already goes on."""
    row = get(connection, artefact_id)
    if not row.live:
        connection.execute(update(artefacts).where(artefacts.c.slot == row.slot, artefacts.c.live).values(live=False))
        mine = update(artefacts).where(artefacts.c.id == artefact_id)
        connection.execute(mine.values(live=True, served_at=now))
    return get(connection, artefact_id)


def get(connection: Connection, artefact_id: str) -> Artefact:
    """The one of this id. Raises NotFound."""
    row = connection.execute(select(artefacts).where(artefacts.c.id == artefact_id)).one_or_none()
    if row is None:
        raise NotFound("no artefact has this id", "id")
    return Artefact.model_validate(row._asdict())


def listing(connection: Connection, slot: str | None = None) -> list[Artefact]:
    """All that are kept, or those of one slot; the latest first."""
    query = select(artefacts).order_by(artefacts.c.created_at.desc(), artefacts.c.id)
    rows = connection.execute(query if slot is None else query.where(artefacts.c.slot == slot))
    return [Artefact.model_validate(row._asdict()) for row in rows]


def forget_unserved(connection: Connection, before: datetime) -> list[Artefact]:
    """Forget those made before a moment that never served; which they were, so that their folders can go too."""
    which = (artefacts.c.created_at < before) & artefacts.c.served_at.is_(None) & ~artefacts.c.live
    gone = [Artefact.model_validate(row._asdict()) for row in connection.execute(select(artefacts).where(which))]
    connection.execute(delete(artefacts).where(which))
    return gone


def live(connection: Connection, slot: str) -> Artefact | None:
    """The one that serves; None before the first training."""
    query = select(artefacts).where(artefacts.c.slot == slot, artefacts.c.live).order_by(artefacts.c.created_at.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else Artefact.model_validate(row._asdict())
