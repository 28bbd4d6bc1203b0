"""`selvedge refresh picks`: write the lists of the last refresh."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from ingest import results
from ingest.converters.tables import write_csv
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Connection


COLUMNS: Final = ("client_id", "rank", "item_id", "score", "at")


@click.command("picks")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV: client_id,rank,item_id,score,at.")
@AS_JSON
def command(out: Path, as_json: bool) -> None:
    """Write the lists that the last refresh made for every client, for a batch of mail.

    They are as old as their `at`: stock and preferences may have changed. `selvedge recommend` computes new ones.
    """
    from store.database import read_transaction  # noqa: PLC0415

    with (
        results.open_whole(out) as unfinished,
        read_transaction(open_database(load())) as connection,
        ProgressLine() as progress,
    ):
        progress.step("writing lists", "items")
        count = write_csv(unfinished, COLUMNS, _build_rows(connection, progress))
    click.echo(json.dumps({"rows": count, "out": str(out)}) if as_json else f"{count:,} rows in {out}")


def _build_rows(connection: Connection, progress: ProgressLine) -> Iterator[dict[str, Any]]:
    from store.learning import top_picks  # noqa: PLC0415

    for client_list in top_picks.iterate_lists(connection):
        for index, item in enumerate(client_list.items):
            row = (client_list.client_id, index + 1, item.item_id, item.score, client_list.at)
            yield dict(zip(COLUMNS, row, strict=True))
        progress.more(len(client_list.items))
