"""`selvedge campaign validate`: check a file with a definition."""

from __future__ import annotations

from pathlib import Path

import click

from errors import BadInput


@click.command("validate", short_help="Check a file with the definition of a campaign.")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Check a YAML or JSON file with the definition of a campaign, and name every fault with its place in the file.

    What the shop must have (tags, categories, items) is checked by `create`.
    """
    from ingest.definitions import list_faults, load_values  # noqa: PLC0415
    from models.campaign_definition import CampaignDefinition  # noqa: PLC0415

    values = load_values(file)
    if faults := list_faults(values):
        raise BadInput("\n".join(faults))
    definition = CampaignDefinition.model_validate(values)
    click.echo(f"{definition.slug}: {len(definition.steps)} steps, {definition.entry.on} entry; no faults")
