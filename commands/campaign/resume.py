"""`selvedge campaign resume`: let a campaign go on."""

from __future__ import annotations

import click

from commands.campaign.steering import print_steered, steer_campaign
from commands.shared.options import AS_JSON, OVERDUE
from models.campaign import CampaignCommand
from models.states import Overdue


@click.command("resume")
@click.argument("slug")
@OVERDUE
@AS_JSON
def command(slug: str, overdue: str, as_json: bool) -> None:
    """Let a campaign go on; parked mail drains at its throughput."""
    steered = steer_campaign(slug, CampaignCommand(kind="resume", overdue=Overdue(overdue)))
    print_steered(steered, f"{slug}: {steered.state}; overdue mail: {overdue}", as_json=as_json)
