"""`selvedge fixes wave`: assemble all Fixes that wait, or read what earlier waves came to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database, run_with_temporal
from commands.shared.waiting import wait_with_progress
from errors import NotFound
from models.waves import WaveInput, WaveReport
from settings import load
from workflows import fix_handles

if TYPE_CHECKING:
    from temporalio.client import Client


@click.command("wave")
@click.option("--wave", help="A name of your own: started again under it, it is the same wave. Default: the time now.")
@click.option("--wait", is_flag=True, help="Until it is done; then print the report.")
@click.option("--cancel", "cancel_name", metavar="WAVE", help="Stop this wave where it is; what is proposed stays so.")
@click.option(
    "--report", "report_name", metavar="WAVE", help="Print the report of this wave (`last`: the one that began last)."
)
@AS_JSON
def command(wave: str | None, wait: bool, cancel_name: str | None, report_name: str | None, as_json: bool) -> None:
    """Assemble all Fixes that wait for the wave together against one stock, and propose them.

    The report says how far the boxes may be from the best possible: `gap` is a share of `bound`, which no boxes from
    this stock can pass. The prices of stock that come with it are paid by single requests until the next wave. A wave
    is made each day by itself, at SELVEDGE_FIX_WAVE_HOUR.

    \b
    selvedge fixes wave --wait
    selvedge fixes wave --report last --json
    """
    if report_name is not None:
        _print_report(_load_report(report_name), as_json)
    elif cancel_name is not None:
        run_with_temporal(load(), lambda client: fix_handles.cancel_wave(client, cancel_name))
        click.echo(json.dumps({"wave": cancel_name, "cancelled": True}) if as_json else f"wave {cancel_name} stops")
    else:
        name = validate(WaveInput, {"wave": wave}).wave or _build_name()
        report = run_with_temporal(load(), lambda client: _start_wave(client, name, wait))
        if report is not None:
            _print_report(report, as_json)
        else:
            click.echo(json.dumps({"wave": name}) if as_json else f"wave {name} began")


async def _start_wave(client: Client, name: str, wait: bool) -> WaveReport | None:
    await fix_handles.start_wave(client, name, get_command_actor())

    async def step() -> str:
        now = await fix_handles.query_wave_status(client, name)
        return f"{now.state}: part {now.parts_done} of {now.parts}"

    return await wait_with_progress(fix_handles.await_wave_report(client, name), step) if wait else None


def _build_name() -> str:
    """Name the wave by business time, to the second."""
    return f"{load_business_time(open_database(load())):%Y-%m-%dT%H%M%S}"


def _load_report(name: str) -> WaveReport:
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import waves  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        row = waves.find_latest(connection) if name == "last" else waves.find_wave(connection, name)
        if row is None:
            raise NotFound("no wave has been" if name == "last" else f"no wave {name!r}", "report")
        return waves.parse_report(row)


def _print_report(report: WaveReport, as_json: bool) -> None:
    if as_json:
        click.echo(report.model_dump_json())
        return
    click.echo(
        f"wave {report.wave}: {report.state}; {report.proposed:,} of {report.fixes:,} Fixes proposed, "
        f"{report.filled:,} slots filled, {report.unfilled:,} empty; summed p(keep) {report.objective:,.3f}, at most "
        f"{100 * report.gap:.3f} % below the best possible ({report.bound:,.3f}); {report.seconds:.1f} s"
    )
