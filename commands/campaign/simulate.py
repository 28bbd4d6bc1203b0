"""`selvedge campaign simulate`: what a campaign would do over weeks, before it does it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.ending import clean_up_at_signals
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from commands.shared.parsing import validate
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from models.actors import Actor
from models.simulation import SimulationOrder
from settings import load

if TYPE_CHECKING:
    from models.simulation import SimulationReport


@click.command("simulate", short_help="Run a campaign over weeks on a copy of real clients, before it starts.")
@click.argument("slug")
@click.option("--version", type=int, help="Of its definition; the newest when not given, a draft too.")
@click.option("--days", type=int, default=90, show_default=True, help="1 to 400.")
@click.option("--clients", type=int, default=1_000, show_default=True, help="Drawn from its audience; 1 to 5000.")
@click.option("--seed", type=int, default=1, show_default=True, help="With one seed each client's mails are the same.")
@click.option("--job", default="", hidden=True, help="Of the API; its order and its progress are in a file.")
@AS_JSON
def command(slug: str, version: int | None, days: int, clients: int, seed: int, job: str, as_json: bool) -> None:
    """Run a campaign over weeks on a copy of real clients: the same workflows, rules and mail code, on a server that
    skips the time in between. Nothing leaves the machine, and nothing of the shop changes.

    How clients respond is taken from the shop's own history where that is long enough, else from assumptions, which are
    printed. --json has every day and every mail.

    \b
    selvedge campaign simulate abandoned-cart --days 60 --clients 200
    """
    if job:
        run_job(job)
        return
    order = validate(SimulationOrder, {"version": version, "days": days, "clients": clients, "seed": seed})
    report, _ = run(slug, order, get_command_actor())
    if as_json:
        click.echo(report.model_dump_json())
    else:
        _print(report)


def run_job(job_id: str) -> None:
    """Run what a program asked for by the API, and write down how far it is and what came of it."""
    from services.campaigns.simulation_jobs import Cancelled, JobDiary  # noqa: PLC0415

    diary = JobDiary(load().home, job_id)
    try:
        _, simulation_id = run(diary.job.slug, diary.order, diary.job.by, diary.tell)
    except Cancelled as cancelled:
        diary.fail(datetime.now(UTC), cancelled)
    except BaseException as fault:
        diary.fail(datetime.now(UTC), fault)
        raise
    else:
        diary.close(datetime.now(UTC), simulation_id)


def run(
    slug: str, order: SimulationOrder, actor: Actor, tell: Callable[[int, int], None] = lambda *_: None
) -> tuple[SimulationReport, str]:
    """Run a simulation in a folder that is gone afterwards, with a line of progress on standard error; return its
    report and the id under which it is kept. `tell` hears of each day that is over, and all mails so far."""
    from demo.servers import SEARCH_ATTRIBUTES, require_time_skipping  # noqa: PLC0415
    from hosting.simulation import run_simulation  # noqa: PLC0415
    from services.campaigns.simulation import build_report, prepare_simulation, save_report  # noqa: PLC0415
    from services.context import ServiceContext  # noqa: PLC0415
    from services.private_folders import SIMULATIONS, open_private_folder  # noqa: PLC0415

    server, settings = require_time_skipping(), load()
    source = ServiceContext(settings=settings, engine=open_database(settings))
    began = time.monotonic()
    with clean_up_at_signals(), open_private_folder(settings.home / SIMULATIONS) as folder, ProgressLine() as progress:
        progress.step("copying clients")
        prepared = prepare_simulation(source, actor, slug, order, folder, _find_port())
        progress.step(f"of {order.days} days", "simulated")

        def hear(day: int, mails: int) -> None:
            progress.more(1)
            tell(day, mails)

        try:
            asyncio.run(run_simulation(prepared, server, SEARCH_ATTRIBUTES, hear))
            report = build_report(prepared, time.monotonic() - began)
        finally:
            prepared.context.engine.dispose()
    return report, save_report(source, actor, report)


def _find_port() -> int:
    """Find a free port for the copy's mailbox."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _print(report: SimulationReport) -> None:
    of = f"{report.clients:,} of {report.audience:,} clients, from {report.starts_on}, seed {report.seed}"
    click.echo(f"{report.slug}: {report.days} days simulated for {of}")
    caused = report.caused_orders
    rows = [
        ("mails of the campaign", f"{report.sent:,} to {report.mailed_clients:,} clients"),
        ("other mails", f"{report.other_sent:,}"),
        ("places at the end", ", ".join(f"{count:,} {state}" for state, count in sorted(report.states.items()))),
        ("mails by text", ", ".join(f"{count:,} {text}" for text, count in sorted(report.by_text.items()))),
        ("days held by caps", f"{sum(day.capped for day in report.per_day):,}"),
        ("days behind others", ", ".join(f"{count:,} {slug}" for slug, count in report.collisions.items()) or "0"),
        (
            "drafts at the desk",
            f"{sum(day.drafts for day in report.per_day):,}, a day at most {report.most_drafts_a_day}",
        ),
        ("calls for stylists", f"{sum(day.calls for day in report.per_day):,}"),
    ]
    if caused is not None:
        rows.append(
            ("orders it causes", f"{caused.value:.1f} a thousand clients (95 %: {caused.low:.1f} to {caused.high:.1f})")
        )
    if report.lift is not None:
        rows.append(("the lift's page", report.lift.said))
    if report.model_cost is not None:
        rows.append(("a model's cost", f"{report.model_cost:.2f}"))
    for name, said in rows:
        click.echo(f"{name:<22} {said}")
    click.echo(_draw_days(report))
    for assumption in report.assumptions:
        click.echo(f"taken as given: {assumption}")
    for sample in report.samples:
        click.echo(f"\nday {sample.day}, {sample.client_id}: {strip_control_characters(sample.subject)}")
        click.echo("\n".join(f"  | {strip_control_characters(line)}" for line in sample.text.splitlines()))
    ran = f"{report.workflows:,} workflows in {report.seconds:.0f} s"
    click.echo(f"\nledger {report.fingerprint}; {ran}; nothing left this machine")


BARS = " ▁▂▃▄▅▆▇█"


def _draw_days(report: SimulationReport) -> str:
    """Draw the mails of each day as one row of bars."""
    counts = [day.sent for day in report.per_day]
    most = max(counts, default=0)
    bars = "".join(BARS[-(-count * (len(BARS) - 1) // most)] if most else " " for count in counts)
    return f"{'sent a day':<22} |{bars}| at most {most:,}"
