"""`selvedge campaign adjust`: change a campaign while it runs."""

from __future__ import annotations

import click

from commands.campaign.steering import steer_campaign
from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from errors import BadInput
from models.campaign import CampaignChange, CampaignCommand


@click.command("adjust")
@click.argument("slug")
@click.option("--throughput", type=int, help="Clients enrolled in a minute.")
@click.option("--priority", type=int, help="0 to 100.")
@click.option("--review", help="Which mails a person lets out: none, all, or the first so many, sample:20.")
@click.option("--ends-at", help="Enrol nobody after this moment (ISO 8601 with offset, business time).")
@AS_JSON
def command(
    slug: str, throughput: int | None, priority: int | None, review: str | None, ends_at: str | None, as_json: bool
) -> None:
    """Change a campaign while it runs."""
    values = {"throughput_per_minute": throughput, "priority": priority, "review": review, "ends_at": ends_at}
    if not any(value is not None for value in values.values()):
        raise BadInput("give --throughput, --priority, --review or --ends-at")
    change = validate(CampaignChange, values)
    order = CampaignCommand(kind="adjust", change=change.model_dump(mode="json", exclude_none=True))
    print_answer(steer_campaign(slug, order), as_json)
