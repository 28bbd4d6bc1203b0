"""One campaign: enrols its audience at the owner's pace, drains what a pause parked, and counts.

Enrolment is a row and a nudge; the client's own workflow queues the mail. A pause costs one signal: the campaign's row
changes, and every mail looks at it right before DATA.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.broadcasts import BroadcastStep
    from models.campaign import (
        CampaignChange,
        CampaignCommand,
        CampaignInput,
        CampaignProgress,
        CampaignRound,
        CampaignStep,
        PauseRequest,
        ResumeRequest,
    )
    from models.lifecycle import Nudge
    from models.states import CampaignState, Overdue
    from workflows import activity_stubs, attributes
    from workflows.failures import STEP_FAILED, code_of
    from workflows.options import BROADCAST, DATABASE
    from workflows.signal_payloads import Refusals

LONG: Final = timedelta(days=90)
OVER_FOR_GOOD: Final = frozenset({CampaignState.FINISHED, CampaignState.ENDED})


@workflow.defn
class Campaign:
    """The workflow of one campaign."""

    @workflow.init
    def __init__(self, campaign: CampaignInput) -> None:
        self._slug = campaign.slug
        self._runs = campaign.runs
        self._commands = list(campaign.commands)
        self._progress = campaign.progress or CampaignProgress(slug=campaign.slug, state=CampaignState.RUNNING)
        self.refusals = Refusals(self._progress.refused_signals)
        self._nudged = False
        self._quiet_rounds = 0
        self._lanes = 0
        self._parts: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, campaign: CampaignInput) -> CampaignProgress:
        """Run round after round until the campaign has finished, or somebody ended it."""
        while True:
            done = await self._round()
            if done.progress.state in OVER_FOR_GOOD and not self._commands and not done.leased:
                await self._finish_parts()
                return self.progress()
            self._send_parts(done.lanes)
            await self._rest(done)
            await self._renew_when_due()

    async def _round(self) -> CampaignRound:
        self._nudged = False
        commands, self._commands = tuple(self._commands), []
        done = await workflow.execute_local_activity(
            activity_stubs.run_campaign_round,
            CampaignStep(slug=self._slug, at=workflow.now(), commands=commands, quiet_rounds=self._quiet_rounds),
            summary="Apply orders, enrol or drain a share, count",
            **DATABASE,
        )
        self._progress = done.progress
        self._quiet_rounds = 0 if done.moved or commands else min(self._quiet_rounds + 1, 10)
        attributes.upsert(
            {attributes.CAMPAIGN_ID: self._slug, attributes.PAUSED: done.progress.state is CampaignState.PAUSED}
        )
        workflow.set_current_details(_details(done.progress))
        return done

    def _send_parts(self, lanes: int) -> None:
        """Have so many parts of a broadcast under way, one after another in each lane until nobody waits any more."""
        self._lanes = lanes
        self._parts = [part for part in self._parts if not part.done()]
        self._parts += [asyncio.create_task(self._send_in_lane()) for _ in range(lanes - len(self._parts))]

    async def _send_in_lane(self) -> None:
        while self._lanes:
            step = BroadcastStep(slug=self._slug, at=workflow.now())
            try:
                part = await workflow.execute_activity(
                    activity_stubs.send_part, step, summary="The next part of the mails", **BROADCAST
                )
            except STEP_FAILED as failed:  # the next round begins again
                workflow.logger.warning("a part was given up: %s", code_of(failed))
                return
            if part.taken == 0:
                return

    async def _finish_parts(self) -> None:
        """Let parts that are under way come to their end, and begin no more."""
        self._lanes = 0
        await workflow.wait_condition(lambda: all(part.done() for part in self._parts))
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _rest(self, done: CampaignRound) -> None:
        """Sleep until the next share, the campaign's end, or an order."""
        wait = LONG if done.wait is None else timedelta(seconds=done.wait)
        if done.ends_at is not None:
            wait = min(wait, done.clock.real_wait(done.ends_at, done.clock.business(workflow.now())))
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._nudged or bool(self._commands), timeout=wait, timeout_summary="The next round"
            )

    async def _renew_when_due(self) -> None:
        info = workflow.info()
        if not info.is_continue_as_new_suggested() and workflow.now() - info.start_time < LONG:
            return
        await self._finish_parts()
        workflow.continue_as_new(
            CampaignInput(
                slug=self._slug, progress=self.progress(), commands=tuple(self._commands), runs=self._runs + 1
            )
        )

    def _queue_command(self, kind: str, **fields: Any) -> None:
        self._commands.append(CampaignCommand.model_validate({"kind": kind, **fields}))

    @workflow.signal(description="Something changed in the store; look at it")
    def nudge(self, order: Any = None) -> None:
        if self.refusals.parse("nudge", Nudge, order) is not None:
            self._nudged = True

    @workflow.signal(description='Hold all mail of this campaign: {"reason": "stock"}')
    def pause(self, order: Any = None) -> None:
        pause = self.refusals.parse("pause", PauseRequest, order)
        if pause is not None:
            self._queue_command("pause", reason=pause.reason)

    @workflow.signal(description='Go on: {"overdue": "send_late" | "replan" | "expire"}')
    def resume(self, order: Any = None) -> None:
        resume = self.refusals.parse("resume", ResumeRequest, order)
        if resume is not None:
            self._queue_command("resume", overdue=resume.overdue)

    @workflow.signal(description='Change it while it runs: {"throughput_per_minute": 30, "priority": 60}')
    def adjust(self, order: Any = None) -> None:
        change = self.refusals.parse("adjust", CampaignChange, order)
        if change is not None:
            self._queue_command("adjust", change=change.list_changes())

    @workflow.signal(description="Enrol nobody more; mail on its way still goes, but not what a pause holds back")
    def end(self, order: Any = None) -> None:
        if self.refusals.parse("end", PauseRequest, order) is not None:
            self._queue_command("end", overdue=Overdue.EXPIRE)

    @workflow.update(description="Like adjust, but refused to your face when it is wrong")
    async def set_policy(self, change: CampaignChange) -> CampaignProgress:
        self._queue_command("adjust", change=change.list_changes())
        await workflow.wait_condition(lambda: not self._commands)
        return self.progress()

    @set_policy.validator
    def _check_policy(self, change: CampaignChange) -> None:
        if change == CampaignChange():
            raise ValueError(f"name at least one of {', '.join(CampaignChange.model_fields)}")
        if self._progress.state in OVER_FOR_GOOD:
            raise ValueError("the campaign has ended")

    @workflow.query(description="Counted rows: enrolled, sent, parked")
    def progress(self) -> CampaignProgress:
        return self._progress.model_copy(update={"refused_signals": self.refusals.entries})


def _details(p: CampaignProgress) -> str:
    return (
        f"**{p.state}**: {p.enrolled} enrolled, {p.pending} pending, {p.under_way} under way, "
        f"{p.parked} parked, {p.sent} sent, {p.stopped + p.dropped} not sent, {p.held_out} held out to compare with."
    )
