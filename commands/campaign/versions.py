"""What the commands on versions of a campaign share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from models.campaign_definition import CampaignVersion

ENDINGS = (".yaml", ".yml", ".json")


def is_file_name(text: str) -> bool:
    """Return whether an argument names a file with a definition, not a campaign."""
    return text.endswith(ENDINGS) or Path(text).is_file()


def print_version(version: CampaignVersion, as_json: bool, then: str = "") -> None:
    """Print where a version stands, and what comes next."""
    if as_json:
        click.echo(version.model_dump_json())
        return
    state = version.state.replace("_", " ")
    click.echo(f"{version.slug}: version {version.version} is {state}; the campaign is {version.campaign}")
    for said in version.said:
        click.echo(said)
    if version.start_at is not None and version.campaign == "scheduled":
        click.echo(f"it starts at {version.start_at:%Y-%m-%d %H:%M} UTC (business time)")
    if then:
        click.echo(then)
