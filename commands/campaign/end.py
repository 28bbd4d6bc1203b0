"""`selvedge campaign end`: end a campaign."""

from __future__ import annotations

import click

from commands.campaign.steering import steer_campaign
from commands.shared.options import REASON
from commands.shared.parsing import validate
from models.campaign import CampaignCommand, PauseRequest


@click.command("end")
@click.argument("slug")
@REASON
def command(slug: str, reason: str) -> None:
    """Enrol nobody more. Mail on its way still goes, but not what a pause holds back."""
    order = validate(PauseRequest, {"reason": reason})
    steer_campaign(slug, CampaignCommand(kind="end", reason=order.reason))
    click.echo(f"{slug}: ended")
