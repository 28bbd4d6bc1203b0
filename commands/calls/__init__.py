"""`selvedge calls`: one verb a file."""

from __future__ import annotations

import click

from commands.calls import done, drop, list_


@click.group()
def command() -> None:
    """List the calls that stylists make instead of a mail, and record their results.

    An algorithm of the slot next_action asks for them; SELVEDGE_STYLIST_CALLS_A_DAY says how many a day. While a call
    is open, no mail of ours goes to its client. Works without Temporal.
    """


for verb in (done, drop, list_):
    command.add_command(verb.command)
