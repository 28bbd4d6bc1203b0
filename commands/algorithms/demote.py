"""`selvedge algorithms demote`: give a slot back to the champion before."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.algorithms.policy_change import BY, change_policy, load_registry


@click.command("demote")
@click.argument("slot")
@BY
def command(slot: str, by: str) -> None:
    """Give a slot back to the champion before, else to the built-in."""
    from algorithms.slots.policy_changes import plan_demotion  # noqa: PLC0415
    from algorithms.slots.slot_table import require_slot  # noqa: PLC0415

    registry = load_registry()
    before, edit = plan_demotion(registry.file, require_slot(slot).name, datetime.now(UTC))
    change_policy(registry, slot, edit, by, f"demote in {slot}: back to {before}")
