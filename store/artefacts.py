"""What training made: where it lies, what it learnt from, how well it did, and which one serves."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, select, update

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


def path_of(artefact_id: str) -> str:
    """Where an artefact lies, relative to the home folder."""
    return str(PurePosixPath("artefacts") / artefact_id)


def add(connection: Connection, artefact: Artefact) -> None:
    """Keep it; when it is `live`, it takes over from the one that served its slot."""
    if artefact.live:
        connection.execute(update(artefacts).where(artefacts.c.slot == artefact.slot).values(live=False))
    connection.execute(artefacts.insert().values(**artefact.model_dump()))


def live(connection: Connection, slot: str) -> Artefact | None:
    """The one that serves; None before the first training."""
    query = select(artefacts).where(artefacts.c.slot == slot, artefacts.c.live).order_by(artefacts.c.created_at.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else Artefact.model_validate(row._asdict())
