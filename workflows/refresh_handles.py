"""Start a Refresh and query it, for commands; `workflows.handles` says how temporalio is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.actors import Actor
from models.refreshes import RefreshId, RefreshInput, RefreshReport, RefreshStatus
from workflows import ids
from workflows.handles import await_result, query, start_once

if TYPE_CHECKING:
    from temporalio.client import Client


async def start_refresh(client: Client, refresh: RefreshId, actor: Actor | None = None) -> None:
    """Start a Refresh; do nothing when it runs. Raises BadInput when it has ended: each runs once."""
    from workflows.refresh import Refresh  # noqa: PLC0415

    argument, summary = RefreshInput(refresh=refresh, actor=actor), "Models trained anew, lists for all clients"
    await start_once(client, Refresh.run, argument, ids.refresh(refresh), "refresh", summary)


async def await_refresh_report(client: Client, refresh: RefreshId) -> RefreshReport:
    """Await the report of a Refresh. Raises NotFound, or Unavailable when it failed."""
    report: RefreshReport = await await_result(client, ids.refresh(refresh), RefreshReport)
    return report


async def query_refresh_status(client: Client, refresh: RefreshId) -> RefreshStatus:
    """Query the status of a Refresh. Raises NotFound."""
    answer: RefreshStatus = await query(client, ids.refresh(refresh), "status", RefreshStatus)
    return answer
