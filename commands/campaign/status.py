"""`selvedge campaign status`: count how campaigns go."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.runtime import open_database
from settings import load


@click.command("status", short_help="Count how a campaign goes, or all of them.")
@click.argument("slug", required=False)
@AS_JSON
def command(slug: str | None, as_json: bool) -> None:
    """Count how a campaign goes from the rows; all campaigns when none is named."""
    from store.campaigns import campaigns  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        slugs = [slug] if slug else [row.slug for row in campaigns.list_campaigns(connection)]
        for index, name in enumerate(slugs):
            if index and not as_json:
                click.echo()
            print_answer(campaigns.count_progress(connection, name), as_json)
