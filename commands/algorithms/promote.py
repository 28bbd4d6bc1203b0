"""`selvedge algorithms promote`: make an algorithm the champion."""

from __future__ import annotations

import click

from commands.algorithms.policy_change import BY, change_policy, load_registry


@click.command("promote")
@click.argument("name")
@click.option("--unchecked", is_flag=True, help="Without the conformance suite.")
@BY
def command(name: str, unchecked: bool, by: str) -> int:
    """Make NAME the champion of its slot, once it passed the conformance suite. In force within seconds."""
    from algorithms.slots.admission import check_algorithm, find_slot  # noqa: PLC0415
    from algorithms.slots.policy_changes import edit_champion  # noqa: PLC0415

    registry = load_registry()
    if unchecked:
        slot = find_slot(registry, name)
    else:
        report = check_algorithm(registry, name)
        slot = report.slot
        if not report.passed:
            click.echo(f"nothing was changed; selvedge algorithms check {name} says what to mend", err=True)
            return 1
    change_policy(registry, slot, edit_champion(slot, name), by, f"promote {name} in {slot}")
    return 0
