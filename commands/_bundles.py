"""`selvedge evaluate bundles` and `selvedge predict bundles`: which item is missing from a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands import _shared
from commands._progress import Progress
from commands._shared import FILE
from errors import BadInput

if TYPE_CHECKING:
    from algorithms.bundles.goods import Bundles, Goods

BUNDLES = click.option("--bundles", required=True, type=FILE, help="bundle_id,item_id: a row an item.")
ITEMS = click.option("--items", required=True, type=FILE, help="item_id,title[,categories]")
CATEGORIES = click.option("--categories", type=FILE, help="item_id,categories, where they are in a file of their own.")
INTENTS = click.option("--intents", type=FILE, help="bundle_id,intent: what a bundle is for, in words.")
SEED = click.option("--seed", default=42, show_default=True, help="The same seed on the same files: the same figures.")


@click.command()
@BUNDLES
@ITEMS
@CATEGORIES
@INTENTS
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Found when among so many.")
@click.option("--folds", default=5, show_default=True, type=click.IntRange(2, 20), help="Parts left out in turn.")
@SEED
@_shared.AS_JSON
def evaluate(
    bundles: Path, items: Path, categories: Path | None, intents: Path | None, k: int, folds: int, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Hide one item of a bundle and look for it among all items: hit rate@k of the outfit affinity, learnt from the
    other bundles, beside the likeness of titles (TF-IDF), of categories, and popularity."""
    from algorithms.bundles import evaluation  # noqa: PLC0415
    from algorithms.bundles.model import Shelf  # noqa: PLC0415

    with Progress() as progress:
        goods, read = _read(progress, bundles, items, categories, intents)
        progress.step("hiding items", "bundles")
        found = evaluation.evaluate(Shelf.of(goods), read, k, folds, seed, progress.more)
    click.echo(json.dumps(found) if as_json else _table(found))


@click.command()
@BUNDLES
@ITEMS
@CATEGORIES
@INTENTS
@click.option("--targets", required=True, type=FILE, help="bundle_id,item_id: what lies in the boxes to be completed.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Items a box.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@SEED
@_shared.AS_JSON
def predict(
    bundles: Path, items: Path, categories: Path | None, intents: Path | None, targets: Path, k: int, out: Path,
    seed: int, as_json: bool,
) -> None:  # fmt: skip
    """What goes best with each box of TARGETS, learnt from BUNDLES: bundle_id, rank, item_id, score.

    Intents may name the boxes too. What lies in a box already is not proposed.
    """
    from algorithms.bundles.learning import learn  # noqa: PLC0415
    from algorithms.bundles.model import Shelf  # noqa: PLC0415
    from ingest import bundle_files, results  # noqa: PLC0415

    results.check(out)
    with Progress() as progress:
        goods, known = _read(progress, bundles, items, categories, intents)
        boxes, names = bundle_files.read_boxes(targets, goods, intents)
        progress.step("learning", "boxes")
        model = learn(Shelf.of(goods), known, seed)
        rows = []
        for name, box, intent in zip(names, boxes.members, boxes.intents, strict=True):
            rows += [(name, rank, *each) for rank, each in enumerate(model.best(box, k, intent), 1)]
            progress.more(1)
        bundle_files.write_completed(out, rows)
    told = {"boxes": len(names), "rows": len(rows), "out": str(out)}
    click.echo(json.dumps(told) if as_json else f"{len(names):,} boxes, {len(rows):,} rows. {out}")


def _read(
    progress: Progress, bundles: Path, items: Path, categories: Path | None, intents: Path | None
) -> tuple[Goods, Bundles]:
    from ingest import bundle_files  # noqa: PLC0415

    progress.step("reading the files")
    goods = bundle_files.read_goods(items, categories)
    if len(goods.ids) < 3:
        raise BadInput("holds fewer than three items", str(items))
    return goods, bundle_files.read_bundles(bundles, goods, intents)


def _table(found: dict[str, Any]) -> str:
    lines = [
        f"{found['bundles']:,} bundles, one item of each hidden among {found['items']:,}; {found['folds']} folds",
        f"{'':<24}{'hit rate@' + str(found['k']):>14}{'95 %':>18}{'over titles':>14}{'95 %':>20}",
    ]
    for name, each in found["algorithms"].items():
        low, high = each["hit_rate_interval"]
        worse, better = each["over_titles_interval"]
        lines.append(
            f"{name:<24}{each['hit_rate']:>14.3f}{f'{low:.3f} to {high:.3f}':>18}{each['over_titles']:>+14.3f}"
            f"{f'{worse:+.3f} to {better:+.3f}':>20}"
        )
    return "\n".join(lines)
