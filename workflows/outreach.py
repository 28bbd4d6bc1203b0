"""One mail, from the brief to its one final state.

It is composed, waits for its send time, and passes the send gate right before DATA, where everything is checked again.
Held mail is parked: it gives up the client's turn, keeps its place, and queues again when the hold is lifted. Whatever
happens, the ledger row ends in exactly one state, and the client's workflow is signalled.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.outreach import PAUSED_BY_ITSELF, SETTLED
    from domain.review_policy import PATIENCE
    from errors import NotFound
    from models.campaign import PauseRequest, ResumeRequest
    from models.lifecycle import Adjustment, Nudge, OutreachFinished
    from models.outreach import (
        Conclusion,
        OutreachDecision,
        OutreachInput,
        OutreachStatus,
        OutreachStep,
        StepDone,
    )
    from models.states import OutreachState, Overdue
    from workflows import activity_stubs, attributes, ids
    from workflows.failures import STEP_FAILED, code_of
    from workflows.options import DATABASE, LLM, MAIL, SCIENCE
    from workflows.signal_payloads import Refusals

LOOK_AGAIN: Final = timedelta(days=1)
"""Real time after which a parked mail asks for its turn by itself, so that no wake-up can be lost for good."""
REWRITES: Final = 1


@workflow.defn
class Outreach:
    """The workflow of one mail."""

    @workflow.init
    def __init__(self, outreach: OutreachInput) -> None:
        self._input = outreach
        self._now = StepDone(state=OutreachState.BRIEFED, clock=outreach.clock)
        self._cancelled = self._held = self._nudged = False
        self._resumed: Overdue | None = None
        self._send_at: datetime | None = None
        self._decision: OutreachDecision | None = None
        self._refusal = ""
        self.refusals = Refusals()

    @workflow.run
    async def run(self, outreach: OutreachInput) -> str:
        """Move the mail on until it is settled and return its final state."""
        while self._now.state not in SETTLED:
            self._show()
            try:
                await self._move_on()
            except (asyncio.CancelledError, *STEP_FAILED) as failed:
                if not is_cancelled_exception(failed):
                    await self._give_up(code_of(failed))
                elif workflow.cancellation_reason() is None:  # a worker drops the run from its memory
                    raise
                else:
                    self._cancelled = True
        self._show()
        await self._report()
        return str(self._now.state)

    async def _move_on(self) -> None:
        match self._now.state:
            case OutreachState.SCHEDULED | OutreachState.CLAIMED | OutreachState.DATA:
                await self._send_when_due()
            case OutreachState.PARKED:
                await self._wait_parked()
            case OutreachState.AWAITING_PERSON:
                await self._wait_for_person()
            case _:
                await self._prepare()

    async def _give_up(self, code: str) -> None:
        """End the mail after a step that failed for good, or it would keep the client's turn for ever."""
        try:
            await self._conclude(OutreachState.FAILED, code)
        except STEP_FAILED:  # its row is gone, as when the client was erased
            self._now = StepDone(state=OutreachState.FAILED, clock=self._now.clock, code=code)

    async def _prepare(self) -> None:
        """Pick, write, review and schedule: one step with the template writer, four with a model."""
        if self._input.composer == "house" or not await self._try_model():
            await self._local(activity_stubs.compose, "Pick, write, review and schedule (template writer)")

    async def _try_model(self) -> bool:
        """Have a model write; False when the model stays down or its text does not pass the review."""
        try:
            await self._remote(activity_stubs.pick, "Pick the items", SCIENCE)
            await self._remote(activity_stubs.write, "Write", LLM)
            await self._remote(activity_stubs.review, "Review", LLM)
            for _ in range(REWRITES):
                if self._now.state is OutreachState.DRAFTED:
                    await self._remote(activity_stubs.write, "Write again after the review", LLM)
                    await self._remote(activity_stubs.review, "Review again", LLM)
            if self._now.state is OutreachState.IN_REVIEW:
                await self._remote(activity_stubs.schedule, "Choose the moment", LLM)
        except ActivityError as failed:
            workflow.logger.warning("model given up: %s", code_of(failed))
            return False
        return self._now.state not in (OutreachState.DRAFTED, OutreachState.PICKED)

    async def _send_when_due(self) -> None:
        """Wait for the send time, then send. Signals take effect between two tries too."""
        if await self._wait_for_signals(self._now.next_at, "Until its send time"):
            return
        sending = workflow.start_activity(
            activity_stubs.send, self._step(), summary="Pass the send gate and send", **MAIL
        )
        while not self._cancelled:
            await workflow.wait_condition(lambda: sending.done() or self._is_steered)
            if sending.done() or not await self._apply_signals():
                break
        self._now = await sending

    async def _wait_parked(self) -> None:
        """Give up the turn and wait until it comes again; ask for it once a day."""
        await self._report()
        try:
            await workflow.wait_condition(
                lambda: self._cancelled or self._held or self._resumed is not None,
                timeout=LOOK_AGAIN,
                timeout_summary="Parked; looks again in a day",
            )
        except TimeoutError:
            return  # reports once more, upon which the client's workflow looks whether its turn has come
        if self._cancelled or self._held:
            await self._apply_signals()
            return
        overdue, self._resumed = self._resumed or Overdue.REPLAN, None
        await self._local(activity_stubs.unpark, "Its turn has come", overdue=overdue)

    async def _wait_for_person(self) -> None:
        """Wait for a decision, at the desk or by update; the client's other mail may go meanwhile."""
        await self._report()
        looks = workflow.patched("desk")
        if looks:
            self._nudged = False
            await self._local(activity_stubs.look_after_draft, "Has somebody decided, or must be reminded?")
            if self._now.state is not OutreachState.AWAITING_PERSON:
                return
        clock, now = self._now.clock, self._now.clock.business(workflow.now())
        until = self._now.next_at if looks and self._now.next_at else now + PATIENCE
        try:
            await workflow.wait_condition(
                lambda: self._cancelled or self._nudged or self._decision is not None,
                timeout=clock.real_wait(until, now),
                timeout_summary="Until a person decides",
            )
        except TimeoutError:
            if not looks:
                await self._conclude(OutreachState.REJECTED, "nobody_decided")
            return
        if self._cancelled or self._decision is not None:
            await self._carry_out_decision()

    async def _carry_out_decision(self) -> None:
        decision, self._decision = self._decision, None
        if self._cancelled or decision is None:
            await self._conclude(OutreachState.REJECTED, "cancelled")
        elif decision.verdict == "reject":
            await self._conclude(OutreachState.REJECTED, "rejected_by_person", by=decision.by)
        else:
            edit = {"edit_id": decision.edit_id, "by": decision.by}
            try:
                await self._conclude(OutreachState.SCHEDULED, "approved_by_person", **edit)
            except STEP_FAILED as failed:
                if decision.edit_id is None or code_of(failed) != NotFound.code:
                    raise
                self._refusal = "edit_id: no such edit of this mail"

    async def _wait_for_signals(self, until: datetime | None, summary: str) -> bool:
        """Wait until `until`; return True when a signal came first and changed the state."""
        clock = self._now.clock
        wait = clock.real_wait(until, clock.business(workflow.now())) if until else timedelta(0)
        if wait > timedelta(0):
            workflow.set_current_details(f"Waits for its send time, {until:%Y-%m-%d %H:%M} UTC (business time).")
            try:
                await workflow.wait_condition(lambda: self._is_steered, timeout=wait, timeout_summary=summary)
            except TimeoutError:
                return False
        return await self._apply_signals()

    @property
    def _is_steered(self) -> bool:
        return self._cancelled or self._held or self._send_at is not None

    async def _apply_signals(self) -> bool:
        """Apply what signals asked for, unless the mail is with the mail server; return whether there was anything."""
        if self._cancelled:
            await self._conclude(OutreachState.REJECTED, "cancelled")
        elif self._held:
            self._held, self._resumed = False, None
            await self._conclude(OutreachState.PARKED, PAUSED_BY_ITSELF)
        elif self._send_at is not None:
            send_at, self._send_at = self._send_at, None
            await self._conclude(OutreachState.SCHEDULED, "adjusted", send_at=send_at)
        else:
            return False
        return True

    async def _report(self) -> None:
        """Signal the client's workflow that the turn is free. One that is closed reads the ledger when it starts."""
        if self._now.reported:
            return
        client = workflow.get_external_workflow_handle(ids.client(self._input.client_id))
        with suppress(FailureError):
            await client.signal("finished", OutreachFinished(n=self._input.n, state=self._now.state))

    async def _local(self, call: Any, summary: str, **fields: Any) -> None:
        self._now = await workflow.execute_local_activity(call, self._step(**fields), summary=summary, **DATABASE)

    async def _remote(self, call: Any, summary: str, options: Any) -> None:
        self._now = await workflow.execute_activity(call, self._step(), summary=summary, **options)

    def _step(self, **fields: Any) -> OutreachStep:
        return OutreachStep(client_id=self._input.client_id, n=self._input.n, at=workflow.now(), **fields)

    async def _conclude(self, to: OutreachState, code: str, **fields: Any) -> None:
        order = {"client_id": self._input.client_id, "n": self._input.n, "at": workflow.now(), "to": to, "code": code}
        conclusion = Conclusion.model_validate(order | fields)
        self._now = await workflow.execute_local_activity(
            activity_stubs.conclude, conclusion, summary=f"{to}: {code}", **DATABASE
        )

    def _show(self) -> None:
        attributes.upsert({attributes.OUTREACH_STATE: str(self._now.state)})
        workflow.set_current_details(f"**{self._now.state}** {self._now.code.replace('_', ' ')}")

    @workflow.signal(description='Park this mail: {"reason": "..."}')
    def pause(self, order: Any = None) -> None:
        if self.refusals.parse("pause", PauseRequest, order) is not None:
            self._held = True

    @workflow.signal(description='Let it queue again: {"overdue": "send_late" | "replan" | "expire"}')
    def resume(self, order: Any = None) -> None:
        resume = self.refusals.parse("resume", ResumeRequest, order)
        if resume is None:
            return
        self._held = False
        if self._now.state is OutreachState.PARKED:
            self._resumed = resume.overdue

    @workflow.signal(description='Another moment: {"send_at": "2026-11-24T09:00:00Z"} in business time')
    def adjust(self, order: Any = None) -> None:
        adjustment = self.refusals.parse("adjust", Adjustment, order)
        if adjustment is not None:
            self._send_at = adjustment.send_at

    @workflow.signal(description="Stop this mail for good")
    def cancel(self, order: Any = None) -> None:
        if self.refusals.parse("cancel", PauseRequest, order) is not None:
            self._cancelled = True

    @workflow.signal(description="A person has decided at the desk; look at the store")
    def nudge(self, order: Any = None) -> None:
        if self.refusals.parse("nudge", Nudge, order) is not None:
            self._nudged = True

    @workflow.update(description='Approve, edit or reject: {"verdict": "approve", "by": "ana"}')
    async def decide(self, decision: OutreachDecision) -> OutreachStatus:
        self._decision, self._refusal = decision, ""
        await workflow.wait_condition(
            lambda: bool(self._refusal) or self._now.state is not OutreachState.AWAITING_PERSON
        )
        if self._refusal:
            raise ApplicationError(self._refusal, type=NotFound.code, non_retryable=True)
        return self.status()

    @decide.validator
    def _check_decision(self, decision: OutreachDecision) -> None:
        if self._now.state is not OutreachState.AWAITING_PERSON:
            raise ValueError(f"this mail is {self._now.state}; only one that awaits a person can be decided")
        if decision.verdict == "edit" and not decision.edit_id:
            raise ValueError("edit_id: an edit is saved first and named here")

    @workflow.query(description="State, time and reason")
    def status(self) -> OutreachStatus:
        return OutreachStatus(
            client_id=self._input.client_id,
            n=self._input.n,
            kind=self._input.kind,
            state=self._now.state,
            next_at=self._now.next_at,
            code=self._now.code,
            refused_signals=self.refusals.entries,
        )
