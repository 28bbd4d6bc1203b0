"""`selvedge segments words`: list the fields and happenings of filters."""

from __future__ import annotations

import click

from domain.segments.vocabulary import FIELDS, HAPPENINGS, PLACES


@click.command("words")
def command() -> None:
    """List the fields, happenings and campaign words of filters, with an example of each."""
    for title, words in (("fields", FIELDS), ("happenings", HAPPENINGS), ("campaigns", PLACES)):
        click.echo(title)
        for name, word in words.items():
            click.echo(f"  {name:<16}  {word.meaning}\n  {'':<16}  {word.example}")
