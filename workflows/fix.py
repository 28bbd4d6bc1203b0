"""One Fix: a box of items for one client, from the request to the last feedback.

The note is read, candidates are ranked, the box is assembled alone or with all others in a wave, its units are held,
a stylist decides, the box is shipped, and the client's feedback is waited for. Every step may be tried again: the
store holds the state of the Fix. Whatever happens before it is shipped, units that are held are released.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.fixes.states import SETTLED
    from errors import BadInput
    from models.campaign import PauseRequest
    from models.fixes import FixDone, FixEnd, FixInput, FixState, FixStatus, FixStep, FixVerdict
    from models.lifecycle import Nudge
    from workflows import activity_stubs, attributes
    from workflows.failures import STEP_FAILED, code_of
    from workflows.options import DATABASE, LLM, SCIENCE
    from workflows.signal_payloads import Refusals

SLACK: Final = timedelta(milliseconds=20)
NOTE_UNREAD: Final = "note_unread"


@workflow.defn
class FixAssignment:
    """The workflow of one Fix."""

    @workflow.init
    def __init__(self, fix: FixInput) -> None:
        self._input = fix
        self._now = FixDone(state=FixState.REQUESTED, clock=fix.clock)
        self._cancelled = False
        self._nudged = False
        self._decision_lock = asyncio.Lock()
        """Held by whoever changes a proposed box: the stylist's decision, or its deadline."""
        self.refusals = Refusals()

    @workflow.run
    async def run(self, fix: FixInput) -> str:
        """Move the Fix on until it is settled and return its final state."""
        try:
            while self._now.state not in SETTLED:
                self._show()
                await self._move_on_or_end()
        except (asyncio.CancelledError, *STEP_FAILED):  # the workflow itself was cancelled
            await self._end(FixState.CANCELLED, "workflow_cancelled")
            raise
        self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return str(self._now.state)

    async def _move_on_or_end(self) -> None:
        """Move on; a step that failed for good ends the Fix, or its units would stay held until the hold ends."""
        try:
            await self._move_on()
        except STEP_FAILED as failed:
            if is_cancelled_exception(failed):
                raise
            await self._end(FixState.FAILED, code_of(failed))

    async def _move_on(self) -> None:
        if self._cancelled:
            await self._call_off()
            return
        match self._now.state:
            case FixState.REQUESTED:
                await self._rank()
            case FixState.RANKED:
                await self._assemble_when_due()
            case FixState.ASSEMBLED:
                await self._local(activity_stubs.reserve_fix, "Hold the units of the box")
            case FixState.APPROVED:
                await self._local(activity_stubs.ship_fix, "Ship")
            case _:
                await self._wait_for_people()

    async def _rank(self) -> None:
        """Read the note and rank. A note that nobody can read does not hold up the Fix: the stylist sees it anyway."""
        code = ""
        if self._input.noted:
            try:
                await self._run_unless_cancelled(activity_stubs.read_note, "Read the client's note", LLM)
            except ActivityError as failed:
                if is_cancelled_exception(failed):
                    raise
                code = NOTE_UNREAD
        if not self._cancelled:
            await self._run_unless_cancelled(activity_stubs.rank_fix, "Rank what may go into the box", SCIENCE, code)

    async def _assemble_when_due(self) -> None:
        """Assemble with the others in the next wave; alone when no wave has come in time, or none is due."""
        if self._now.next_at is not None:
            await self._wait("Until the next wave, or alone")
            await self._check_deadlines()
        else:
            await self._run_unless_cancelled(activity_stubs.assemble_fix, "Assemble the box", SCIENCE)

    async def _wait_for_people(self) -> None:
        """Wait for the stylist's decision or the client's feedback, until its deadline."""
        before = self._now
        await self._wait("Until a stylist decides" if before.state is FixState.PROPOSED else "Until the feedback is in")
        async with self._decision_lock:
            if self._now is before and not self._cancelled:
                await self._check_deadlines()

    async def _check_deadlines(self) -> None:
        await self._local(activity_stubs.check_deadlines, "What became of it meanwhile")

    async def _call_off(self) -> None:
        """Do what the signal asked for, unless the box is gone already."""
        self._cancelled = False
        if self._now.state is FixState.SHIPPED:
            self.refusals.add("cancel: input: shipped")
        else:
            async with self._decision_lock:
                await self._end(FixState.CANCELLED, "cancelled")

    async def _end(self, to: Literal[FixState.CANCELLED, FixState.FAILED], code: str) -> None:
        """End the Fix and release its units. A row that is gone, as when the client was erased, held nothing."""
        end = FixEnd(fix_id=self._input.fix_id, at=workflow.now(), to=to, code=code)
        try:
            self._now = await workflow.execute_local_activity(
                activity_stubs.end_fix, end, summary=f"{to}: {code}, and nothing is held", **DATABASE
            )
        except STEP_FAILED as failed:
            if is_cancelled_exception(failed):
                raise
            self._now = FixDone(state=to, clock=self._now.clock, code=code)

    async def _wait(self, summary: str) -> None:
        """Wait until `next_at`, or until a signal comes."""
        before, clock, until = self._now, self._now.clock, self._now.next_at
        wait = clock.real_wait(until, clock.business(workflow.now())) + SLACK if until else None
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._cancelled or self._nudged or self._now is not before,
                timeout=wait,
                timeout_summary=summary,
            )
        self._nudged = False

    async def _run_unless_cancelled(self, call: Any, summary: str, options: Any, code: str = "") -> None:
        """Run a step that may take long. Once the Fix is cancelled its result is not awaited: the store refuses it
        then."""
        step = FixStep(fix_id=self._input.fix_id, at=workflow.now(), code=code)
        activity = workflow.start_activity(call, step, summary=summary, **options)
        await workflow.wait_condition(lambda: activity.done() or self._cancelled)
        if activity.done():
            self._now = await activity

    async def _local(self, call: Any, summary: str, verdict: FixVerdict | None = None) -> FixDone:
        actor = verdict.actor if verdict else None
        step = FixStep(fix_id=self._input.fix_id, at=workflow.now(), decision=verdict, actor=actor)
        done: FixDone = await workflow.execute_local_activity(call, step, summary=summary, **DATABASE)
        if not done.refused:
            self._now = done
        return done

    def _show(self) -> None:
        attributes.upsert({attributes.FIX_STATE: str(self._now.state)})
        workflow.set_current_details(_details(self._now))

    @workflow.signal(description='Stop this Fix and give its units back: {"reason": "..."}')
    def cancel(self, order: Any = None) -> None:
        if self.refusals.parse("cancel", PauseRequest, order) is not None:
            self._cancelled = True

    @workflow.signal(description="Something changed in the store: a wave has come, or feedback; look at it")
    def nudge(self, order: Any = None) -> None:
        if self.refusals.parse("nudge", Nudge, order) is not None:
            self._nudged = True

    @workflow.update(description='{"verdict": "approve" | "swap" | "reject", "swaps": [{"out": "..", "into": ".."}]}')
    async def decide(self, decision: FixVerdict) -> FixStatus:
        async with self._decision_lock:
            self._check_decision(decision)  # the one before may have changed what stands
            done = await self._local(activity_stubs.decide_fix, f"{decision.verdict} by a stylist", decision)
        if done.refused:
            raise ApplicationError(done.refused, type=BadInput.code, non_retryable=True)
        return self.status()

    @decide.validator
    def _check_decision(self, decision: FixVerdict) -> None:
        if self._now.state is not FixState.PROPOSED:
            raise ApplicationError(
                f"this Fix is {self._now.state}; only a proposed one can be decided",
                type=BadInput.code,
                non_retryable=True,
            )

    @workflow.query(description="State, box, and what comes next")
    def status(self) -> FixStatus:
        return FixStatus(
            fix_id=self._input.fix_id,
            client_id=self._input.client_id,
            state=self._now.state,
            next_at=self._now.next_at,
            box=self._now.box,
            code=self._now.code,
            refused_signals=self.refusals.entries,
        )


_WAITS: Final = {
    FixState.REQUESTED: "Its candidates are being ranked.",
    FixState.RANKED: "It waits to be assembled: with the next wave, or alone when that is late.",
    FixState.ASSEMBLED: "Its units are being reserved.",
    FixState.PROPOSED: "Its units are held; it waits for a stylist.",
    FixState.APPROVED: "It is being shipped.",
    FixState.SHIPPED: "It waits for the client's feedback on each item.",
}


def _details(done: FixDone) -> str:
    until: datetime | None = done.next_at
    when = f"\n\nAt the latest {until:%Y-%m-%d %H:%M} UTC (business time)." if until else ""
    box = f"\n\nBox: {', '.join(done.box)}" if done.box else ""
    return f"**{done.state}** {done.code.replace('_', ' ')}\n\n{_WAITS.get(done.state, 'Nothing follows.')}{when}{box}"
