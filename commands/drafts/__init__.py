"""`selvedge drafts`: one verb a file."""

from __future__ import annotations

import click

from commands.drafts import approve, check, claim, edit, list_, reject, show


@click.group()
def command() -> None:
    """List, edit, approve or reject the mails that await a person.

    They wait because the reviewer refused them, or because a policy holds their campaign or kind (SELVEDGE_REVIEW,
    `selvedge campaign create --review`). A DRAFT is named as the list shows it, such as ann:3. Works without Temporal:
    the mail goes on as soon as a worker runs.
    """


for verb in (list_, show, claim, check, edit, approve, reject):
    command.add_command(verb.command)
