"""`selvedge train session`: learn the order of pages."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from commands.shared.training import train_by_command
from settings import load


@click.command("session")
@AS_JSON
def command(as_json: bool) -> None:
    """Learn the order of pages from what visitors were shown and took up, and print the posterior weights.

    A worker does so every minute. Each page is used once, four hours after it was shown.
    """
    from services.training.session import load_posterior, update_posterior  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    engine = open_database(load())
    with ProgressLine() as progress:
        progress.step("learning from pages that were shown", "pages")
        count = train_by_command(engine, "session", lambda now: update_posterior(engine, now, more=progress.more))
    with read_transaction(engine) as connection:
        state, posterior = load_posterior(connection)
    if as_json:
        summary = {
            "taught": count,
            "pages": state.lessons,
            "version": state.version,
            "weights": posterior.summarise_weights(),
        }
        click.echo(json.dumps(summary))
        return
    click.echo(f"{count:,} pages taught, {state.lessons:,} in all; version {state.version}")
    click.echo("what each adds to the worth of a position on the page, a click being worth .2:")
    for name, (weight, spread) in posterior.summarise_weights().items():
        click.echo(f"  {name:<16}{weight:>+8.4f} give or take {spread:.4f}")
