"""`selvedge campaign lift`: measure what a campaign brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load

if TYPE_CHECKING:
    from models.lift import CampaignLift


@click.command("lift", short_help="Measure what a campaign brings, against those it holds out.")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Measure what a campaign brings: the clients to be mailed against those held out, mailed or not.

    Orders count from a client's enrolment until the campaign's window is over; a client counts once it is. The
    intervals are right however often one looks. Amounts in JSON are cents. The slug `re-engagement` tells the same of
    the built-in mail to clients who drift, where SELVEDGE_HOLDOUT_SHARE holds some out.
    """
    from services.campaigns.lift import measure_lift  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    result = measure_lift(engine, slug, settings.holdout_share, load_business_time(engine))
    click.echo(result.model_dump_json() if as_json else _render_lift(result))


def _render_lift(result: CampaignLift) -> str:
    lines = [result.said]
    for name, arm in (("to be mailed", result.treated), ("held out", result.control)):
        lines.append(
            f"{name:<13} {arm.clients:>9,} clients, {arm.ordered:,} ordered {arm.orders:,} times for "
            f"{arm.revenue_cents / 100:,.2f}; {arm.waiting:,} more still have time"
        )
    if result.conversion is not None and result.shows is not None:
        lines += [
            f"{result.revenue_said} {result.variance_removed:.1%} of its variance was known before",
            f"p {result.conversion.p_value:.3f} at any look; the smallest lift that so many are likely to show: "
            f"{result.shows:.0%}",
        ]
    return "\n".join([*lines, *(metric.said for metric in result.mails)])
