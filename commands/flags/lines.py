"""Flags as lines for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import click

from commands.shared.actor import get_command_actor
from commands.shared.output import strip_control_characters
from commands.shared.runtime import load_business_time, open_database
from models.actors import Actor
from models.flags import ArmView, FlagEffect, FlagView
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine

Change: TypeAlias = "Callable[[Engine, Actor, Settings, datetime, datetime], FlagView]"


def change_flag(change: Change, as_json: bool) -> None:
    """Make a change and print the flag as it stands then."""
    settings = load()
    engine = open_database(settings)
    print_flag(change(engine, get_command_actor(), settings, load_business_time(engine), datetime.now(UTC)), as_json)


def print_flag(flag: FlagView, as_json: bool) -> None:
    """Print a flag: as JSON for programs, as lines for people."""
    if as_json:
        click.echo(flag.model_dump_json())
        return
    click.echo(format_flag(flag))
    for arm in flag.arms:
        click.echo(f"  {arm.name:<20} {arm.share:>7.2%}  {describe_arm(arm)}")
    pages = ", ".join(flag.contexts) or "all pages"
    places = f", placements {', '.join(flag.placements)}" if flag.placements else ""
    click.echo(f"{flag.share:.2%} of namespace {flag.namespace}, on {pages}{places}")
    since = f"; figures count since {flag.since:%Y-%m-%d %H:%M}" if flag.since else ""
    click.echo(f"{strip_control_characters(flag.name)}, created by {flag.created_by}{since}")


def format_flag(flag: FlagView) -> str:
    """Format a flag in a list: slug, state, arms."""
    arms = " / ".join(f"{arm.name} {arm.share:.4g}" for arm in flag.arms)
    return f"{flag.slug:<24}  {flag.state:<8}  {flag.namespace:<12}  {arms}"


def describe_arm(arm: ArmView) -> str:
    """Describe what an arm changes."""
    effect = FlagEffect.model_validate(arm.effect)
    parts = [f"{effect.algorithm} ranks"] if effect.algorithm else []
    parts += [f"{part} weighs {weight:g}" for part, weight in effect.weights.items()]
    parts += [f"{effect.count} items"] if effect.count else []
    parts += ["not shown"] if not effect.shown else []
    parts += [f"shown after {effect.delay_ms} ms"] if effect.delay_ms else []
    parts += [f"value {effect.value!r}"] if effect.value is not None else []
    return strip_control_characters(", ".join(parts)) or "as without the flag"
