"""`selvedge returns show`: print a return that a person is to read."""

from __future__ import annotations

import click

from commands.shared.runtime import open_database
from errors import NotFound
from settings import load


@click.command("show")
@click.argument("return_id")
@click.option("--done", is_flag=True, help="You have read it: drop its text.")
def command(return_id: str, done: bool) -> None:
    """Print the text of a return, by its id or how that begins."""
    from store.database import write_transaction  # noqa: PLC0415
    from store.mail import returns  # noqa: PLC0415

    with write_transaction(open_database(load())) as connection:
        found = returns.find_return(connection, return_id)
        if found is None:
            raise NotFound("no return has this id", "return_id")
        click.echo(found.raw if found.raw is not None else "its text is not kept")
        if done:
            returns.drop_text(connection, found.id)
