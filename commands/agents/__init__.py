"""`selvedge agents`: one verb a file."""

from __future__ import annotations

import click

from commands.agents import evaluate


@click.group()
def command() -> None:
    """Measure the language models that write."""


command.add_command(evaluate.command)
