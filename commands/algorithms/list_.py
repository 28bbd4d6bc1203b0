"""`selvedge algorithms list`: list slots and algorithms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from commands.shared.options import AS_JSON
from models.slot_policies import SlotPolicy
from settings import load

if TYPE_CHECKING:
    from algorithms.slots.registry import AlgorithmSummary


@click.command("list")
@AS_JSON
def command(as_json: bool) -> int:
    """List every slot and who answers it, and every algorithm that could, with what it does now.

    With a mistake in algorithms.toml: print the mistake, and the slots as they were last on record. Status 1.
    """
    from algorithms.slots.registry import Registry  # noqa: PLC0415
    from algorithms.slots.slot_table import SLOTS  # noqa: PLC0415

    registry = Registry.from_settings(load(), serving=False, lenient=True)
    policies = {slot: registry.list_policies().get(slot, SlotPolicy()) for slot in SLOTS}
    algorithms = registry.list_algorithms()
    if as_json:
        slots = {slot: policy.model_dump(mode="json") for slot, policy in policies.items()}
        rows = [vars(algorithm) for algorithm in algorithms]
        click.echo(json.dumps({"problem": registry.problem, "slots": slots, "algorithms": rows}))
        return 1 if registry.problem else 0
    if registry.problem:
        click.echo(
            f"{registry.problem}\nA worker that starts now lets the built-in answer every slot; one that runs goes on"
        )
        click.echo("with what was in force. The slots as they were last on record:\n")
    for slot, policy in policies.items():
        parts = [f"{part:.0%} {name}" for name, part in policy.split.items()]
        parts += [f"then {name}" for name in policy.fallbacks] + [f"shadow {name}" for name in policy.shadows]
        click.echo(f"{slot:<12}  {', '.join([policy.champion, *parts])}")
    click.echo()
    click.echo("\n".join(_render_table(algorithms)))
    return 1 if registry.problem else 0


def _render_table(algorithms: Sequence[AlgorithmSummary]) -> list[str]:
    if not algorithms:
        return ["no algorithm is installed; docs/recipes/add-an-algorithm.md says how to make one"]
    rows = [("algorithm", "version", "slot", "does now", "kind", "from")]
    for algorithm in algorithms:
        slot = algorithm.slot or "not known before it is tried"
        rows.append(
            (
                algorithm.name,
                algorithm.version or "not known",
                slot,
                algorithm.part or "nothing",
                algorithm.kind,
                algorithm.source,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
