"""`selvedge campaign clone`: save a campaign's steps as a draft of another campaign."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.campaign.versions import print_version
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.campaign import CloneOrder
from settings import load


@click.command("clone", short_help="Save a campaign's steps as a draft of another campaign.")
@click.argument("slug")
@click.argument("as_slug", metavar="NEW_SLUG")
@click.option("--name", default="", help="What people call the new one.")
@AS_JSON
def command(slug: str, as_slug: str, name: str, as_json: bool) -> None:
    """Save the version of a campaign that runs, else its newest, as a draft of another campaign.

    A phase of the lifecycle has one sequence: a clone of one starts once the first has ended.

    \b
    selvedge campaign clone lifecycle-at-risk drift --name "When they drift"
    selvedge campaign show drift > drift.yaml     # change it, then: selvedge campaign create drift.yaml
    """
    from services.campaigns.cloning import clone_campaign  # noqa: PLC0415

    order, settings = validate(CloneOrder, {"slug": as_slug, "name": name}), load()
    engine, actor = open_database(settings), get_command_actor()
    now, real_now = load_business_time(engine), datetime.now(UTC)
    saved = clone_campaign(engine, actor, slug, order.slug, settings, now, real_now, order.name)
    print_version(saved, as_json, f"ask for approval with: selvedge campaign submit {saved.slug}")
