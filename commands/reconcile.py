"""`selvedge reconcile`: start every workflow that should run and does not."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database, run_with_temporal
from errors import SelvedgeError
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client

    from services.reconciliation.census import MissingWorkflows

NAMES = {
    "clients": "clients have no workflow",
    "campaigns": "campaigns have none",
    "fixes": "Fixes have none",
    "erasures": "erasures have none",
    "mails": "mails on their way have none",
    "overdue": "clients are overdue, or were assessed at a time that has not come yet",
}


@click.command("reconcile")
@click.option("--look", is_flag=True, help="Only compare; start nothing.")
@AS_JSON
def command(look: bool, as_json: bool) -> None:
    """Compare the store with Temporal and start every workflow that should run and does not, as after Temporal's
    database was lost or restored. Starts drain at SELVEDGE_STARTS_PER_SECOND. Running it again starts nothing twice,
    and no mail is sent twice: the ledger decides."""
    settings = load()
    engine = open_database(settings)
    try:
        missing, refused = run_with_temporal(settings, lambda client: _reconcile(client, engine, settings, look))
    finally:
        engine.dispose()
    counts = missing.count()
    if as_json:
        click.echo(json.dumps({**counts, "refused": refused, "started": not look}))
        return
    lines = [f"{count:,} {NAMES[name]}" for name, count in counts.items() if count]
    click.echo("\n".join(lines) if lines else "Every workflow that should run does.")
    if refused:
        click.echo(f"{refused:,} Fixes could not be started now; is a worker running? Run this again.")
    if lines:
        click.echo("Nothing was started." if look else "They start, or look again, at SELVEDGE_STARTS_PER_SECOND.")


async def _reconcile(client: Client, engine: Engine, settings: Settings, look: bool) -> tuple[MissingWorkflows, int]:
    from services.reconciliation.census import find_missing  # noqa: PLC0415
    from services.reconciliation.repair import ask_for_missing  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from workflows.census import list_running  # noqa: PLC0415

    now, real_now = load_business_time(engine), datetime.now(UTC)
    running = await list_running(client)
    with read_transaction(engine) as connection:
        missing = find_missing(connection, running, now)
    if look:
        return missing, 0
    ask_for_missing(engine, get_command_actor(), missing, now, real_now)
    await _restart_mails(client, engine, settings, missing)
    return missing, await _restart_fixes(client, settings, missing)


async def _restart_mails(client: Client, engine: Engine, settings: Settings, missing: MissingWorkflows) -> None:
    from models.outreach import OutreachInput  # noqa: PLC0415
    from store import clock as stored_clock  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from workflows.census import restart_mail  # noqa: PLC0415

    with read_transaction(engine) as connection:
        clock = stored_clock.load_clock(connection)
    for mail in missing.mails:
        named = {"client_id": mail.client_id, "n": mail.n, "kind": mail.kind, "campaign": mail.campaign}
        await restart_mail(client, OutreachInput(**named, composer=settings.composer, clock=clock))
        await asyncio.sleep(1 / settings.starts_per_second)


async def _restart_fixes(client: Client, settings: Settings, missing: MissingWorkflows) -> int:
    """Start the Fixes by their clients' workflows; return how many could not be."""
    from workflows.fix_handles import request_fix  # noqa: PLC0415

    refused = 0
    for fix_id, client_id in missing.fixes:
        try:
            await request_fix(client, client_id, fix_id)
        except SelvedgeError:
            refused += 1
        await asyncio.sleep(1 / settings.starts_per_second)
    return refused
