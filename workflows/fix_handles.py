"""Start, steer and query Fixes and waves for pages and commands; `workflows.handles` says how temporalio is
imported."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from errors import NotFound
from models.actors import Actor
from models.base import ClientId, Id
from models.campaign import PauseRequest
from models.fixes import FixDecision, FixId, FixRequest, FixStatus, FixVerdict
from models.lifecycle import LifecycleState, Nudge
from models.waves import WaveInput, WaveReport, WaveStatus
from workflows import ids
from workflows.handles import ANSWER_S, await_result, query, signal, start_once, translate_errors, update

if TYPE_CHECKING:
    from temporalio.client import Client


async def request_fix(client: Client, client_id: ClientId, fix_id: FixId) -> FixStatus:
    """Start the Fix that was saved under `fix_id`, by the client's workflow, which is started where there is none.

    Requesting it again is requesting it once. Raises BadInput (NotFound, Erased) with the workflow's reason, or
    Unavailable: the saved request may then be sent again.
    """
    from temporalio.client import WithStartWorkflowOperation  # noqa: PLC0415
    from temporalio.common import WorkflowIDConflictPolicy  # noqa: PLC0415

    from workflows.lifecycle import ClientLifecycle  # noqa: PLC0415
    from workflows.options import LIFECYCLE_QUEUE  # noqa: PLC0415

    start = WithStartWorkflowOperation(
        ClientLifecycle.run,
        LifecycleState(client_id=client_id),
        id=ids.client(client_id),
        task_queue=LIFECYCLE_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="A client's lifecycle",
    )
    request = FixRequest(fix_id=fix_id)
    with translate_errors(ids.client(client_id)):
        try:
            pending = client.execute_update_with_start_workflow(
                "request_fix", request, start_workflow_operation=start, result_type=FixStatus
            )
            answer: FixStatus = await asyncio.wait_for(pending, ANSWER_S)
        except BaseException:
            with suppress(
                Exception, asyncio.CancelledError
            ):  # or asyncio complains of a failure that was never retrieved
                await asyncio.wait_for(start.workflow_handle(), 0)
            raise
        return answer


async def decide_fix(client: Client, fix_id: FixId, decision: FixDecision, actor: Actor) -> FixStatus:
    """Approve, swap or reject a proposed box. Raises BadInput with the reason when that is refused."""
    verdict = FixVerdict(**dict(decision), actor=actor)
    answer: FixStatus = await update(client, ids.fix(fix_id), "decide", verdict, FixStatus)
    return answer


async def cancel_fix(client: Client, fix_id: FixId, reason: str = "") -> None:
    """Call a Fix off; its units are released. Raises NotFound when no such workflow runs."""
    await signal(client, ids.fix(fix_id), "cancel", PauseRequest(reason=reason))


async def nudge_fix(client: Client, fix_id: FixId) -> None:
    """Signal a Fix that something changed in the store; do nothing when it has ended."""
    with suppress(NotFound):
        await signal(client, ids.fix(fix_id), "nudge", Nudge())


async def query_fix_status(client: Client, fix_id: FixId) -> FixStatus:
    """Query the status of a Fix."""
    answer: FixStatus = await query(client, ids.fix(fix_id), "status", FixStatus)
    return answer


async def start_wave(client: Client, wave: Id, actor: Actor | None = None) -> None:
    """Start a wave of Fixes; do nothing when it runs. Raises BadInput when it has ended: a wave runs once."""
    from workflows.wave import FixWave  # noqa: PLC0415

    argument = WaveInput(wave=wave, actor=actor)
    await start_once(client, FixWave.run, argument, ids.fix_wave(wave), "wave", "A wave of Fixes")


async def cancel_wave(client: Client, wave: Id, reason: str = "") -> None:
    """Cancel a wave where it is. Raises NotFound."""
    await signal(client, ids.fix_wave(wave), "cancel", PauseRequest(reason=reason))


async def await_wave_report(client: Client, wave: Id) -> WaveReport:
    """Await the report of a wave. Raises NotFound, or Unavailable when it failed."""
    report: WaveReport = await await_result(client, ids.fix_wave(wave), WaveReport)
    return report


async def query_wave_status(client: Client, wave: Id) -> WaveStatus:
    """Query the status of a wave. Raises NotFound."""
    answer: WaveStatus = await query(client, ids.fix_wave(wave), "status", WaveStatus)
    return answer
