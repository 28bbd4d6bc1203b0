"""The task queues: which workflows and activities each hosts, and how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client
from temporalio.worker import Interceptor, Worker

from activities.assess import AssessmentSteps
from activities.campaign_round import CampaignSteps
from activities.erase import ErasureSteps
from activities.fixes.admit import FixAdmissionSteps
from activities.fixes.assemble import FixAssemblySteps
from activities.fixes.decide import FixDecisionSteps
from activities.fixes.rank import FixRankingSteps
from activities.fixes.read_note import NoteReadingSteps
from activities.fixes.reserve import ReservationSteps
from activities.fixes.settle import SettlementSteps
from activities.mail.broadcast import BroadcastSteps
from activities.mail.compose import CompositionSteps
from activities.mail.model_steps import ModelSteps
from activities.mail.send import SendSteps
from activities.mail.steer import SteeringSteps
from activities.refresh.challenge import ChallengerSteps
from activities.refresh.compare_windows import DriftSteps
from activities.refresh.gather_features import FeatureSteps
from activities.refresh.pick import TopListSteps
from activities.refresh.plan import RefreshPlanSteps
from activities.waves.assemble import WaveAssemblySteps
from activities.waves.plan import WavePlanSteps
from activities.waves.propose import WaveProposalSteps
from activities.waves.rank import WaveRankingSteps
from agents.llm import LanguageModel
from hosting.activity_interceptor import ActivityInterceptor
from hosting.mail_watch import watch_mail_server
from hosting.sandbox import build_runner
from mail.links import require_reachable_links
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from services.assessment.assessor import Assessor
from services.broadcasts.broadcaster import Broadcaster
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes.fit import FitPredictor
from services.fixes.ranking import FixRanker
from services.fixes.swap_search import SwapSearch
from services.mailing import mail_server
from services.recommendations.recommender import Recommender
from workflows import handles
from workflows.campaign import Campaign
from workflows.erasure import Erasure
from workflows.fix import FixAssignment
from workflows.lifecycle import ClientLifecycle
from workflows.options import AGENTS_QUEUE, LIFECYCLE_QUEUE, MAIL_QUEUE, QUEUES, SCIENCE_QUEUE
from workflows.outreach import Outreach
from workflows.refresh import Refresh
from workflows.signal_payloads import SingleInputInterceptor
from workflows.wave import FixWave

THREADS: Final = 16
RANKINGS: Final = 4
"""Rankings under way at once in one process; each keeps a core busy."""
MODEL_CALLS: Final = 8
"""Model calls under way at once in one process."""
GRACE: Final = timedelta(seconds=20)
BUILD: Final = f"selvedge-{version('selvedge')}"
"""The build that the Temporal UI shows. Without one the SDK digests every module there is, for two seconds."""

WorkerOptions = dict[str, dict[str, Any]]
"""The arguments of `Worker` for each queue."""
Activities = list[Callable[..., Any]]


@asynccontextmanager
async def run_workers(
    client: Client, context: ServiceContext, queues: Sequence[str] = QUEUES, interceptors: Sequence[Interceptor] = ()
) -> AsyncIterator[None]:
    """Run workers on `queues` inside the block; leaving it finishes what is under way. `interceptors`: around all
    others.

    Raises:
        ConfigError: names a setting with which no mail may go out.
    """
    if MAIL_QUEUE in queues:
        require_reachable_links(context.settings)
    async with AsyncExitStack() as stack:
        circuit = await asyncio.to_thread(mail_server.build_circuit, context)
        transport = await stack.enter_async_context(Transport.from_settings(context.settings, circuit=circuit))
        threads = stack.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="activity"))
        model = None
        if context.settings.composer == "model":
            model = await stack.enter_async_context(LanguageModel.from_settings(context.settings))
        decider = stack.enter_context(Decider.serve(context.settings, context.engine))
        options_by_queue = _build_worker_options(client, context, transport, model, decider)
        for queue in queues:
            worker = Worker(
                client,
                task_queue=queue,
                activity_executor=threads,
                interceptors=[*interceptors, ActivityInterceptor(), SingleInputInterceptor()],
                graceful_shutdown_timeout=GRACE,
                build_id=BUILD,
                **options_by_queue[queue],
            )
            await stack.enter_async_context(worker)
        watch = asyncio.create_task(watch_mail_server(transport)) if MAIL_QUEUE in queues else None
        yield
        if watch is not None:
            watch.cancel()


def _build_worker_options(
    client: Client, context: ServiceContext, transport: Transport, model: LanguageModel | None, decider: Decider
) -> WorkerOptions:
    recommender = Recommender(context.engine, context.settings, decider)
    modelled = ModelSteps(context, recommender, decider, model)
    fits = FitPredictor(context.engine, Path(context.settings.home)).build_for_client
    search = SwapSearch(context.engine, context.settings, recommender.list_items, fits)
    post, report = EnvelopeBuilder.from_settings(context.settings), partial(handles.report_finished, client)
    return {
        LIFECYCLE_QUEUE: {
            "workflows": [ClientLifecycle, Outreach, Campaign, FixAssignment, FixWave, Refresh, Erasure],
            "workflow_runner": build_runner(),
            "activities": [
                *_list_client_steps(client, context, recommender, decider),
                *_list_fix_steps(context, search),
                *_list_round_steps(context),
            ],
            "max_cached_workflows": 2_000,
            "max_concurrent_workflow_tasks": 50,
            "max_concurrent_activities": THREADS,
            "max_concurrent_local_activities": THREADS,
        },
        SCIENCE_QUEUE: {
            "activities": [
                modelled.pick,
                *_list_box_steps(context, decider, FixRanker(context, recommender, fits)),
                *_list_training_steps(context, recommender),
            ],
            "max_concurrent_activities": RANKINGS,
        },
        AGENTS_QUEUE: {
            "activities": [
                *(modelled.write, modelled.review, modelled.schedule),
                NoteReadingSteps(context, model).read_note,
            ],
            "max_concurrent_activities": MODEL_CALLS,
        },
        MAIL_QUEUE: {
            "activities": [
                SendSteps(context, post, transport, report).send,
                BroadcastSteps(Broadcaster(context, recommender, decider, post, transport)).send_part,
            ],
            "max_concurrent_activities": THREADS,
            "max_task_queue_activities_per_second": context.settings.mails_per_second,
        },
    }


def _list_client_steps(
    client: Client, context: ServiceContext, recommender: Recommender, decider: Decider
) -> Activities:
    """List the steps of a client and of their mail, from the assessment to the end of a draft."""
    assess = AssessmentSteps(Assessor(context, decider), partial(handles.start_outreach, client))
    compose, steer = CompositionSteps(context, recommender, decider), SteeringSteps(context)
    erase = ErasureSteps(context)
    return [
        *(assess.assess, compose.compose),
        *(steer.conclude, steer.unpark, steer.look_after_draft, steer.keep_policy),
        *(erase.freeze_client, erase.erase_client),
    ]


def _list_fix_steps(context: ServiceContext, search: SwapSearch) -> Activities:
    """List the steps of one Fix that change its state."""
    decide, settle = FixDecisionSteps(context, search), SettlementSteps(context)
    return [
        *(FixAdmissionSteps(context).admit_fix, ReservationSteps(context).reserve_fix),
        *(decide.decide_fix, decide.check_deadlines, settle.ship_fix, settle.end_fix),
    ]


def _list_round_steps(context: ServiceContext) -> Activities:
    """List the steps by which campaigns, waves and refreshes begin, go round and end."""
    wave, refresh = WavePlanSteps(context), RefreshPlanSteps(context)
    return [
        CampaignSteps(context).run_campaign_round,
        *(wave.begin_wave, wave.end_wave, refresh.begin_refresh, refresh.end_refresh),
    ]


def _list_box_steps(context: ServiceContext, decider: Decider, ranker: FixRanker) -> Activities:
    """List the steps that work out boxes, of one Fix and of a wave."""
    assemble = WaveAssemblySteps(context)
    return [
        *(FixRankingSteps(context, ranker).rank_fix, FixAssemblySteps(context, decider).assemble_fix),
        WaveRankingSteps(context, ranker).rank_wave_part,
        WaveProposalSteps(context, decider).propose_wave_part,
        *(assemble.open_wave, assemble.answer_wave_part, assemble.settle_wave),
    ]


def _list_training_steps(context: ServiceContext, recommender: Recommender) -> Activities:
    """List the steps of nightly training."""
    learn = ChallengerSteps(context)
    return [
        *(learn.fit_challenger, learn.try_challenger, learn.promote_challenger),
        *(FeatureSteps(context).gather_features, TopListSteps(context, recommender).pick_shard),
        DriftSteps(context).compare_windows,
    ]
