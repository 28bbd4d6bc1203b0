"""`selvedge flags`: one verb a file."""

from __future__ import annotations

import click

from commands.flags import create, list_, result, show, start, stop


@click.group()
def command() -> None:
    """Test on clients and visits what pages show: who ranks, how many items, where, when.

    A flag divides them into arms by a hash of their id; nobody is in two flags of one namespace. Works without
    Temporal.
    """


for verb in (create, list_, result, show, start, stop):
    command.add_command(verb.command)
