"""Offers as lines for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import click

from commands.shared.actor import get_command_actor
from commands.shared.output import strip_control_characters
from commands.shared.runtime import load_business_time, open_database
from models.actors import Actor
from models.offers import Offer
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine

Change: TypeAlias = "Callable[[Engine, Actor, Settings, datetime, datetime], Offer]"


def change_offer(change: Change, as_json: bool) -> None:
    """Make a change and print the offer as it stands then."""
    settings = load()
    engine = open_database(settings)
    print_offer(change(engine, get_command_actor(), settings, load_business_time(engine), datetime.now(UTC)), as_json)


def print_offer(offer: Offer, as_json: bool) -> None:
    """Print an offer: as JSON for programs, as lines for people."""
    if as_json:
        click.echo(offer.model_dump_json())
        return
    click.echo(format_offer(offer))
    by = f", approved by {offer.decided_by}" if offer.decided_by else ""
    figures = offer.figures
    click.echo(
        f"sent to {figures.sent:,} clients; {figures.orders:,} orders of {figures.clients:,} clients named its code: "
        f"{figures.revenue:,.2f} paid, {figures.taken_off:,.2f} taken off"
    )
    for warning in figures.warnings:
        click.echo(f"warning: {warning}")
    click.echo(f"{strip_control_characters(offer.name)}, created by {offer.created_by}{by}")


def format_offer(offer: Offer) -> str:
    """Format an offer in a list: slug, how it stands, its terms."""
    return f"{offer.slug:<24}  {offer.stands:<8}  {strip_control_characters(offer.summary)}"
