"""`selvedge fixes wave`: all Fixes that wait, assembled together now; and what earlier waves came to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands import _shared
from commands._following import followed
from errors import NotFound
from models.waves import WaveInput, WaveReport
from settings import load
from workflows import fix_handles

if TYPE_CHECKING:
    from temporalio.client import Client


@click.command()
@click.option("--wave", help="A name of your own: started again under it, it is the same wave. Default: the time now.")
@click.option("--wait", is_flag=True, help="Until it is done; then print the report.")
@click.option("--cancel", "cancelled", metavar="WAVE", help="Stop this wave where it is; what is proposed stays so.")
@click.option("--report", "told", metavar="WAVE", help="What this wave came to (`last`: the one that began last).")
@_shared.AS_JSON
def wave(wave: str | None, wait: bool, cancelled: str | None, told: str | None, as_json: bool) -> None:
    """Assemble all Fixes that wait for the wave together against one stock, and propose them.

    The report says how far the boxes may be from the best possible: `gap` is a share of `bound`, which no boxes from
    this stock can pass. The prices of stock that come with it are paid by single requests until the next wave. A wave
    is made each day by itself, at SELVEDGE_FIX_WAVE_HOUR.

    \b
    selvedge fixes wave --wait
    selvedge fixes wave --report last --json
    """
    if told is not None:
        _show(_kept(told), as_json)
    elif cancelled is not None:
        _shared.with_temporal(load(), lambda client: fix_handles.cancel_wave(client, cancelled))
        click.echo(json.dumps({"wave": cancelled, "cancelled": True}) if as_json else f"wave {cancelled} stops")
    else:
        name = _shared.checked(WaveInput, {"wave": wave}).wave or _name()
        report = _shared.with_temporal(load(), lambda client: _began(client, name, wait))
        if report is not None:
            _show(report, as_json)
        else:
            click.echo(json.dumps({"wave": name}) if as_json else f"wave {name} began")


async def _began(client: Client, name: str, wait: bool) -> WaveReport | None:
    await fix_handles.start_wave(client, name)

    async def step() -> str:
        now = await fix_handles.wave_status(client, name)
        return f"{now.state}: part {now.parts_done} of {now.parts}"

    return await followed(fix_handles.wave_report(client, name), step) if wait else None


def _name() -> str:
    """The business time, to the second."""
    return f"{_shared.business_now(_shared.database(load())):%Y-%m-%dT%H%M%S}"


def _kept(name: str) -> WaveReport:
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import waves  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        row = waves.latest(connection) if name == "last" else waves.found(connection, name)
        if row is None:
            raise NotFound("no wave has been" if name == "last" else f"no wave {name!r}", "report")
        return waves.report_of(row)


def _show(report: WaveReport, as_json: bool) -> None:
    if as_json:
        click.echo(report.model_dump_json())
        return
    click.echo(
        f"wave {report.wave}: {report.state}; {report.proposed:,} of {report.fixes:,} Fixes proposed, "
        f"{report.filled:,} slots filled, {report.unfilled:,} empty; summed p(keep) {report.objective:,.3f}, at most "
        f"{100 * report.gap:.3f} % below the best possible ({report.bound:,.3f}); {report.seconds:.1f} s"
    )
