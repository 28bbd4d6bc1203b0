"""Erase one client: their mail and their Fixes are called off, what is with the mail server settles, then all that is
kept of them goes, and their id is refused for ever. A while later it erases once more, for what was in flight."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.campaign import PauseRequest
    from models.erasures import ErasureInput, ErasureLook, ErasureProgress, ErasureState, ErasureStep
    from models.fixes import FixId
    from models.lifecycle import Nudge
    from workflows import activity_stubs, ids
    from workflows.options import DATABASE, ERASE

SETTLING: Final = timedelta(seconds=2)
"""Real time between two looks at a mail that is with the mail server."""
LAST_LOOK: Final = timedelta(minutes=10)
"""Real time after which no step that began before the erasure still runs; the longest is a model's answer."""


@workflow.defn
class Erasure:
    """The workflow of one erasure."""

    @workflow.init
    def __init__(self, erasure: ErasureInput) -> None:
        self._client_id = erasure.client_id
        self._status = ErasureProgress(client_id=erasure.client_id)
        self._notified: set[str] = set()
        self._fixes: list[FixId] = []

    @workflow.run
    async def run(self, erasure: ErasureInput) -> ErasureProgress:
        """Erase the client, twice, and return the result."""
        while await self._freeze():
            await workflow.sleep(SETTLING)
        await self._erase()
        for workflow_id in (ids.client(self._client_id), *map(ids.fix, self._fixes)):
            await self._notify(workflow_id, "nudge", Nudge())  # it finds nobody, and ends
        await workflow.sleep(LAST_LOOK)
        await self._erase(looked_again=True)
        return self._status

    async def _freeze(self) -> int:
        """Call everything off and return how many mails are with the mail server."""
        self._show(state=ErasureState.WAITING)
        look: ErasureLook = await workflow.execute_local_activity(
            activity_stubs.freeze_client, self._step(), summary="Hold the client, call everything off", **DATABASE
        )
        self._show(in_data=look.in_data)
        await self._call_off(look)
        return look.in_data

    async def _call_off(self, look: ErasureLook) -> None:
        """Cancel the workflows of mails and Fixes, once each, so that they end now; the store has called them off
        already."""
        self._fixes = sorted({*self._fixes, *look.fixes})
        mails = (ids.outreach(self._client_id, n) for n in look.outreaches)
        for workflow_id in (*mails, *map(ids.fix, look.fixes)):
            if workflow_id not in self._notified:
                self._notified.add(workflow_id)
                await self._notify(workflow_id, "cancel", PauseRequest())

    async def _erase(self, *, looked_again: bool = False) -> None:
        self._show(state=ErasureState.ERASING)
        done = await workflow.execute_activity(
            activity_stubs.erase_client, self._step(), summary="Take away all that is kept", **ERASE
        )
        rows = self._status.rows + done.rows
        self._show(state=ErasureState.ERASED, rows=rows, looked_again=looked_again)

    async def _notify(self, workflow_id: str, name: str, order: Any) -> None:
        """Signal a workflow, if it still runs."""
        with suppress(FailureError):
            await workflow.get_external_workflow_handle(workflow_id).signal(name, order)

    def _step(self) -> ErasureStep:
        return ErasureStep(client_id=self._client_id, at=workflow.now())

    def _show(self, **changed: object) -> None:
        self._status = self._status.model_copy(update=changed)
        workflow.set_current_details(_details(self._status))

    @workflow.query(description="How far it is, and how many rows went")
    def status(self) -> ErasureProgress:
        return self._status


def _details(now: ErasureProgress) -> str:
    waits = f": {now.in_data} mails are with the mail server" if now.in_data else ""
    after = "" if now.looked_again or now.state is not ErasureState.ERASED else "; looks once more in ten minutes"
    return f"**{now.state}**{waits}, {now.rows} rows{after}."
