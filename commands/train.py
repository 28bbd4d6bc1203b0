"""`selvedge train`."""

from __future__ import annotations

import json
from typing import Any

import click

from commands import _shared
from commands._progress import Progress
from settings import load


@click.command()
@click.option("--algorithm", default="hybrid", show_default=True, help="hybrid or popularity")
@click.option("--seed", default=42, show_default=True, help="The same seed on the same data gives the same model.")
@_shared.AS_JSON
def command(algorithm: str, seed: int, as_json: bool) -> None:
    """Train a ranking from the store, say how well it foretells, and let it serve."""
    from activities.training import train  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    with Progress() as progress:
        made = train(engine, settings, algorithm, seed, _shared.business_now(engine), progress.step)
    if as_json:
        click.echo(json.dumps(made.model_dump(mode="json")))
        return
    click.echo("\n".join(_report(made.metrics)))
    window = f"{made.window_from:%Y-%m-%d} to {made.window_until:%Y-%m-%d}"
    click.echo(f"{made.id} now serves; seed {made.seed}, learnt from {window}")


def _report(metrics: dict[str, Any]) -> list[str]:
    """The comparison in lines, best first, for each group of clients."""
    lines = []
    for group, quality in metrics.get("quality", {}).items():
        asked = f"{metrics['asked'][group]} {group} clients after {metrics['cut'][:10]}"
        lines.append(f"{asked:<44}  recall@10   NDCG@10")
        best_first = sorted(quality.items(), key=lambda pair: -pair[1]["ndcg@10"])
        lines += [f"  {name:<42}  {q['recall@10']:>9.4f}  {q['ndcg@10']:>8.4f}" for name, q in best_first]
        lines.append(f"  share of the model in their user match: {metrics['shares'][group]:.0%}")
    return lines or ["too few clients came back lately to measure it; the model is trusted little"]
