"""`selvedge algorithms shadow`: ask an algorithm in the shadow."""

from __future__ import annotations

import click

from commands.algorithms.policy_change import BY, change_policy, load_registry


@click.command("shadow")
@click.argument("name")
@click.option("--off", is_flag=True, help="No longer.")
@BY
def command(name: str, off: bool, by: str) -> None:
    """Ask NAME too, compare it, and never show its answer."""
    from algorithms.slots.admission import find_slot  # noqa: PLC0415
    from algorithms.slots.policy_changes import edit_shadow  # noqa: PLC0415

    registry = load_registry()
    slot = find_slot(registry, name)
    change_policy(
        registry, slot, edit_shadow(slot, name, off), by, f"shadow {name} in {slot}{' no longer' if off else ''}"
    )
