"""`selvedge campaign resume`: let a campaign go on."""

from __future__ import annotations

import click

from commands.campaign.steering import steer_campaign
from commands.shared.options import OVERDUE
from models.campaign import CampaignCommand
from models.states import Overdue


@click.command("resume")
@click.argument("slug")
@OVERDUE
def command(slug: str, overdue: str) -> None:
    """Let a campaign go on; parked mail drains at its throughput."""
    steered = steer_campaign(slug, CampaignCommand(kind="resume", overdue=Overdue(overdue)))
    click.echo(f"{slug}: {steered.state}; overdue mail: {overdue}")
    for said in steered.said:
        click.echo(said)
