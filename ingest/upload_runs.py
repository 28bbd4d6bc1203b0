"""Takes in a file that was sent in: looks at it first, then imports it beside the pages, and says how far it is."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from domain.size_table import SizeTable
from errors import BadInput, SelvedgeError
from ingest.faults import RowFault, find_fault
from ingest.files import ImportSummary, import_file
from ingest.guesses import build_format, list_unassigned, read_head
from ingest.kinds import KINDS
from ingest.readers import open_source
from ingest.rows import FileLine, leave_out_nulls
from ingest.uploads import Uploads, parse_format
from ingest.whole_files import WholeFile
from models.actors import Actor, Subject, SubjectKind
from models.imports import ImportJob, ImportState
from services.goods.size_tables import load_size_table
from settings import Settings
from store.activity import write_activity
from store.database import write_transaction
from store.mail.policy import ShopPolicy

log = logging.getLogger(__name__)

SHOWN: Final = 8
HELD_S: Final = 5.0
"""Seconds within which a thread that was started holds its import."""
CHECKED: Final = 1_000
"""Rows of which it is said beforehand how many would be refused."""


@dataclass(frozen=True)
class FileLook:
    """What a file looks like before anything is in: its columns, first rows, and what would be refused of the first
    `checked` rows and why."""

    names: Sequence[str]
    rows: Sequence[FileLine]
    checked: int
    refused: int
    faults: Sequence[tuple[RowFault, int]]


def look_at_file(uploads: Uploads, job: ImportJob) -> FileLook:
    """Look at the beginning of a file as its columns are assigned. Raises BadInput where it cannot be read."""
    path, written = uploads.find_file(job), parse_format(job)
    names, rows = read_head(path, written, SHOWN)
    if list_unassigned(job.kind, job.columns):
        return FileLook(names, rows, 0, 0, ())
    kind = KINDS[job.kind]
    source = open_source(path, kind.columns, build_format(path, written, names, job.columns))
    lists, faults, checked = (None if source.columns is None else written.lists), Counter[RowFault](), 0
    for checked, line in enumerate(source.lines, 1):
        if fault := line.fault or _find_fault(job, line, lists):
            faults[fault] += 1
        if checked == CHECKED:
            break
    return FileLook(names, rows, checked, faults.total(), faults.most_common(5))


def _find_fault(job: ImportJob, line: FileLine, lists: str | None) -> RowFault | None:
    kind = KINDS[job.kind]
    try:
        kind.parse(line.row if lists is None else leave_out_nulls(line.row, kind.columns.optional), lists)
    except ValidationError as wrong:
        return find_fault(wrong)
    except BadInput as wrong:
        return RowFault(wrong.field or "", wrong.reason)
    return None


def forget_upload(
    engine: Engine, uploads: Uploads, job: ImportJob, actor: Actor, now: datetime, real_now: datetime
) -> None:
    """Forget an import before its time. That of somebody else is put on record. Raises NotAllowed."""
    permissions.require(actor, Action.IMPORT_FILE)
    if job.by != actor.who:
        subject = Subject(kind=SubjectKind.DATA, id=job.kind)
        with write_transaction(engine) as connection:
            data = {"forgotten": job.import_id, "state": job.state, "sent_by": job.by}
            write_activity(connection, actor, Action.IMPORT_FILE, subject, now, real_now, data)
    uploads.forget(job.import_id)


class UploadRun:
    """Imports files beside what else the process does, each in a thread of its own."""

    def __init__(self, engine: Engine, settings: Settings, clock: Callable[[], tuple[datetime, datetime]]) -> None:
        self._engine, self._settings, self._clock = engine, settings, clock
        self._uploads = Uploads(settings.home)

    def start(self, job: ImportJob, actor: Actor) -> threading.Thread:
        """Start or take up an import. Raises NotAllowed; BadInput naming the columns that are missing."""
        permissions.require(actor, Action.IMPORT_FILE)
        if missing := list_unassigned(job.kind, job.columns):
            raise BadInput(f"choose the column of the file for {', '.join(missing)}", f"column.{missing[0]}")
        if twice := [name for name, count in Counter(job.columns.values()).items() if count > 1]:
            raise BadInput(f"{twice[0]} is chosen twice", "columns")
        names, _ = read_head(self._uploads.find_file(job), parse_format(job), 1)
        running = self._uploads.put(job.model_copy(update={"state": ImportState.RUNNING, "reason": ""}))
        held = threading.Event()
        thread = threading.Thread(target=self._run, args=(running, actor, names, held), daemon=True, name="import")
        thread.start()
        held.wait(HELD_S)
        return thread

    def _run(self, job: ImportJob, actor: Actor, names: Sequence[str], held: threading.Event) -> None:
        with self._uploads.hold(job) as free:
            held.set()
            if not free:
                return
            try:
                summary = self._import(job, actor, names)
                ended = job.model_copy(update={"state": ImportState.DONE, "summary": summary.as_dict()})
            except (SelvedgeError, OSError) as wrong:
                ended = self._fail(job, wrong.reason if isinstance(wrong, BadInput) else str(wrong))
            except Exception as fault:
                log.error("an import ended by a fault of ours: %s", type(fault).__name__)
                ended = self._fail(job, f"something broke on our side ({type(fault).__name__})")
            self._uploads.put(ended)
            if ended.state is ImportState.DONE:
                self._uploads.delete_rows(job)

    def _fail(self, job: ImportJob, reason: str) -> ImportJob:
        return self._uploads.load(job.import_id).model_copy(update={"state": ImportState.FAILED, "reason": reason})

    def _import(self, job: ImportJob, actor: Actor, names: Sequence[str]) -> ImportSummary:
        def watch(summary: ImportSummary, at: int, total: int) -> None:
            counts: Mapping[str, Any] = {"summary": summary.as_dict(), "progress": min(at, total), "total": total}
            self._uploads.put(job.model_copy(update=counts))

        size_table: SizeTable = load_size_table(self._settings.size_table)
        now, real_now = self._clock()
        path = self._uploads.find_file(job)
        return import_file(
            job.kind,
            path,
            self._engine,
            actor,
            ShopPolicy.from_settings(self._settings),
            now,
            real_now,
            start=job.start,
            rejects=self._uploads.get_rejects(job),
            watch=watch,
            written=build_format(path, parse_format(job), names, job.columns),
            whole=WholeFile(job.kind, job.confirmed) if job.whole else None,
            size_table=size_table,
        )
