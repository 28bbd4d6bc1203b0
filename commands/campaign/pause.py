"""`selvedge campaign pause`: hold a campaign's mail."""

from __future__ import annotations

import click

from commands.campaign.steering import print_steered, steer_campaign
from commands.shared.options import AS_JSON, REASON
from commands.shared.parsing import validate
from models.campaign import CampaignCommand, PauseRequest


@click.command("pause", short_help="Hold all mail of a campaign.")
@click.argument("slug")
@REASON
@AS_JSON
def command(slug: str, reason: str, as_json: bool) -> None:
    """Hold all mail of a campaign, right up to the moment before it leaves."""
    order = validate(PauseRequest, {"reason": reason})
    steered = steer_campaign(slug, CampaignCommand(kind="pause", reason=order.reason))
    print_steered(steered, f"{slug}: paused; mail on its way is parked and keeps its place", as_json=as_json)
