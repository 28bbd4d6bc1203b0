"""Start an erasure and query its progress; `workflows.handles` says how temporalio is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.base import ClientId
from models.erasures import ErasureInput, ErasureProgress
from workflows import ids
from workflows.handles import query, start

if TYPE_CHECKING:
    from temporalio.client import Client


async def start_erasure(client: Client, client_id: ClientId) -> None:
    """Start an erasure; do nothing when it runs. One that has ended starts again: there may be something left."""
    from workflows.erasure import Erasure  # noqa: PLC0415

    await start(client, Erasure.run, ErasureInput(client_id=client_id), ids.erasure(client_id), "Erasure of a client")


async def query_erasure_progress(client: Client, client_id: ClientId) -> ErasureProgress:
    """Query the progress of an erasure. Raises NotFound."""
    answer: ErasureProgress = await query(client, ids.erasure(client_id), "status", ErasureProgress)
    return answer
