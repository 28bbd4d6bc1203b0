"""`selvedge refresh`: run the nightly training now; `report` and `picks` read what earlier ones left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.refresh import picks, report
from commands.refresh.text import print_report
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database, run_with_temporal
from commands.shared.waiting import wait_with_progress
from models.refreshes import RefreshInput, RefreshReport
from settings import load
from workflows import refresh_handles

if TYPE_CHECKING:
    from temporalio.client import Client


@click.group(invoke_without_command=True)
@click.option("--name", help="A name of your own. Default: the business date; each name is refreshed once.")
@click.option("--wait", is_flag=True, help="Until it is done; then print the report.")
@AS_JSON
@click.pass_context
def command(context: click.Context, name: str | None, wait: bool, as_json: bool) -> None:
    """Train every slot's model, let it serve where it is better beyond noise, make a list for every client, and
    report what has drifted: the nightly training, now.

    A worker runs it, each night at SELVEDGE_REFRESH_HOUR. If it is killed, another continues where it stopped.

    \b
    selvedge refresh --wait
    selvedge refresh report
    selvedge refresh picks --out top.csv
    """
    if context.invoked_subcommand:
        return
    refresh = validate(RefreshInput, {"refresh": name}).refresh or _load_business_date()
    report = run_with_temporal(load(), lambda client: _start_refresh(client, refresh, wait))
    if report is not None:
        print_report(report, as_json)
    else:
        click.echo(json.dumps({"refresh": refresh}) if as_json else f"refresh {refresh} began")


async def _start_refresh(client: Client, name: str, wait: bool) -> RefreshReport | None:
    await refresh_handles.start_refresh(client, name, get_command_actor())

    async def step() -> str:
        now = await refresh_handles.query_refresh_status(client, name)
        return f"{now.state} {now.slot}" if now.slot else f"{now.state}: shard {now.parts_done} of {now.parts}"

    return await wait_with_progress(refresh_handles.await_refresh_report(client, name), step) if wait else None


def _load_business_date() -> str:
    return f"{load_business_time(open_database(load())):%Y-%m-%d}"


for verb in (picks, report):
    command.add_command(verb.command)
