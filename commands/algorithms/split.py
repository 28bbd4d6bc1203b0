"""`selvedge algorithms split`: give an algorithm a share of the clients."""

from __future__ import annotations

import click

from commands.algorithms.policy_change import BY, change_policy, load_registry


@click.command("split")
@click.argument("name")
@click.option("--share", required=True, type=click.FloatRange(0, 1, max_open=True), help="0.1: a tenth; 0 ends it.")
@BY
def command(name: str, share: float, by: str) -> None:
    """Let NAME answer for a share of the clients, always the same ones."""
    from algorithms.slots.admission import find_slot  # noqa: PLC0415
    from algorithms.slots.policy_changes import edit_split as parted  # noqa: PLC0415

    registry = load_registry()
    slot = find_slot(registry, name)
    change_policy(registry, slot, parted(slot, name, share), by, f"split {slot}: {share:.1%} to {name}")
