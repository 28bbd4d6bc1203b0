"""Imports a file, one transaction a batch, so that an interrupted import can simply be repeated."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.size_table import SizeTable
from errors import BadInput
from ingest.faults import RowFault, find_fault
from ingest.file_format import AS_DOCUMENTED, FileFormat
from ingest.kinds import KINDS, BatchResult, FileKind, ImportContext
from ingest.readers import Source, open_source
from ingest.rejects import RejectFile, choose_default_path
from ingest.row_notes import count_notes
from ingest.rows import FileLine, leave_out_nulls
from ingest.whole_files import WholeFile
from models.actors import Actor, Subject, SubjectKind
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.mail.mailboxes import SharedMailboxes, summarise_shared
from store.mail.policy import ShopPolicy

BATCH: Final = 20_000

Watcher = Callable[["ImportSummary", int, int], None]
"""Called after each batch with the counts so far, how much of the file is done, and how much there is."""


@dataclass
class ImportSummary:
    """What became of a file's rows. `notes` counts things worth reporting that are not faults."""

    kind: str
    path: str
    rows: int = 0
    new: int = 0
    changed: int = 0
    already_there: int = 0
    rejected: int = 0
    seconds: float = 0.0
    rejects: str | None = None
    notes: dict[str, int] = field(default_factory=dict)
    shared_mailboxes: SharedMailboxes | None = None
    """Of the whole shop, after a file of clients; None where no mailbox is shared."""

    def as_dict(self) -> dict[str, Any]:
        """Return the summary for JSON, with the rate in rows a second."""
        return {**asdict(self), "rows_per_s": round(self.rows / self.seconds) if self.seconds else None}


def import_file(
    kind: str,
    path: Path,
    engine: Engine,
    actor: Actor,
    terms: ShopPolicy,
    now: datetime,
    real_now: datetime,
    *,
    start: bool = True,
    rejects: Path | None = None,
    watch: Watcher | None = None,
    written: FileFormat = AS_DOCUMENTED,
    whole: WholeFile | None = None,
    size_table: SizeTable = MappingProxyType({}),
) -> ImportSummary:
    """Import a file of `kind`: good rows go in, bad ones go to the reject file.

    Args:
        kind: a key of KINDS.
        now: business time.
        start: workflows of new clients start at once, not when the shop says go.
        written: what is known of how the file is written.
        size_table: the shop's own sizes, for what is said of those that it does not make.
        whole: the file is all there is: what it leaves out is retired, or goes out of stock.

    Raises:
        NotAllowed.
        BadInput: the file cannot be read at all, or a whole one leaves out more than it may; its rows are in.
    """
    permissions.require(actor, Action.IMPORT_FILE)
    file_kind = KINDS[kind]
    source = open_source(path, file_kind.columns, written)
    lists = None if source.columns is None else written.lists
    context = ImportContext(actor, terms, now, real_now, start, size_table)
    summary = ImportSummary(kind, str(path))
    began = time.perf_counter()
    with RejectFile(rejects or choose_default_path(path)) as bad, _delay_garbage_collection():
        for batch in _split_batches(source):
            _import_batch(file_kind, batch, lists, engine, context, summary, bad)
            if whole is not None:
                whole.note_rows(batch)
            summary.rejected, summary.seconds = bad.count, time.perf_counter() - began
            if watch:
                watch(summary, source.tell(), source.total)
    if blank := source.count_blank_rows():
        summary.notes["blank_rows"] = blank
    if not summary.rows:
        raise BadInput("holds no rows", str(path))
    summary.rejects = str(bad.path) if bad.count else None
    if kind == "clients":
        with read_transaction(engine) as connection:
            summary.shared_mailboxes = summarise_shared(connection) or None
    if whole is not None:
        summary.notes |= whole.drop_absent(engine, actor, now, real_now)
    return summary


@contextmanager
def _delay_garbage_collection() -> Iterator[None]:
    """Run the garbage collector less often inside the block.

    A batch makes less than a million objects without cycles that are freed together; scanning them over and over would
    cost a third of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 10, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _split_batches(source: Source) -> Iterator[list[FileLine]]:
    while batch := list(islice(source.lines, BATCH)):
        yield batch


def _import_batch(
    kind: FileKind,
    batch: list[FileLine],
    lists: str | None,
    engine: Engine,
    context: ImportContext,
    summary: ImportSummary,
    bad: RejectFile,
) -> None:
    good: list[tuple[FileLine, Any]] = []
    faults: list[tuple[FileLine, RowFault]] = []
    for line in batch:
        parsed = line.fault or _parse_line(kind, line, lists)
        if isinstance(parsed, RowFault):
            faults.append((line, parsed))
        else:
            good.append((line, parsed))
    with write_transaction(engine) as connection:
        saved = kind.save(connection, [model for _, model in good], context)
        _record_batch(connection, kind.name, saved, context)
    faults += [(good[index][0], RowFault(name, reason)) for index, name, reason in saved.refused]
    for line, why in sorted(faults, key=lambda pair: pair[0].number):
        bad.add(line, why)
    summary.rows += len(batch)
    summary.new += saved.new
    summary.changed += saved.changed
    summary.already_there += saved.same
    for note, times in (*saved.notes.items(), *count_notes(good, lists).items()):
        summary.notes[note] = summary.notes.get(note, 0) + times


def _record_batch(connection: Connection, kind: str, saved: BatchResult, context: ImportContext) -> None:
    """Put a batch that changed anything on record, with its counts."""
    if saved.new or saved.changed:
        subject = Subject(kind=SubjectKind.DATA, id=kind)
        data = {"new": saved.new, "changed": saved.changed, "refused": len(saved.refused)}
        write_activity(connection, context.actor, Action.IMPORT_FILE, subject, context.now, context.real_now, data)


def _parse_line(kind: FileKind, line: FileLine, lists: str | None) -> Any:
    try:
        return kind.parse(line.row if lists is None else leave_out_nulls(line.row, kind.columns.optional), lists)
    except ValidationError as wrong:
        return find_fault(wrong)
    except BadInput as wrong:
        return RowFault(wrong.field or "", wrong.reason)
