"""How an erasure is started, and asked how far it is; `workflows.handles` says how temporalio is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.base import ClientId
from models.erasures import ErasureInput, ErasureProgress
from workflows import ids
from workflows.handles import query, start

if TYPE_CHECKING:
    from temporalio.client import Client


async def start_erasure(client: Client, client_id: ClientId) -> None:
    """Start it; nothing when it runs. One that has ended is made again: there may be something left."""
    from workflows.erasure import Erasure  # noqa: PLC0415

    await start(client, Erasure.run, ErasureInput(client_id=client_id), ids.erasure(client_id), "Erasure of a client")


async def erasure_progress(client: Client, client_id: ClientId) -> ErasureProgress:
    """The workflow's own word on how far it is. Raises NotFound."""
    answer: ErasureProgress = await query(client, ids.erasure(client_id), "status", ErasureProgress)
    return answer
