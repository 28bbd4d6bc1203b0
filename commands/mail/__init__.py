"""`selvedge mail`: one verb a file."""

from __future__ import annotations

import click

from commands.mail import check, resolve, test


@click.group()
def command() -> None:
    """Check that receivers can believe our mail; send one to staff; settle one that is unknown."""


for verb in (check, resolve, test):
    command.add_command(verb.command)
