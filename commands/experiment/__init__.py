"""`selvedge experiment`: one verb a file."""

from __future__ import annotations

import click

from commands.experiment import read, result, size


@click.group()
def command() -> None:
    """Plan a test on clients, and read its outcome. `read` and `size` work on figures alone; `result` reads the store's
    tests of texts and of algorithms."""


for verb in (read, result, size):
    command.add_command(verb.command)
