"""`selvedge activity`: one verb a file."""

from __future__ import annotations

import click

from commands.activity import list_


@click.group()
def command() -> None:
    """Show who changed what, and when. Works without Temporal."""


command.add_command(list_.command)
