"""Options and files of `selvedge predict bundles` and `selvedge evaluate bundles`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.shared.options import FILE
from commands.shared.progress import ProgressLine
from errors import BadInput

if TYPE_CHECKING:
    from algorithms.evaluation.bundles.goods import Bundles, Goods


BUNDLES = click.option("--bundles", required=True, type=FILE, help="bundle_id,item_id: a row an item.")


ITEMS = click.option("--items", required=True, type=FILE, help="item_id,title[,categories]")


CATEGORIES = click.option("--categories", type=FILE, help="item_id,categories, where they are in a file of their own.")


INTENTS = click.option("--intents", type=FILE, help="bundle_id,intent: what a bundle is for, in words.")


SEED = click.option("--seed", default=42, show_default=True, help="The same seed on the same files: the same figures.")


def read_bundle_files(
    progress: ProgressLine, bundles: Path, items: Path, categories: Path | None, intents: Path | None
) -> tuple[Goods, Bundles]:
    """Read the items and the bundles made of them. Raises BadInput when there are fewer than three items."""
    from ingest import bundle_files  # noqa: PLC0415

    progress.step("reading the files")
    goods = bundle_files.read_goods(items, categories)
    if len(goods.ids) < 3:
        raise BadInput("holds fewer than three items", str(items))
    return goods, bundle_files.read_bundles(bundles, goods, intents)
