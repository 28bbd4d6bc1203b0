"""`selvedge train`: train the ranking; the other models have a verb each."""

from __future__ import annotations

import json
from typing import Any

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from commands.shared.training import train_by_command
from commands.train import engagement, fit, list_, profiles, promote, risk, session
from settings import load


@click.group(invoke_without_command=True)
@click.option("--algorithm", default="stacked", show_default=True, help="One of those of docs/ranking.md.")
@click.option("--seed", default=42, show_default=True, help="The same seed on the same data gives the same model.")
@AS_JSON
@click.pass_context
def command(context: click.Context, algorithm: str, seed: int, as_json: bool) -> None:
    """Train from the store, measure how well it predicts, and let it serve: a ranking, or what is named below."""
    if context.invoked_subcommand:
        return
    from services.training.ranking import train_ranking  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    with ProgressLine() as progress:
        artefact = train_by_command(
            engine, "ranking", lambda now: train_ranking(engine, settings, algorithm, seed, now, progress.step)
        )
    if as_json:
        click.echo(json.dumps(artefact.model_dump(mode="json")))
        return
    click.echo("\n".join(_render_comparison(artefact.metrics)))
    window = f"{artefact.window_from:%Y-%m-%d} to {artefact.window_until:%Y-%m-%d}"
    click.echo(f"{artefact.id} now serves; seed {artefact.seed}, learnt from {window}")


def _render_comparison(metrics: dict[str, Any]) -> list[str]:
    """Render the comparison in lines, best first, for each group of clients."""
    lines = []
    for group, quality in metrics.get("quality", {}).items():
        what = "clients about new items" if group == "new items" else f"{group} clients"
        heading = f"{metrics['asked'][group]} {what} after {metrics['cut'][:10]}"
        lines.append(f"{heading:<44}  recall@10   NDCG@10")
        best_first = sorted(quality.items(), key=lambda pair: -pair[1]["ndcg@10"])
        lines += [f"  {name:<42}  {q['recall@10']:>9.4f}  {q['ndcg@10']:>8.4f}" for name, q in best_first]
        if group in metrics["shares"]:
            lines.append(f"  share of the model in their user match: {metrics['shares'][group]:.0%}")
    return lines or ["too few clients came back lately to measure it; the model is trusted little"]


for verb in (engagement, fit, list_, profiles, promote, risk, session):
    command.add_command(verb.command)
