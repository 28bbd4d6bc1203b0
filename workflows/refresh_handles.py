"""How commands start a Refresh and ask where it is; `workflows.handles` says how temporalio is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.refreshes import RefreshId, RefreshInput, RefreshReport, RefreshStatus
from workflows import ids
from workflows.handles import ended, query, start_once

if TYPE_CHECKING:
    from temporalio.client import Client


async def start_refresh(client: Client, refresh: RefreshId) -> None:
    """Start a Refresh; nothing when it runs. Raises BadInput when it has been: each is made once."""
    from workflows.refresh import Refresh  # noqa: PLC0415

    given, summary = RefreshInput(refresh=refresh), "Models learnt anew, lists for everybody"
    await start_once(client, Refresh.run, given, ids.refresh(refresh), "refresh", summary)


async def refresh_report(client: Client, refresh: RefreshId) -> RefreshReport:
    """What a Refresh came to, once it has ended. Raises NotFound, or Unavailable when it failed."""
    report: RefreshReport = await ended(client, ids.refresh(refresh), RefreshReport)
    return report


async def refresh_status(client: Client, refresh: RefreshId) -> RefreshStatus:
    """The workflow's own word on where a Refresh is. Raises NotFound."""
    answer: RefreshStatus = await query(client, ids.refresh(refresh), "status", RefreshStatus)
    return answer
