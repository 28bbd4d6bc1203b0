"""One client, for as long as the shop knows them.

The workflow assesses the client, starts an `Outreach` for the mail that is due, and sleeps until the moment at which
the score will cross the next band or the next mail falls due. Events that lift the client past its
stored threshold nudge it awake; all others change only the store. So a quiet client costs a handful of workflow tasks a
year.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from domain.fixes.states import SETTLED
    from errors import ErasedClient
    from models.base import ClientId
    from models.campaign import PauseRequest, ResumeRequest
    from models.clients import ClientPolicy
    from models.fixes import FixAdmission, FixAdmitted, FixInput, FixRequest, FixStatus
    from models.lifecycle import (
        Assessment,
        AssessRequest,
        Command,
        LifecycleState,
        LifecycleStatus,
        NextOutreach,
        Nudge,
        OutreachFinished,
    )
    from models.outreach import OutreachInput, PolicyRequest
    from models.states import HoldSource, Phase
    from workflows import activity_stubs, attributes, ids
    from workflows.fix import FixAssignment
    from workflows.options import DATABASE
    from workflows.outreach import Outreach
    from workflows.signal_payloads import Refusals

RUN_AGE: Final = timedelta(days=90)
"""A run older than this is renewed at its next waking even when its history is short, so that `patched` branches can
retire. Nobody is woken for it."""
SLACK: Final = timedelta(milliseconds=20)


@workflow.defn
class ClientLifecycle:
    """The workflow of one client. Its input, and all that is carried into the next run, is a `LifecycleState`."""

    @workflow.init
    def __init__(self, initial: LifecycleState) -> None:
        self._client_id = initial.client_id
        self._runs = initial.runs
        self._assessment = initial.assessment
        self._commands = list(initial.commands)
        self._nudged = initial.nudged
        self.refusals = Refusals(initial.refused)

    @workflow.run
    async def run(self, initial: LifecycleState) -> str:
        """Run until the client is erased."""
        while True:
            assessment = await self._assess()
            self._show(assessment)
            if assessment.phase is Phase.ERASED:
                await workflow.wait_condition(workflow.all_handlers_finished)
                return "erased"
            await self._start_due_mail(assessment)
            await self._rest(assessment)
            await self._renew_when_due()

    async def _assess(self) -> Assessment:
        self._nudged = False
        commands, self._commands = tuple(self._commands), []
        self._assessment = await workflow.execute_local_activity(
            activity_stubs.assess,
            AssessRequest(client_id=self._client_id, at=workflow.now(), commands=commands),
            summary="Where the client stands, and what is due",
            **DATABASE,
        )
        return self._assessment

    async def _start_due_mail(self, assessment: Assessment) -> None:
        """Start the mail that is due, unless the assessment has done so, or wake the parked one whose turn has come."""
        if assessment.start is not None and not assessment.started:
            await self._start(assessment, assessment.start)
        elif assessment.wake is not None:
            await self._wake(assessment, assessment.wake)

    async def _wake(self, assessment: Assessment, parked: NextOutreach) -> None:
        outreach = workflow.get_external_workflow_handle(ids.outreach(self._client_id, parked.n))
        try:
            await outreach.signal(Outreach.resume, {"overdue": assessment.wake_overdue})
        except FailureError:
            await self._start(assessment, parked)  # its workflow is gone; a new one reads the ledger and parks again

    async def _start(self, assessment: Assessment, due: NextOutreach) -> None:
        """Start the mail's workflow, unless it runs: every assessment names the mail that has the client's turn."""
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                Outreach.run,
                OutreachInput(client_id=self._client_id, clock=assessment.clock, **due.model_dump()),
                id=ids.outreach(self._client_id, due.n),
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=attributes.build_start_attributes(campaign=due.campaign, state="briefed"),
                static_summary=ids.summarise_outreach(due.kind, due.n),
            )

    async def _rest(self, assessment: Assessment) -> None:
        """Sleep until something is due, or a signal comes."""
        clock = assessment.clock
        wait = clock.real_wait(assessment.wake_at, clock.business(workflow.now())) + SLACK
        workflow.set_current_details(_details(self._client_id, assessment))
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._is_called, timeout=wait, timeout_summary="Until the next look")

    async def _renew_when_due(self) -> None:
        info = workflow.info()
        old = workflow.now() - info.start_time >= RUN_AGE
        if not old and not info.is_continue_as_new_suggested():
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(
            LifecycleState(
                client_id=self._client_id,
                assessment=self._assessment,
                commands=tuple(self._commands),
                nudged=self._nudged,
                refused=self.refusals.entries,
                runs=self._runs + 1,
            )
        )

    @property
    def _is_called(self) -> bool:
        return self._nudged or bool(self._commands)

    def _show(self, assessment: Assessment) -> None:
        attributes.upsert(
            {
                attributes.CLIENT_PHASE: str(assessment.phase),
                attributes.RISK_BAND: str(assessment.band),
                attributes.NEXT_TOUCH_AT: assessment.next_touch_at,
                attributes.PAUSED: bool(assessment.held),
            }
        )

    def _queue_command(self, kind: str, **fields: Any) -> None:
        self._commands.append(Command.model_validate({"kind": kind, "at": workflow.now(), **fields}))

    @workflow.signal(description="Something changed in the store; ask it again")
    def nudge(self, order: Any = None) -> None:
        if self.refusals.parse("nudge", Nudge, order) is not None:
            self._nudged = True

    @workflow.signal(description='Hold this client\'s mail: {"reason": "..."}')
    def pause(self, order: Any = None) -> None:
        pause = self.refusals.parse("pause", PauseRequest, order)
        if pause is not None:
            self._queue_command("pause", source=HoldSource.OPERATOR, reason=pause.reason)

    @workflow.signal(description='Lift the hold: {"overdue": "send_late" | "replan" | "expire"}')
    def resume(self, order: Any = None) -> None:
        resume = self.refusals.parse("resume", ResumeRequest, order)
        if resume is not None:
            self._queue_command("resume", source=HoldSource.OPERATOR, overdue=resume.overdue)

    @workflow.signal(description='Change the client\'s mail policy: {"max_mails_per_week": 1, "preferred_hour": 18}')
    def adjust(self, order: Any = None) -> None:
        policy = self.refusals.parse("adjust", ClientPolicy, order)
        if policy is not None and policy.model_fields_set:
            self._queue_command("adjust", policy=policy)
        elif policy is not None:
            self.refusals.add("adjust: input: empty")

    @workflow.signal(name="finished", description="An outreach gave up the client's turn")
    def record_finished(self, order: Any = None) -> None:
        if self.refusals.parse("finished", OutreachFinished, order) is not None:
            self._nudged = True

    @workflow.update(description="Set the client's mail policy; refused to your face when it is wrong")
    async def set_policy(self, policy: ClientPolicy) -> ClientPolicy:
        await workflow.execute_local_activity(
            activity_stubs.keep_policy,
            PolicyRequest(client_id=self._client_id, policy=policy),
            summary="Keep what the client asked of our mail",
            **DATABASE,
        )
        self._nudged = True
        return policy

    @set_policy.validator
    def _check_policy(self, policy: ClientPolicy) -> None:
        if not policy.model_fields_set:
            raise ValueError("name at least one of max_mails_per_week, preferred_hour, not_before")

    @workflow.update(description='Start the Fix that was saved before: {"fix_id": "..."}')
    async def request_fix(self, request: FixRequest) -> FixStatus:
        admitted = await workflow.execute_local_activity(
            activity_stubs.admit_fix,
            FixAdmission(fix_id=request.fix_id, client_id=self._client_id, at=workflow.now()),
            summary="Whether the client may have this Fix",
            **DATABASE,
        )
        if admitted.refused:
            raise ApplicationError(admitted.refused, type=admitted.code, non_retryable=True)
        if admitted.done.state not in SETTLED:
            await self._start_fix(request, admitted)
        return FixStatus(fix_id=request.fix_id, client_id=self._client_id, **admitted.done.model_dump())

    async def _start_fix(self, request: FixRequest, admitted: FixAdmitted) -> None:
        """Start the Fix's workflow, unless it runs: two requests are one."""
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                FixAssignment.run,
                FixInput(
                    fix_id=request.fix_id,
                    client_id=self._client_id,
                    clock=admitted.done.clock,
                    noted=admitted.noted,
                ),
                id=ids.fix(request.fix_id),
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=attributes.build_start_attributes(fix=str(admitted.done.state)),
                static_summary="A Fix",
            )

    @request_fix.validator
    def _check_request(self, request: FixRequest) -> None:
        if self._assessment is not None and self._assessment.phase is Phase.ERASED:
            raise ApplicationError("this client was erased", type=ErasedClient.code, non_retryable=True)

    @workflow.query(description="Phase, score, holds and what comes next")
    def status(self) -> LifecycleStatus:
        a = self._assessment
        return LifecycleStatus(
            client_id=self._client_id,
            phase=a.phase if a else None,
            band=a.band if a else None,
            score=a.score if a else None,
            next_touch_at=a.next_touch_at if a else None,
            wakes_at=a.wake_at if a else None,
            held=a.held if a else (),
            why_not=a.why_not if a else "",
            refused_signals=self.refusals.entries,
            runs=self._runs,
        )

    @workflow.query(description="Why this client has not been mailed, in one sentence")
    def why_not(self) -> str:
        return self._assessment.why_not if self._assessment else "Not assessed yet."


def _details(client_id: ClientId, assessment: Assessment) -> str:
    held = f"Held by: {', '.join(assessment.held)}\n\n" if assessment.held else ""
    chosen = f"Chosen: {assessment.chosen}.\n\n" if assessment.chosen else ""
    due = assessment.start
    mail = f"In preparation: {ids.outreach(client_id, due.n)} ({due.kind}).\n\n" if due else ""
    return (
        f"{held}**{assessment.phase}**, score {assessment.score:.0f}.\n\n{mail}{chosen}{assessment.why_not}\n\n"
        f"Next look: {assessment.wake_at:%Y-%m-%d %H:%M} UTC (business time)."
    )
