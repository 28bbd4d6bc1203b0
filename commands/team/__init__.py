"""`selvedge team`: one verb a file."""

from __future__ import annotations

import click

from commands.team import disable, invite, list_, reset, role


@click.group()
def command() -> None:
    """Show and change who has an account in the pages, and as what. Works without Temporal.

    Whoever may run this on the machine acts as the owner.
    """


for verb in (list_, invite, role, disable, reset):
    command.add_command(verb.command)
