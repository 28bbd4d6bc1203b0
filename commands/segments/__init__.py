"""`selvedge segments`: one verb a file."""

from __future__ import annotations

import click

from commands.segments import count, delete, explain, export, list_, sample, save, show, words


@click.group()
def command() -> None:
    """Say which clients you mean, count them, save them as a segment.

    \b
    A filter joins conditions by and, or, not and brackets:
      phase = at_risk and ordered("knitwear") in 180 days and not opened in 30 days
      (tag = vip or value > 500) and never complained
      ordered at least 3 times in 365 days and last_order before 60 days ago

    \b
    fields      phase = at_risk   tag in (vip, press)   score < 40   country != DE   attr.points >= 100
    moments     signed_up in 30 days   last_order before 90 days ago   first_order since 2026-01-01
    happenings  ordered("knitwear") at least 2 times in 365 days   ordered for at least 200 in 90 days
                opened, clicked, mailed, bounced: of a campaign with opened("spring")
    campaigns   in_campaign(spring)   was_in_campaign(spring)   held_out(spring)

    `selvedge segments words` lists every field and happening. A filter is typed in quotes of the shell; where one is
    asked for, the slug of a saved segment will do. Works without Temporal.
    """


for verb in (count, delete, explain, export, list_, sample, save, show, words):
    command.add_command(verb.command)
