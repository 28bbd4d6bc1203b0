"""Hosts workflows and activities: `python worker.py [--queue NAME]...`; all queues in one process by default."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import click
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.assess import Assess
from activities.campaigning import Campaigning
from activities.compose import Compose
from activities.failures import Failures
from activities.house import House
from activities.modelled import Modelled
from activities.recommending import Recommender
from activities.send import Send
from activities.steer import Steer
from agents.llm import LanguageModel
from dispatch import Dispatcher
from errors import SelvedgeError
from health import Health
from mail.post import Post
from mail.transport import Transport
from settings import Settings, load
from store.database import connect, ping
from store.migrate import upgrade
from workflows import handles
from workflows.campaign import Campaign
from workflows.lifecycle import ClientLifecycle
from workflows.options import AGENTS_QUEUE, LIFECYCLE_QUEUE, MAIL_QUEUE, SCIENCE_QUEUE
from workflows.outreach import Outreach

log = logging.getLogger("selvedge.worker")

QUEUES: Final = (LIFECYCLE_QUEUE, SCIENCE_QUEUE, AGENTS_QUEUE, MAIL_QUEUE)
THREADS: Final = 16
MODEL_CALLS: Final = 8
"""Model calls under way at once in one process."""
GRACE: Final = timedelta(seconds=20)


def runner() -> SandboxedWorkflowRunner:
    """The sandbox, with the rooms passed through that do no I/O: importing them afresh for each workflow costs time."""
    passed = ("models", "domain", "workflows", "pydantic", "pydantic_core", "annotated_types", "typing_extensions")
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed))


@asynccontextmanager
async def working(client: Client, house: House, queues: Sequence[str] = QUEUES) -> AsyncIterator[None]:
    """Work on `queues` inside the block; leaving it finishes what is under way."""
    settings = house.settings
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport.from_settings(settings))
        threads = stack.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="activity"))
        model = None
        if settings.composer == "model":
            model = await stack.enter_async_context(LanguageModel.from_settings(settings))
        recommender = Recommender(house.engine, settings)
        modelled = Modelled(house, recommender, model)
        send = Send(house, Post.from_settings(settings), transport, partial(handles.report_finished, client))
        assess, steer = Assess(house), Steer(house)
        hosted: dict[str, dict[str, Any]] = {
            LIFECYCLE_QUEUE: {
                "workflows": [ClientLifecycle, Outreach, Campaign],
                "workflow_runner": runner(),
                "activities": [
                    *(assess.assess, Compose(house, recommender).compose, Campaigning(house).campaign_round),
                    *(steer.conclude, steer.unpark, steer.keep_policy),
                ],
                "max_cached_workflows": 2_000,
                "max_concurrent_workflow_tasks": 50,
                "max_concurrent_activities": THREADS,
                "max_concurrent_local_activities": THREADS,
            },
            SCIENCE_QUEUE: {"activities": [modelled.pick], "max_concurrent_activities": 4},
            AGENTS_QUEUE: {
                "activities": [modelled.write, modelled.review, modelled.schedule],
                "max_concurrent_activities": MODEL_CALLS,
            },
            MAIL_QUEUE: {
                "activities": [send.send],
                "max_concurrent_activities": THREADS,
                "max_task_queue_activities_per_second": settings.mails_per_second,
            },
        }
        for queue in queues:
            worker = Worker(
                client,
                task_queue=queue,
                activity_executor=threads,
                interceptors=[Failures()],
                graceful_shutdown_timeout=GRACE,
                **hosted[queue],
            )
            await stack.enter_async_context(worker)
        yield


async def serve(settings: Settings, queues: Sequence[str]) -> None:
    """Work until SIGINT or SIGTERM; then finish what is under way."""
    house = House(settings=settings, engine=connect(settings.database))
    await asyncio.to_thread(ping, house.engine)
    await asyncio.to_thread(upgrade, house.engine)
    client = await handles.connect(settings.temporal_address, settings.temporal_namespace)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Health(house, client), working(client, house, queues):
        dispatching = None
        if LIFECYCLE_QUEUE in queues:
            dispatcher = Dispatcher(client, house.engine, settings.starts_per_second)
            dispatching = asyncio.create_task(dispatcher.run(), name="dispatch")
        log.info("working on %s", ", ".join(queues))
        await stop.wait()
        log.info("finishing what is under way")
        if dispatching is not None:
            dispatching.cancel()


@click.command()
@click.option("--queue", "queues", multiple=True, type=click.Choice(QUEUES), help="A task queue; all when not given.")
def command(queues: tuple[str, ...]) -> None:
    """Host workflows and activities."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    status = 0
    try:
        asyncio.run(serve(load(), queues or QUEUES))
    except SelvedgeError as error:
        click.echo(f"selvedge: {error}", err=True)
        status = 1
    leave(status)


def leave(status: int) -> None:
    """End at once: a process that used Temporal aborts now and then while Python finalises (SDK issue 300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    command()
