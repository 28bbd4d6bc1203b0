"""Which workflows run, and which have ended: asked of Temporal. `workflows.handles` says how temporalio is imported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from models.outreach import OutreachInput
from workflows import ids
from workflows.handles import start, translate_errors

if TYPE_CHECKING:
    from temporalio.client import Client

KINDS: Final = ("ClientLifecycle", "Outreach", "Campaign", "FixAssignment", "Erasure")
PAGE: Final = 1_000


class EndedWorkflow(NamedTuple):
    """A workflow that did not end by itself. `how`: terminated, canceled, failed or timed_out."""

    workflow_id: str
    run_id: str
    kind: str
    how: str
    closed_at: datetime


async def count_running(client: Client, kind: str) -> int:
    """Count the workflows of a type that run. Raises Unavailable."""
    with translate_errors(kind):
        answer = await client.count_workflows(f'WorkflowType="{kind}" AND ExecutionStatus="Running"')
        return answer.count


async def list_running(client: Client, kinds: Sequence[str] = KINDS) -> set[str]:
    """List the ids of all workflows of these types that run. Raises Unavailable."""
    chosen = " OR ".join(f'WorkflowType="{kind}"' for kind in kinds)
    with translate_errors("all"):
        rows = client.list_workflows(f'({chosen}) AND ExecutionStatus="Running"', page_size=PAGE)
        return {row.id async for row in rows}


async def list_ended(client: Client, since: datetime) -> list[EndedWorkflow]:
    """List the clients' and mails' workflows that somebody ended, or that failed, since a real moment. Raises
    Unavailable."""
    query = (
        '(WorkflowType="ClientLifecycle" OR WorkflowType="Outreach") AND '
        '(ExecutionStatus="Terminated" OR ExecutionStatus="Canceled" OR ExecutionStatus="Failed" '
        f'OR ExecutionStatus="TimedOut") AND CloseTime > "{since:%Y-%m-%dT%H:%M:%SZ}"'
    )
    with translate_errors("all"):
        return [
            EndedWorkflow(row.id, row.run_id, row.workflow_type, row.status.name.lower(), row.close_time)
            async for row in client.list_workflows(query, page_size=PAGE)
            if row.status is not None and row.close_time is not None
        ]


async def is_running(client: Client, workflow_id: str) -> bool:
    """Return whether a workflow runs under this id now. Raises Unavailable."""
    from temporalio.client import WorkflowExecutionStatus  # noqa: PLC0415
    from temporalio.service import RPCError, RPCStatusCode  # noqa: PLC0415

    with translate_errors(workflow_id):
        try:
            found = await client.get_workflow_handle(workflow_id).describe()
        except RPCError as failed:
            if failed.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return found.status is WorkflowExecutionStatus.RUNNING


async def restart_mail(client: Client, mail: OutreachInput) -> None:
    """Start the workflow of a mail that is in the ledger already, unless it runs: it goes on where the row says."""
    from workflows.outreach import Outreach  # noqa: PLC0415

    summary = ids.summarise_outreach(mail.kind, mail.n)
    await start(client, Outreach.run, mail, ids.outreach(mail.client_id, mail.n), summary)
