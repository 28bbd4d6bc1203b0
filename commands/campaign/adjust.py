"""`selvedge campaign adjust`: change a campaign while it runs."""

from __future__ import annotations

from typing import Any

import click

from commands.campaign.guardrails import GUARDRAIL, parse_guardrails
from commands.campaign.steering import adjust_campaign
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from errors import BadInput
from models.campaign_definition import CampaignAdjustment


@click.command("adjust")
@click.argument("slug")
@click.option("--step", help="The mail of a campaign of several steps that --message and --voice are for.")
@click.option("--message", help="What it wants to say; mails that have not left are written anew.")
@click.option("--voice", help="How it should sound.")
@click.option("--throughput", type=int, help="Clients enrolled in a minute.")
@click.option("--priority", type=int, help="0 to 100.")
@click.option("--review", help="Which mails a person lets out: none, all, or the first so many, sample:20.")
@click.option("--ends-at", help="The moment of its end (ISO 8601 with offset, business time).")
@click.option("--expires-days", type=int, help="End so many days after its start; 0: when somebody ends it.")
@GUARDRAIL
@AS_JSON
def command(slug: str, as_json: bool, guardrails: tuple[str, ...], **options: Any) -> None:
    """Change a campaign while it runs, and say from when each change holds."""
    options["throughput_per_minute"] = options.pop("throughput")
    options["guardrails"] = parse_guardrails(guardrails)
    if all(value is None for value in options.values()):
        raise BadInput("give --message, --voice, --throughput, --priority, --review, an end or --guardrail")
    change = validate(CampaignAdjustment, options)
    steered = adjust_campaign(slug, change)
    if as_json:
        click.echo(steered.model_dump_json())
        return
    for said in steered.said:
        click.echo(f"{slug}: {said}")
