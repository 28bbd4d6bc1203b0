"""`selvedge campaign approve`: approve exactly one version of a campaign, or send it back."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.campaign.versions import print_version
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("approve", short_help="Approve one version of a campaign, or send it back.")
@click.argument("slug")
@click.option("--version", type=int, required=True, help="The version that you have read.")
@click.option("--send-back", is_flag=True, help="Do not approve it: its author is to change it.")
@AS_JSON
def command(slug: str, version: int, send_back: bool, as_json: bool) -> None:
    """Approve exactly the version that you have read, or send it back to its author."""
    from services.campaigns.definitions import decide_version  # noqa: PLC0415

    engine = open_database(load())
    now, verdict = load_business_time(engine), "send_back" if send_back else "approve"
    done = decide_version(engine, get_command_actor(), slug, version, verdict, now, datetime.now(UTC))  # type: ignore[arg-type]
    print_version(done, as_json, "" if send_back else f"start it with: selvedge campaign start {slug}")
