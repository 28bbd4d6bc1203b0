"""`selvedge campaign start`: begin an approved campaign, or publish its next version."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.campaign.versions import print_version
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from errors import BadInput
from settings import load


@click.command("start", short_help="Begin an approved campaign now, or publish its next version.")
@click.argument("slug")
@click.option(
    "--in-it",
    type=click.Choice(["stay", "move"]),
    default="stay",
    show_default=True,
    help="Clients in an older version go on with theirs, or move to this one at their next step.",
)
@click.option("--send-to", multiple=True, metavar="OLD=NEW", help="Where those go whose next step is no more.")
@AS_JSON
def command(slug: str, in_it: str, send_to: tuple[str, ...], as_json: bool) -> None:
    """Begin an approved campaign now; with a newer version approved, publish that one over the one that runs.

    Nobody loses their place and nobody gets a step twice. Whose next step is no more goes to the step that --send-to
    names, else to the nearest that follows.
    """
    from services.campaigns.definitions import start_version  # noqa: PLC0415

    engine = open_database(load())
    now, moves = load_business_time(engine), dict(_split(pair) for pair in send_to)
    done = start_version(engine, get_command_actor(), slug, now, datetime.now(UTC), in_it, moves)  # type: ignore[arg-type]
    print_version(done, as_json)


def _split(pair: str) -> tuple[str, str]:
    old, _, new = pair.partition("=")
    if not old or not new:
        raise BadInput(f"{pair} is no pair such as second-mail=last-mail", "send_to")
    return old, new
