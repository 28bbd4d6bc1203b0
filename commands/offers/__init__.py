"""`selvedge offers`: one verb a file."""

from __future__ import annotations

import click

from commands.offers import approve, create, list_, retire, show


@click.group()
def command() -> None:
    """Create, approve and retire the offers that mails may state.

    A campaign names an offer by its slug; the mail says it in the shop's own approved words. Works without Temporal.
    """


for verb in (approve, create, list_, retire, show):
    command.add_command(verb.command)
