"""`selvedge campaign pause`: hold a campaign's mail."""

from __future__ import annotations

import click

from commands.campaign.steering import steer_campaign
from commands.shared.options import REASON
from commands.shared.parsing import validate
from models.campaign import CampaignCommand, PauseRequest


@click.command("pause", short_help="Hold all mail of a campaign.")
@click.argument("slug")
@REASON
def command(slug: str, reason: str) -> None:
    """Hold all mail of a campaign, right up to the moment before it leaves."""
    order = validate(PauseRequest, {"reason": reason})
    steered = steer_campaign(slug, CampaignCommand(kind="pause", reason=order.reason))
    click.echo(f"{slug}: paused; mail on its way is parked and keeps its place")
    for said in steered.said:
        click.echo(said)
