"""`selvedge refresh`: the night's work of science now, what earlier nights came to, and the lists that they made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commands import _shared
from commands._following import followed
from commands._progress import Progress
from errors import NotFound
from models.refreshes import RefreshInput, RefreshReport, SlotOutcome
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from temporalio.client import Client

COLUMNS: Final = ("client_id", "rank", "item_id", "score", "at")


@click.group(invoke_without_command=True)
@click.option("--name", help="A name of your own. Default: the business date; each name is refreshed once.")
@click.option("--wait", is_flag=True, help="Until it is done; then print the report.")
@_shared.AS_JSON
@click.pass_context
def command(context: click.Context, name: str | None, wait: bool, as_json: bool) -> None:
    """Learn every slot's model anew, let it serve where it is better beyond noise, make a list for every client, and
    tell what has drifted.

    A worker does it, by itself each night at SELVEDGE_REFRESH_HOUR. Killed half-way, it goes on where it was.

    \b
    selvedge refresh --wait
    selvedge refresh report
    selvedge refresh picks --out top.csv
    """
    if context.invoked_subcommand:
        return
    wanted = _shared.checked(RefreshInput, {"refresh": name}).refresh or _today()
    report = _shared.with_temporal(load(), lambda client: _began(client, wanted, wait))
    if report is not None:
        _show(report, as_json)
    else:
        click.echo(json.dumps({"refresh": wanted}) if as_json else f"refresh {wanted} began")


@command.command()
@click.argument("name", default="last")
@_shared.AS_JSON
def report(name: str, as_json: bool) -> None:
    """What a refresh came to: NAME, or the one that began last."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.learning import refreshes  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        if name == "last":
            known = refreshes.latest(connection)
        else:
            row = refreshes.found(connection, name)
            known = [] if row is None else [refreshes.report_of(row)]
    if not known:
        raise NotFound("nothing has been refreshed yet" if name == "last" else f"no refresh {name!r}", "name")
    _show(known[0], as_json)


@command.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV: client_id,rank,item_id,score,at.")
@_shared.AS_JSON
def picks(out: Path, as_json: bool) -> None:
    """Write the lists that the last refresh made for every client, for a batch of mail.

    They are as fresh as their `at`: stock and taste may have moved since. `selvedge recommend` asks anew.
    """
    from ingest import results  # noqa: PLC0415
    from ingest.converters.tables import write_csv  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with (
        results.whole(out) as unfinished,
        read_transaction(_shared.database(load())) as connection,
        Progress() as progress,
    ):
        progress.step("writing lists", "items")
        count = write_csv(unfinished, COLUMNS, _rows(connection, progress))
    click.echo(json.dumps({"rows": count, "out": str(out)}) if as_json else f"{count:,} rows in {out}")


def _rows(connection: Connection, progress: Progress) -> Iterator[dict[str, Any]]:
    from store.learning import top_picks  # noqa: PLC0415

    for each in top_picks.everybody(connection):
        for place, item in enumerate(each.items):
            row = (each.client_id, place + 1, item.item_id, item.score, each.at)
            yield dict(zip(COLUMNS, row, strict=True))
        progress.more(len(each.items))


async def _began(client: Client, name: str, wait: bool) -> RefreshReport | None:
    from workflows import refresh_handles  # noqa: PLC0415

    await refresh_handles.start_refresh(client, name)

    async def step() -> str:
        now = await refresh_handles.refresh_status(client, name)
        return f"{now.state} {now.slot}" if now.slot else f"{now.state}: shard {now.parts_done} of {now.parts}"

    return await followed(refresh_handles.refresh_report(client, name), step) if wait else None


def _today() -> str:
    return f"{_shared.business_now(_shared.database(load())):%Y-%m-%d}"


def _show(report: RefreshReport, as_json: bool) -> None:
    if as_json:
        click.echo(report.model_dump_json())
        return
    click.echo(f"refresh {report.refresh}: {report.state}; lists for {report.picked:,} clients; {report.seconds:.1f} s")
    for slot in report.slots:
        click.echo(f"  {slot.slot:<10} {_judged(slot)}")
    for drift in sorted(report.drift, key=lambda one: -one.statistic):
        mark = "ALARM" if drift.alarm else ""
        click.echo(f"  {drift.feature:<22} distance {drift.statistic:.3f}, p {drift.p:.2g}  {mark}".rstrip())


def _judged(slot: SlotOutcome) -> str:
    words = f"{slot.verdict.replace('_', ' ')}{', it serves now' * slot.promoted}"
    if slot.difference is None or slot.low is None or slot.high is None:
        return words
    return (
        f"{words}: {slot.measure} {slot.tried:.4f} against {slot.served:.4f} of {slot.clients:,} clients, "
        f"{slot.difference:+.4f} [{slot.low:+.4f}, {slot.high:+.4f}]"
    )
