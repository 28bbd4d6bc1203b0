"""`selvedge payload-keys`: one verb a file."""

from __future__ import annotations

import click

from commands.payload_keys import add, list_, remove, use


@click.group()
def command() -> None:
    """Make, choose and remove the keys that encrypt what Temporal keeps of workflows. Works without Temporal.

    The first key writes, all of them read. To change it: `add` one, bring the file to every machine that serves or
    works, `use` the new one, bring the file round again, and start all processes again. `remove` the old one when no
    workflow is left that began before.
    """


for verb in (list_, add, use, remove):
    command.add_command(verb.command)
