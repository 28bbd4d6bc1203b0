"""`selvedge experiment`: one verb a file."""

from __future__ import annotations

import click

from commands.experiment import read, size


@click.group()
def command() -> None:
    """Plan a test on clients, and read its outcome. Needs no store and no server."""


for verb in (read, size):
    command.add_command(verb.command)
