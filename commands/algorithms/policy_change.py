"""Change who answers a slot, on record."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from settings import load

if TYPE_CHECKING:
    from algorithms.slots.policy_changes import PolicyEdit
    from algorithms.slots.registry import Registry


BY = click.option("--by", default="", help="Who changes it; the account that runs the command when left.")


def load_registry() -> Registry:
    """Load the registry of the settings in force, for reading and changing policies."""
    from algorithms.slots.registry import Registry  # noqa: PLC0415

    return Registry.from_settings(load(), serving=False)


def change_policy(registry: Registry, edit: PolicyEdit, by: str, what: str) -> None:
    """Apply `edit` to the policy file, keep who did it and `what` on record, and say so."""
    from algorithms.slots.policy_changes import apply_change  # noqa: PLC0415

    if apply_change(registry.file, edit, by or _read_account(), what, datetime.now(UTC), registry.check):
        click.echo(what)
    else:
        click.echo(f"nothing was changed: {what} stands already")


def _read_account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
