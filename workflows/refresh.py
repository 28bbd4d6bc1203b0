"""The nightly training: profiles are brought up to date; each slot's model is fitted anew, tried against the one that
serves, and promoted if it is better; then a list is made for every client, and drift is reported.

Slots go one after another, since each takes a machine; shards of clients on as many workers as there are. A part that
fails in ten attempts is given up and reported; the rest goes on.
"""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from models.refreshes import (
        ChallengerVerdict,
        RefreshEnd,
        RefreshInput,
        RefreshReport,
        RefreshState,
        RefreshStatus,
        RefreshStep,
        SlotOutcome,
    )
    from workflows import activity_stubs, ids
    from workflows.options import DATABASE, REFRESH


@workflow.defn
class Refresh:
    """The workflow of one Refresh."""

    @workflow.init
    def __init__(self, refresh: RefreshInput) -> None:
        self._refresh = refresh.refresh or ids.refresh_of(workflow.info().workflow_id)
        self._status = RefreshStatus(refresh=self._refresh)
        self._given_up: list[str] = []

    @workflow.run
    async def run(self, refresh: RefreshInput) -> RefreshReport:
        """Run all parts in their order and return the report."""
        first = self._step().model_copy(update={"actor": refresh.actor})
        plan = await workflow.execute_local_activity(
            activity_stubs.begin_refresh, first, summary="Fix the plan", **DATABASE
        )
        await self._run_step(activity_stubs.gather_features, "features")
        for slot in plan.slots:
            self._show(slot=slot)
            await self._train_slot(slot)
        self._show(state=RefreshState.PICKING, slot="", parts=plan.shards)
        await asyncio.gather(*(self._pick(part) for part in range(plan.shards)))
        self._show(state=RefreshState.COMPARING)
        await self._run_step(activity_stubs.compare_windows, "drift")
        return await self._end()

    async def _train_slot(self, slot: str) -> None:
        try:
            outcome = await self._run_slot_step(activity_stubs.fit_challenger, slot, "learn")
            if outcome.verdict is ChallengerVerdict.LEARNT:
                outcome = await self._run_slot_step(
                    activity_stubs.try_challenger, slot, "try against the one that serves"
                )
            if outcome.wins:
                await self._run_slot_step(activity_stubs.promote_challenger, slot, "promote")
        except ActivityError:
            self._given_up.append(slot)

    async def _run_slot_step(self, call: Any, slot: str, action: str) -> SlotOutcome:
        step = self._step(slot=slot)
        outcome: SlotOutcome = await workflow.execute_activity(call, step, summary=f"{slot}: {action}", **REFRESH)
        others = tuple(other for other in self._status.slots if other.slot != slot)
        self._show(slots=(*others, outcome))
        return outcome

    async def _pick(self, part: int) -> None:
        try:
            step = self._step(part=part)
            await workflow.execute_activity(
                activity_stubs.pick_shard, step, summary=f"Lists of shard {part}", **REFRESH
            )
        except ActivityError:
            self._given_up.append("picks")
        self._show(parts_done=self._status.parts_done + 1)

    async def _run_step(self, call: Any, what: str) -> None:
        try:
            await workflow.execute_activity(call, self._step(), summary=what.capitalize(), **REFRESH)
        except ActivityError:
            self._given_up.append(what)

    async def _end(self) -> RefreshReport:
        seconds = (workflow.now() - workflow.info().start_time).total_seconds()
        failed = tuple(sorted(set(self._given_up)))
        end = RefreshEnd(refresh=self._refresh, at=workflow.now(), seconds=seconds, failed=failed)
        report = await workflow.execute_local_activity(activity_stubs.end_refresh, end, summary="Report", **DATABASE)
        self._show(state=report.state, slots=report.slots)
        return report

    def _step(self, slot: str = "", part: int = 0) -> RefreshStep:
        return RefreshStep(refresh=self._refresh, at=workflow.now(), slot=slot, part=part)

    def _show(self, **changed: object) -> None:
        self._status = self._status.model_copy(update=changed)
        workflow.set_current_details(_details(self._status))

    @workflow.query(description="What it is at, and what became of each slot")
    def status(self) -> RefreshStatus:
        return self._status


def _details(now: RefreshStatus) -> str:
    slots = "".join(f"\n- {slot.slot}: {slot.verdict}{', it serves now' * slot.promoted}" for slot in now.slots)
    parts = f": shard {now.parts_done} of {now.parts}" if now.parts else f": {now.slot}"
    return f"**{now.state}**{parts}{slots}"
