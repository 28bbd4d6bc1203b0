"""The task queues: which workflows and activities each hosts, and how many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.assess import Assess
from activities.campaign_round import Campaigning
from activities.erase import Erase
from activities.failure_codes import Failures
from activities.fixes.admit import AdmitFix
from activities.fixes.assemble import AssembleFix
from activities.fixes.decide import DecideFix
from activities.fixes.rank import FixRanker, RankFix
from activities.fixes.read_note import ReadNote
from activities.fixes.reserve import ReserveFix
from activities.fixes.settle import SettleFix
from activities.mail.compose import Compose
from activities.mail.model_steps import Modelled
from activities.mail.send import Send
from activities.mail.steer import Steer
from activities.refresh.challenge import LearnSlot
from activities.refresh.compare_windows import CompareWindows
from activities.refresh.gather_features import GatherFeatures
from activities.refresh.pick import PickForAll
from activities.refresh.plan import PlanRefresh
from activities.waves.assemble import AssembleWave
from activities.waves.plan import PlanWave
from activities.waves.propose import ProposeWave
from activities.waves.rank import AskWave
from agents.llm import LanguageModel
from hosting.counted import Counted
from mail.post import Post
from mail.transport import Transport
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes.fit import FittingRoom
from services.recommendations.recommender import Recommender
from workflows import handles
from workflows.campaign import Campaign
from workflows.erasure import Erasure
from workflows.fix import FixAssignment
from workflows.inbound import OneOrder
from workflows.lifecycle import ClientLifecycle
from workflows.options import AGENTS_QUEUE, LIFECYCLE_QUEUE, MAIL_QUEUE, SCIENCE_QUEUE
from workflows.outreach import Outreach
from workflows.refresh import Refresh
from workflows.wave import FixWave

QUEUES: Final = (LIFECYCLE_QUEUE, SCIENCE_QUEUE, AGENTS_QUEUE, MAIL_QUEUE)
THREADS: Final = 16
RANKINGS: Final = 4
"""Rankings under way at once in one process; each keeps a core busy."""
MODEL_CALLS: Final = 8
"""Model calls under way at once in one process."""
GRACE: Final = timedelta(seconds=20)
BUILD: Final = f"selvedge-{version('selvedge')}"
"""Which code works, as the Temporal UI names it. Without one the SDK digests every module there is, for two seconds."""

Hosted = dict[str, dict[str, Any]]
"""What `Worker` is given for each queue."""


@asynccontextmanager
async def working(client: Client, context: ServiceContext, queues: Sequence[str] = QUEUES) -> AsyncIterator[None]:
    """Work on `queues` inside the block; leaving it finishes what is under way."""
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport.from_settings(context.settings))
        threads = stack.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="activity"))
        model = None
        if context.settings.composer == "model":
            model = await stack.enter_async_context(LanguageModel.from_settings(context.settings))
        decider = Decider()
        if set(queues) != {MAIL_QUEUE}:  # sending asks no algorithm, and each keeps processes ready
            decider = stack.enter_context(Decider.serving(context.settings, context.engine))
        hosted = _hosted(client, context, transport, model, decider)
        for queue in queues:
            worker = Worker(
                client,
                task_queue=queue,
                activity_executor=threads,
                interceptors=[Failures(), Counted(), OneOrder()],
                graceful_shutdown_timeout=GRACE,
                build_id=BUILD,
                **hosted[queue],
            )
            await stack.enter_async_context(worker)
        yield


def _hosted(
    client: Client, context: ServiceContext, transport: Transport, model: LanguageModel | None, decider: Decider
) -> Hosted:
    recommender = Recommender(context.engine, context.settings, decider)
    assess, compose, steer = Assess(context, decider), Compose(context, recommender, decider), Steer(context)
    modelled = Modelled(context, recommender, decider, model)
    decide_fix, settle_fix = DecideFix(context), SettleFix(context)
    ranker = FixRanker(context, recommender, FittingRoom(context.engine, Path(context.settings.home)).of)
    plan_wave, assemble_wave = PlanWave(context), AssembleWave(context)
    plan_refresh, learn_slot = PlanRefresh(context), LearnSlot(context)
    erase = Erase(context)
    post, report = Post.from_settings(context.settings), partial(handles.report_finished, client)
    return {
        LIFECYCLE_QUEUE: {
            "workflows": [ClientLifecycle, Outreach, Campaign, FixAssignment, FixWave, Refresh, Erasure],
            "workflow_runner": runner(),
            "activities": [
                *(assess.assess, compose.compose, Campaigning(context).campaign_round),
                *(steer.conclude, steer.unpark, steer.keep_policy),
                *(AdmitFix(context).admit_fix, ReserveFix(context).reserve_fix),
                *(decide_fix.decide_fix, decide_fix.look_fix, settle_fix.ship_fix, settle_fix.end_fix),
                *(plan_wave.begin_wave, plan_wave.end_wave, plan_refresh.begin_refresh, plan_refresh.end_refresh),
                *(erase.still_client, erase.erase_client),
            ],
            "max_cached_workflows": 2_000,
            "max_concurrent_workflow_tasks": 50,
            "max_concurrent_activities": THREADS,
            "max_concurrent_local_activities": THREADS,
        },
        SCIENCE_QUEUE: {
            "activities": [
                *(modelled.pick, RankFix(context, ranker).rank_fix, AssembleFix(context, decider).assemble_fix),
                *(AskWave(context, ranker).rank_wave_part, ProposeWave(context, decider).propose_wave_part),
                *(assemble_wave.open_wave, assemble_wave.answer_wave_part, assemble_wave.settle_wave),
                *(learn_slot.fit_challenger, learn_slot.try_challenger, learn_slot.promote_challenger),
                *(GatherFeatures(context).gather_features, PickForAll(context, recommender).pick_shard),
                CompareWindows(context).compare_windows,
            ],
            "max_concurrent_activities": RANKINGS,
        },
        AGENTS_QUEUE: {
            "activities": [
                *(modelled.write, modelled.review, modelled.schedule),
                ReadNote(context, model).read_note,
            ],
            "max_concurrent_activities": MODEL_CALLS,
        },
        MAIL_QUEUE: {
            "activities": [Send(context, post, transport, report).send],
            "max_concurrent_activities": THREADS,
            "max_task_queue_activities_per_second": context.settings.mails_per_second,
        },
    }


def runner() -> SandboxedWorkflowRunner:
    """The sandbox, with the rooms passed through that do no I/O: importing them afresh for each workflow costs time."""
    passed = ("models", "domain", "workflows", "pydantic", "pydantic_core", "annotated_types", "typing_extensions")
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed))
