"""`selvedge keys`: one verb a file."""

from __future__ import annotations

import click

from commands.keys import create, list_, revoke


@click.group()
def command() -> None:
    """Show, make and revoke the keys with which programs call the API. Works without Temporal."""


for verb in (list_, create, revoke):
    command.add_command(verb.command)
