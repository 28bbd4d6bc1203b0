"""`selvedge segments export`: write the clients of a filter to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import click

from commands.segments.asking import ask
from models.segment_answers import SegmentMember


@click.command("export")
@click.argument("filter_or_slug")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A CSV file; standard output otherwise.")
def command(filter_or_slug: str, out: Path | None) -> None:
    """Write all clients of a filter or saved segment as CSV: ids and figures, no names, no addresses."""
    from ingest.results import check_path, open_whole  # noqa: PLC0415
    from services.segments.questions import iterate_segment  # noqa: PLC0415

    if out is not None:
        check_path(out, endings=(".csv", ".txt"))
    asked = ask(filter_or_slug)
    pages = iterate_segment(asked.engine, asked.question, asked.now)
    if out is None:
        write_members(pages, sys.stdout)
        return
    with open_whole(out) as path, path.open("w", encoding="utf-8", newline="") as stream:
        written = write_members(pages, stream)
    click.echo(f"{written:,} clients written to {out}")


def write_members(pages: Iterable[list[SegmentMember]], stream: TextIO) -> int:
    """Write clients as CSV, and return how many."""
    from services.csv_lines import format_line  # noqa: PLC0415

    written = 0
    stream.write(format_line(SegmentMember.model_fields))
    for page in pages:
        written += len(page)
        for member in page:
            values = member.model_dump(mode="json") | {"tags": "|".join(member.tags)}
            stream.write(format_line(values.values()))
    return written
