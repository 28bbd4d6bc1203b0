"""`selvedge evaluate bundles`: measure how well a missing item of a bundle is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands.shared.bundle_files import BUNDLES, CATEGORIES, INTENTS, ITEMS, SEED, read_bundle_files
from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine


@click.command("bundles")
@BUNDLES
@ITEMS
@CATEGORIES
@INTENTS
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Found when among so many.")
@click.option("--folds", default=5, show_default=True, type=click.IntRange(2, 20), help="Parts left out in turn.")
@SEED
@AS_JSON
def command(
    bundles: Path, items: Path, categories: Path | None, intents: Path | None, k: int, folds: int, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Hide one item of a bundle and look for it among all items: hit rate@k of the outfit affinity, learnt from the
    other bundles, beside the likeness of titles (TF-IDF), of categories, and popularity."""
    from algorithms.evaluation.bundles import evaluation  # noqa: PLC0415
    from algorithms.evaluation.bundles.model import ItemVectors  # noqa: PLC0415

    with ProgressLine() as progress:
        goods, known_bundles = read_bundle_files(progress, bundles, items, categories, intents)
        progress.step("hiding items", "bundles")
        report = evaluation.evaluate(ItemVectors.of(goods), known_bundles, k, folds, seed, progress.more)
    click.echo(json.dumps(report) if as_json else _render_table(report))


def _render_table(report: dict[str, Any]) -> str:
    lines = [
        f"{report['bundles']:,} bundles, one item of each hidden among {report['items']:,}; {report['folds']} folds",
        f"{'':<24}{'hit rate@' + str(report['k']):>14}{'95 %':>18}{'over titles':>14}{'95 %':>20}",
    ]
    for name, figures in report["algorithms"].items():
        low, high = figures["hit_rate_interval"]
        worse, better = figures["over_titles_interval"]
        lines.append(
            f"{name:<24}{figures['hit_rate']:>14.3f}{f'{low:.3f} to {high:.3f}':>18}{figures['over_titles']:>+14.3f}"
            f"{f'{worse:+.3f} to {better:+.3f}':>20}"
        )
    return "\n".join(lines)
