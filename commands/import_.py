"""`selvedge import`: clients, a catalogue, stock or events from a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import orjson

from commands import _shared
from ingest.files import Summary, Watcher, import_file
from ingest.kinds import KINDS
from settings import load
from store.mail.policy import Terms

SOME_REJECTED: Final = 2
PLAIN_EVERY_S: Final = 5.0

NOTES: Final = {
    "time_zone_assumed": "without a time zone, taken to live in the shop's",
    "held_short": "of which more units are held for Fixes than were counted",
    "withdrawal_kept": "had withdrawn their consent, which a file cannot give back (send consent_changed)",
}


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--no-start", is_flag=True, help="Ask for no workflow to start or look.")
@click.option("--rejects", type=click.Path(path_type=Path), help="Where bad rows go. Default: PATH.rejects.jsonl")
@_shared.AS_JSON
@click.pass_context
def command(context: click.Context, kind: str, path: Path, no_start: bool, rejects: Path | None, as_json: bool) -> None:
    """Import a CSV, JSON Lines or Parquet file (docs/formats.md). The same file twice changes nothing.

    Exit status: 0 all rows are in, 2 some were rejected, 1 nothing could be read.
    """
    settings = load()
    engine = _shared.database(settings)
    try:
        now, real_now = _shared.business_now(engine), datetime.now(UTC)
        with _progress(path) as watch:
            done = import_file(
                kind,
                path,
                engine,
                Terms.of(settings),
                now,
                real_now,
                start=not no_start,
                rejects=rejects,
                watch=watch,
            )
    finally:
        engine.dispose()
    click.echo(orjson.dumps(done.as_dict()).decode() if as_json else _said(done))
    context.exit(SOME_REJECTED if done.rejected else 0)


def _said(done: Summary) -> str:
    changed = f"{done.changed:,} changed, " if done.kind != "events" else ""
    rate = f"{done.rows / done.seconds:,.0f} a second" if done.seconds else "at once"
    lines = [
        f"{done.path}: {done.rows:,} rows in {done.seconds:.1f} s ({rate}): "
        f"{done.new:,} new, {changed}{done.already_there:,} already there, {done.rejected:,} rejected"
    ]
    lines += [f"  {times:,} {NOTES[note]}" for note, times in sorted(done.notes.items())]
    if done.rejects:
        lines.append(f"  The rejected rows, with line, field and reason, are in {done.rejects}")
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

        def watch(done: Summary, at: int, total: int) -> None:
            text = f"{path.name}  {done.rows:,} rows, {done.rejected:,} rejected"
            bar.update(task, completed=at, total=total, description=text)

        yield watch


def _plain_lines() -> Any:
    last = time.monotonic()

    def watch(done: Summary, at: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_EVERY_S:
            last = time.monotonic()
            share = f"{min(at / total, 1):.0%}" if total else ""
            click.echo(f"{done.path}: {done.rows:,} rows, {done.rejected:,} rejected {share}", err=True)

    return watch
