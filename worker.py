"""Host workflows and activities: `python worker.py [--queue NAME]...`; all queues in one process by default."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack

import click
import uvloop
from temporalio.client import Client
from temporalio.service import RPCError

from cli import leave
from errors import SelvedgeError
from hosting import page_training
from hosting.alarm_watch import AlarmWatch
from hosting.attributes import require_attributes
from hosting.census_watch import CensusWatch
from hosting.day_watch import watch_days
from hosting.dispatch import Dispatcher
from hosting.entry_watch import EntryWatch
from hosting.health import WorkerHealth
from hosting.last_exit import leave_after
from hosting.picture_watch import watch_pictures
from hosting.queues import GRACE, run_workers
from hosting.register_watch import RegisterWatch
from hosting.returns import host_returns
from hosting.schedules import REFRESH, WAVE, keep_schedule
from hosting.webhook_watch import dispatch_webhooks
from private_files import warn_of_open_files
from services.campaigns.sequences import begin_sequences
from services.context import ServiceContext
from services.key_fingerprints import require_known_keys
from services.private_folders import BACKUPS, SIMULATIONS, delete_leftovers
from services.schema import bring_up_to_date
from services.steady_clock import SteadyClock
from settings import Settings, load
from store import clock as stored_clock
from store.database import connect, ping, read_transaction
from store.sql.patience import WORK
from workflows import handles
from workflows.options import LIFECYCLE_QUEUE, MAIL_QUEUE, QUEUES

log = logging.getLogger("selvedge.worker")


async def serve(settings: Settings, queues: Sequence[str]) -> None:
    """Work until SIGINT or SIGTERM; then finish what is under way."""
    context = ServiceContext(settings=settings, engine=connect(settings.database, WORK), wall=SteadyClock())
    await asyncio.to_thread(ping, context.engine)
    await asyncio.to_thread(bring_up_to_date, context.engine, settings)
    for folder in (BACKUPS, SIMULATIONS):
        await asyncio.to_thread(delete_leftovers, settings.home / folder)
    client = await handles.connect(settings.temporal_address, settings.temporal_namespace, settings.payload_keys)
    await require_attributes(client)
    await _keep_schedules(context, client)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(WorkerHealth(context, client))
        await stack.enter_async_context(run_workers(client, context, queues))
        if MAIL_QUEUE in queues:
            # The DKIM key may have been made just now.
            await asyncio.to_thread(require_known_keys, context.engine, settings)
            await stack.enter_async_context(host_returns(context.engine, settings, required=False))
        tasks = []
        if LIFECYCLE_QUEUE in queues:
            await asyncio.to_thread(begin_sequences, context)
            dispatcher = Dispatcher(client, context.engine, settings.starts_per_second)
            loops = (
                dispatcher.run(),
                CensusWatch(context, client).run(),
                page_training.run_training(context.engine),
                watch_pictures(context.engine, settings),
                watch_days(context),
                AlarmWatch(context).run(),
                dispatch_webhooks(context),
                EntryWatch(context).run(),
            )
            tasks = [asyncio.create_task(loop) for loop in loops]
            if settings.backup_folder is not None:
                tasks.append(asyncio.create_task(RegisterWatch(context).run()))
        log.info("working on %s", ", ".join(queues))
        await stop.wait()
        log.info("finishing what is under way")
        leave_after(GRACE.total_seconds() + 5)
        for task in tasks:
            task.cancel()


async def _keep_schedules(context: ServiceContext, client: Client) -> None:
    """Keep the daily schedules. A server that knows no schedules, or forbids them, is no reason not to work."""

    def pace() -> float:
        with read_transaction(context.engine) as connection:
            return stored_clock.load_clock(connection).pace

    settings = context.settings
    paced, zone = await asyncio.to_thread(pace), settings.shop_time_zone
    for daily, hour in ((WAVE, settings.fix_wave_hour), (REFRESH, settings.refresh_hour)):
        try:
            await keep_schedule(client, daily, hour=hour, time_zone=zone, pace=paced)
        except RPCError as refused:
            log.warning("no schedule %s: Temporal says %s", daily.schedule, refused.status.name.lower())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--queue", "queues", multiple=True, type=click.Choice(QUEUES), help="A task queue; all when not given.")
def command(queues: tuple[str, ...]) -> None:
    """Host workflows and activities."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    status = 0
    try:
        settings = load()
        if line := warn_of_open_files(settings.home):
            log.warning("%s", line)
        uvloop.run(serve(settings, queues or QUEUES))
    except SelvedgeError as error:
        click.echo(f"selvedge: {error}", err=True)
        status = 1
    leave(status)


if __name__ == "__main__":
    command()
