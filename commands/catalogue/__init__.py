"""`selvedge catalogue`: one verb a file."""

from __future__ import annotations

import click

from commands.catalogue import pictures


@click.group()
def command() -> None:
    """Show what is missing of what the shop sells. Works without Temporal."""


command.add_command(pictures.command)
