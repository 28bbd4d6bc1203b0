"""`selvedge campaign submit`: ask for the approval of a campaign's newest version."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.campaign.versions import print_version
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("submit", short_help="Ask for the approval of a campaign's newest version.")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Ask for the approval of a campaign's newest version. Whatever is changed afterwards asks again."""
    from services.campaigns.definitions import submit_version  # noqa: PLC0415

    engine = open_database(load())
    done = submit_version(engine, get_command_actor(), slug, load_business_time(engine), datetime.now(UTC))
    print_version(done, as_json, f"approve it with: selvedge campaign approve {slug} --version {done.version}")
