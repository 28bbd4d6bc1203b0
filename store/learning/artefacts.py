"""Trained models: their files, training windows, metrics, and which one serves."""

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
    def _fill_served_at(cls, values: dict[str, Any]) -> dict[str, Any]:
        served_at = values.get("served_at") or (values.get("created_at") if values.get("live") else None)
        return values | {"served_at": served_at}


def build_path(artefact_id: str) -> str:
    """Build the path of an artefact, relative to the home folder."""
    return str(PurePosixPath("artefacts") / artefact_id)


def add_artefact(connection: Connection, artefact: Artefact) -> None:
    """Save an artefact; when it is `live`, it takes over from the one that served its slot."""
    connection.execute(artefacts.insert().values(**artefact.model_dump() | {"live": False}))
    if artefact.live:
        promote_artefact(connection, artefact.id, artefact.created_at)


def promote_artefact(connection: Connection, artefact_id: str, now: datetime) -> Artefact:
    """Let an artefact serve its slot; the one that served before is kept. One that serves already goes on. Raises
    NotFound."""
    row = load_artefact(connection, artefact_id)
    if not row.live:
        connection.execute(update(artefacts).where(artefacts.c.slot == row.slot, artefacts.c.live).values(live=False))
        statement = update(artefacts).where(artefacts.c.id == artefact_id)
        connection.execute(statement.values(live=True, served_at=now))
    return load_artefact(connection, artefact_id)


def load_artefact(connection: Connection, artefact_id: str) -> Artefact:
    """Load the artefact with this id. Raises NotFound."""
    row = connection.execute(select(artefacts).where(artefacts.c.id == artefact_id)).one_or_none()
    if row is None:
        raise NotFound("no artefact has this id", "id")
    return Artefact.model_validate(row._asdict())


def list_artefacts(connection: Connection, slot: str | None = None) -> list[Artefact]:
    """List all artefacts, or those of one slot; the latest first."""
    query = select(artefacts).order_by(artefacts.c.created_at.desc(), artefacts.c.id)
    rows = connection.execute(query if slot is None else query.where(artefacts.c.slot == slot))
    return [Artefact.model_validate(row._asdict()) for row in rows]


def delete_unserved(connection: Connection, before: datetime) -> list[Artefact]:
    """Delete artefacts made before a moment that never served, and return them, so that their folders can go too."""
    condition = (artefacts.c.created_at < before) & artefacts.c.served_at.is_(None) & ~artefacts.c.live
    unserved = [
        Artefact.model_validate(row._asdict()) for row in connection.execute(select(artefacts).where(condition))
    ]
    connection.execute(delete(artefacts).where(condition))
    return unserved


def find_live(connection: Connection, slot: str) -> Artefact | None:
    """Find the artefact that serves; None before the first training."""
    query = select(artefacts).where(artefacts.c.slot == slot, artefacts.c.live).order_by(artefacts.c.created_at.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else Artefact.model_validate(row._asdict())
