"""`selvedge attributes`: one verb a file."""

from __future__ import annotations

import click

from commands.attributes import declare, list_


@click.group()
def command() -> None:
    """Declare custom attributes of clients, which files and requests may then set.

    \b
    selvedge attributes declare points --type number --meaning "Points of the loyalty card"
    selvedge import clients clients.csv          with a column attr.points
    selvedge segments count 'attr.points >= 100'
    """


for verb in (declare, list_):
    command.add_command(verb.command)
