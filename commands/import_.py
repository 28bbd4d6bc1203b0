"""`selvedge import`: import clients, a catalogue, stock or events from a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load

if TYPE_CHECKING:
    from ingest.files import ImportSummary, Watcher

KIND_NAMES: Final = ("clients", "catalogue", "stock", "events")
"""The keys of `ingest.kinds.KINDS`, which takes SQLAlchemy to import."""
SOME_REJECTED: Final = 2
PLAIN_EVERY_S: Final = 5.0


@click.command("import")
@click.argument("kind", type=click.Choice(KIND_NAMES))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--start/--no-start", default=False, help="Start workflows at once; else they wait for the go.")
@click.option("--rejects", type=click.Path(path_type=Path), help="Where bad rows go. Default: PATH.rejects.jsonl")
@click.option("--columns", multiple=True, help="Its names for our columns: email=E-Mail,first_name=Vorname")
@click.option("--without", "left_out", multiple=True, help="A column of the file that is not read.")
@click.option("--delimiter", help="What parts the cells: ';' or tab, for instance. Default: a comma; tab in .tsv")
@click.option("--encoding", help="Such as utf-16 or cp1252. Default: UTF-8")
@click.option("--lists", help="What parts a list within a cell. Default: |")
@click.option("--all", "whole", is_flag=True, help="Catalogue, stock: what is not in it is retired, or out of stock.")
@click.option("--yes", "confirmed", is_flag=True, help="With --all: even when that is over 20 % of what there is.")
@AS_JSON
@click.pass_context
def command(
    context: click.Context,
    kind: str,
    path: Path,
    start: bool,
    rejects: Path | None,
    columns: tuple[str, ...],
    left_out: tuple[str, ...],
    delimiter: str | None,
    encoding: str | None,
    lists: str | None,
    whole: bool,
    confirmed: bool,
    as_json: bool,
) -> None:
    """Import a CSV, TSV, JSON Lines or Parquet file (docs/formats.md). The same file twice changes nothing.

    Exit status: 0 all rows are in, 2 some were rejected, 1 nothing could be read.
    """
    from ingest.file_format import FileFormat  # noqa: PLC0415
    from ingest.files import import_file  # noqa: PLC0415
    from ingest.whole_files import WholeFile  # noqa: PLC0415
    from services.goods.size_tables import load_size_table  # noqa: PLC0415
    from store.mail.policy import ShopPolicy  # noqa: PLC0415

    written = FileFormat.parse(delimiter, encoding, lists, columns, left_out)
    settings = load()
    engine = open_database(settings)
    try:
        now, real_now = load_business_time(engine), datetime.now(UTC)
        with _progress(path) as watch:
            summary = import_file(
                kind,
                path,
                engine,
                get_command_actor(),
                ShopPolicy.from_settings(settings),
                now,
                real_now,
                start=start,
                rejects=rejects,
                watch=watch,
                written=written,
                size_table=load_size_table(settings.size_table),
                whole=WholeFile(kind, confirmed) if whole else None,
            )
    finally:
        engine.dispose()
    click.echo(orjson.dumps(summary.as_dict()).decode() if as_json else _render_summary(summary, written.lists))
    context.exit(SOME_REJECTED if summary.rejected else 0)


def _render_summary(summary: ImportSummary, lists: str) -> str:
    from ingest.row_notes import describe_notes  # noqa: PLC0415

    changed = f"{summary.changed:,} changed, " if summary.kind != "events" else ""
    rate = f"{summary.rows / summary.seconds:,.0f} a second" if summary.seconds else "at once"
    lines = [
        f"{summary.path}: {summary.rows:,} rows in {summary.seconds:.1f} s ({rate}): "
        f"{summary.new:,} new, {changed}{summary.already_there:,} already there, {summary.rejected:,} rejected"
    ]
    good = summary.rows - summary.rejected
    lines += [f"  {note}" for note in describe_notes(summary.notes, good, lists)]
    if summary.shared_mailboxes:
        lines.append(f"  {summary.shared_mailboxes.describe()}")
    if summary.rejects:
        lines.append(f"  The rejected rows, with line, field and reason, are in {summary.rejects}")
    return "\n".join(lines)


@contextmanager
def _progress(path: Path) -> Iterator[Watcher]:
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal needs it)
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(path.name, total=None)

        def watch(summary: ImportSummary, at: int, total: int) -> None:
            text = f"{path.name}  {summary.rows:,} rows, {summary.rejected:,} rejected"
            bar.update(task, completed=at, total=total, description=text)

        yield watch


def _plain_lines() -> Any:
    last = time.monotonic()

    def watch(summary: ImportSummary, at: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_EVERY_S:
            last = time.monotonic()
            share = f"{min(at / total, 1):.0%}" if total else ""
            click.echo(f"{summary.path}: {summary.rows:,} rows, {summary.rejected:,} rejected {share}", err=True)

    return watch
