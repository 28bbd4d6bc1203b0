"""`selvedge predict bundles`: complete boxes."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commands.shared.bundle_files import BUNDLES, CATEGORIES, INTENTS, ITEMS, SEED, read_bundle_files
from commands.shared.options import AS_JSON, FILE
from commands.shared.progress import ProgressLine
from ingest import results


@click.command("bundles")
@BUNDLES
@ITEMS
@CATEGORIES
@INTENTS
@click.option("--targets", required=True, type=FILE, help="bundle_id,item_id: what lies in the boxes to be completed.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Items a box.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@SEED
@AS_JSON
def command(
    bundles: Path, items: Path, categories: Path | None, intents: Path | None, targets: Path, k: int, out: Path,
    seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Propose what goes best with each box of TARGETS, learnt from BUNDLES: bundle_id, rank, item_id, score.

    Intents may name the boxes too. What lies in a box already is not proposed.
    """
    from algorithms.evaluation.bundles.learning import fit_affinity  # noqa: PLC0415
    from algorithms.evaluation.bundles.model import ItemVectors  # noqa: PLC0415
    from ingest import bundle_files  # noqa: PLC0415

    results.check_path(out)
    with ProgressLine() as progress:
        goods, known_bundles = read_bundle_files(progress, bundles, items, categories, intents)
        boxes, names = bundle_files.read_boxes(targets, goods, intents)
        progress.step("learning", "boxes")
        model = fit_affinity(ItemVectors.of(goods), known_bundles, seed)
        rows = []
        for name, box, intent in zip(names, boxes.members, boxes.intents, strict=True):
            rows += [(name, rank, *item) for rank, item in enumerate(model.select_best(box, k, intent), 1)]
            progress.more(1)
        bundle_files.write_completed(out, rows)
    summary = {"boxes": len(names), "rows": len(rows), "out": str(out)}
    click.echo(json.dumps(summary) if as_json else f"{len(names):,} boxes, {len(rows):,} rows. {out}")
