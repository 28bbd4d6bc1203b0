"""`selvedge suppressions show`: say whether a mailbox is suppressed, and why."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.runtime import open_database
from settings import load


@click.command("show")
@click.argument("email")
@AS_JSON
def command(email: str, as_json: bool) -> None:
    """Show the entry of a mailbox, by its address or its hash: reason, time, who and why."""
    from services.returns import suppressions  # noqa: PLC0415
    from store.mail.policy import ShopPolicy  # noqa: PLC0415

    settings = load()
    print_answer(suppressions.show_entry(open_database(settings), ShopPolicy.from_settings(settings), email), as_json)
