"""What an algorithm was asked and answered, so that what was shown can be replayed and judged later."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from store.tables import decisions
from store.upserts import insert_into


def record(
    connection: Connection,
    *,
    slot: str,
    algorithm: str,
    version: str,
    client_id: str,
    n: int | None,
    at: datetime,
    snapshot: str,
    answer: Any,
    latency_ms: float,
) -> str:
    """Keep one decision and return its id. The same question at the same moment is one decision, whoever retries it;
    the first answer stands. `n`: the outreach that asked; `answer`: JSON; `latency_ms`: real milliseconds."""
    id_ = hashlib.sha256(f"{slot}/{client_id}/{n}/{at.isoformat()}".encode()).hexdigest()[:32]
    connection.execute(
        insert_into(connection, decisions)
        .values(
            id=id_,
            slot=slot,
            algorithm=algorithm,
            version=version,
            client_id=client_id,
            n=n,
            at=at,
            snapshot=snapshot,
            answer=answer,
            latency_ms=latency_ms,
        )
        .on_conflict_do_nothing()
    )
    return id_


def of_client(connection: Connection, client_id: str, limit: int = 50) -> Sequence[Row[Any]]:
    """A client's decisions, latest first."""
    query = select(decisions).where(decisions.c.client_id == client_id).order_by(decisions.c.at.desc()).limit(limit)
    return connection.execute(query).all()
