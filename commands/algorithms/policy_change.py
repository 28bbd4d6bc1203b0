"""Change who answers a slot, on record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from settings import load

if TYPE_CHECKING:
    from algorithms.slots.policy_changes import PolicyEdit
    from algorithms.slots.registry import Registry


BY = click.option("--by", default="", help="Who changes it; the account that runs the command when left.")


def load_registry() -> Registry:
    """Load the registry of the settings in force, for reading and changing policies."""
    from algorithms.slots.registry import Registry  # noqa: PLC0415

    return Registry.from_settings(load(), serving=False)


def change_policy(registry: Registry, slot: str, edit: PolicyEdit, by: str, summary: str) -> None:
    """Apply `edit` to the policy file, keep who did it and `summary` on record, and say so."""
    from services.slots import policies  # noqa: PLC0415

    engine = open_database(load())
    now, real_now = load_business_time(engine), datetime.now(UTC)
    actor = get_command_actor()
    if policies.change_policy(engine, actor, registry, slot, edit, summary, by=by, now=now, real_now=real_now):
        click.echo(summary)
    else:
        click.echo(f"nothing was changed: {summary} stands already")
