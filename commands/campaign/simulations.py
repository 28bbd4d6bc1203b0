"""`selvedge campaign simulations`: what was simulated, beside what came to be."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("simulations", short_help="List the simulations of a campaign, the latest beside what came to be.")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """List the simulations of a campaign, the latest first. Once it runs, the latest stands beside what came to be by
    the same day, for each thousand clients in it; when its days are over, by the last of them."""
    from services.campaigns.simulation_lists import list_simulations  # noqa: PLC0415

    engine = open_database(load())
    found = list_simulations(engine, slug, load_business_time(engine))
    if as_json:
        click.echo(found.model_dump_json())
        return
    for kept in found.simulations:
        report = kept.report
        said = f"{report.days} days of {report.clients:,} clients, seed {report.seed}: {report.sent:,} mails"
        click.echo(f"{kept.at:%Y-%m-%d %H:%M}  version {report.version or '-'}  {said}  by {kept.by}")
    if not found.simulations:
        click.echo(f"none; selvedge campaign simulate {slug} makes one")
    if found.compared:
        begun = f"\nby day {found.compared_day}, a thousand clients"
        click.echo(f"{begun:<31}  {'simulated':>10} {'actual':>10}")
    for row in found.compared:
        click.echo(f"{row.name:<30}  {row.simulated:>10,.1f} {row.actual:>10,.1f}")
