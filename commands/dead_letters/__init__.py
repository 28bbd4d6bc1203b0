"""`selvedge dead-letters`: one verb a file."""

from __future__ import annotations

import click

from commands.dead_letters import drop, list_, retry, show


@click.group()
def command() -> None:
    """List, show, try again or drop what could not be taken in of streams, or sent to a workflow, for good."""


for verb in (list_, show, retry, drop):
    command.add_command(verb.command)
