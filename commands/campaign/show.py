"""`selvedge campaign show`: print a campaign's definition as a file."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("show", short_help="Print a campaign's definition as a file.")
@click.argument("slug")
@click.option("--version", type=int, help="Which version; the newest when not given.")
@AS_JSON
def command(slug: str, version: int | None, as_json: bool) -> None:
    """Print what a campaign of steps says, as the file that `selvedge campaign create` takes.

    \b
    selvedge campaign show lifecycle-at-risk > at-risk.yaml
    """
    from services.campaigns.version_lists import load_definition  # noqa: PLC0415
    from services.campaigns.version_reviews import load_review  # noqa: PLC0415

    engine = open_database(load())
    review = load_review(engine, slug, version)
    if as_json:
        click.echo(load_definition(engine, slug, review.row.version).model_dump_json())
    else:
        click.echo(review.text.rstrip("\n"))
