"""`selvedge campaign end`: end a campaign."""

from __future__ import annotations

import click

from commands.campaign.steering import print_steered, steer_campaign
from commands.shared.options import AS_JSON, REASON
from commands.shared.parsing import validate
from models.campaign import CampaignCommand, PauseRequest


@click.command("end")
@click.argument("slug")
@REASON
@AS_JSON
def command(slug: str, reason: str, as_json: bool) -> None:
    """Enrol nobody more. Mail on its way still goes, but not what a pause holds back."""
    order = validate(PauseRequest, {"reason": reason})
    steered = steer_campaign(slug, CampaignCommand(kind="end", reason=order.reason))
    print_steered(steered, f"{slug}: ended", as_json=as_json)
