"""One wave of Fixes: all that wait are ranked in parts, assembled together against one stock, held and proposed.

Each part runs wherever a worker is free; parts exchange data through the store. A cancelled wave stops where it is:
boxes that are proposed stay so, the other Fixes wait for the next wave.
"""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.campaign import PauseRequest
    from models.waves import WaveEnd, WaveInput, WaveReport, WaveState, WaveStatus, WaveStep, WaveTurn
    from workflows import activity_stubs, ids
    from workflows.options import DATABASE, WAVE
    from workflows.signal_payloads import Refusals


@workflow.defn
class FixWave:
    """The workflow of one wave."""

    @workflow.init
    def __init__(self, wave: WaveInput) -> None:
        self._wave = wave.wave or ids.wave_of(workflow.info().workflow_id)
        self._actor = wave.actor
        self._status = WaveStatus(wave=self._wave)
        self._cancelled = False
        self.refusals = Refusals()

    @workflow.run
    async def run(self, wave: WaveInput) -> WaveReport:
        """Run all steps in their order, until they are done or the wave is cancelled, and return the report."""
        working = asyncio.create_task(self._work())
        try:
            await workflow.wait_condition(lambda: self._cancelled or working.done())
        except asyncio.CancelledError:  # the workflow itself was cancelled
            self._cancelled = True
        if self._cancelled and not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            return await self._end(WaveState.CANCELLED)
        await working
        return await self._end(WaveState.DONE)

    async def _work(self) -> None:
        first = self._step().model_copy(update={"actor": self._actor})
        plan = await workflow.execute_local_activity(
            activity_stubs.begin_wave, first, summary="Fix the plan", **DATABASE
        )
        self._show(parts=plan.parts)
        if plan.parts:
            await self._run_parts(activity_stubs.rank_wave_part, "Rank")
            await self._assemble()
            self._show(state=WaveState.PROPOSING)
            await self._run_parts(activity_stubs.propose_wave_part, "Hold and propose")

    async def _assemble(self) -> None:
        self._show(state=WaveState.ASSEMBLING)
        turn = await self._run_step(activity_stubs.open_wave, "Price the stock")
        while turn.asked:
            self._show(turn=turn.turn)
            await self._run_parts(activity_stubs.answer_wave_part, f"Turn {turn.turn}: answer", turn.turn)
            turn = await self._run_step(activity_stubs.settle_wave, f"Turn {turn.turn}: put together", turn.turn)

    async def _run_parts(self, call: Any, summary: str, turn: int = 0) -> None:
        """Run an activity for all parts, on as many workers as there are."""
        self._show(parts_done=0)

        async def run_part(part: int) -> None:
            step = self._step(part=part, turn=turn)
            await workflow.execute_activity(call, step, summary=f"{summary} part {part}", **WAVE)
            self._show(parts_done=self._status.parts_done + 1)

        await asyncio.gather(*(run_part(part) for part in range(self._status.parts)))

    async def _run_step(self, call: Any, summary: str, turn: int = 0) -> WaveTurn:
        done: WaveTurn = await workflow.execute_activity(call, self._step(turn=turn), summary=summary, **WAVE)
        return done

    async def _end(self, state: WaveState) -> WaveReport:
        seconds = (workflow.now() - workflow.info().start_time).total_seconds()
        end = WaveEnd(wave=self._wave, at=workflow.now(), state=state, seconds=seconds)
        report = await workflow.execute_local_activity(activity_stubs.end_wave, end, summary="Report", **DATABASE)
        self._show(state=state, report=report)
        return report

    def _step(self, **which: int) -> WaveStep:
        return WaveStep(wave=self._wave, at=workflow.now(), **which)

    def _show(self, **changed: Any) -> None:
        self._status = self._status.model_copy(update=changed)
        workflow.set_current_details(_details(self._status))

    @workflow.signal(description='Stop here; what is proposed stays so: {"reason": "..."}')
    def cancel(self, order: Any = None) -> None:
        if self.refusals.parse("cancel", PauseRequest, order) is not None:
            self._cancelled = True

    @workflow.query(description="What it is at, and the report once there is one")
    def status(self) -> WaveStatus:
        return self._status.model_copy(update={"refused_signals": self.refusals.entries})


def _details(now: WaveStatus) -> str:
    if now.report is not None:
        report = now.report
        return f"**{now.state}**: {report.proposed} of {report.fixes} proposed, gap {100 * report.gap:.3f} %."
    return f"**{now.state}**: part {now.parts_done} of {now.parts}."
