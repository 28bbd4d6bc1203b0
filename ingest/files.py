"""Importing a file: a batch a transaction, so that a broken run can simply be repeated."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Engine

from errors import BadInput
from ingest.faults import Fault, fault
from ingest.kinds import KINDS, Kind, Moment
from ingest.readers import Line, Source, open_source
from ingest.rejects import Rejects, default_path
from store.database import write_transaction
from store.mail.policy import Terms

BATCH: Final = 20_000

Watcher = Callable[["Summary", int, int], None]
"""Told after each batch: the counts so far, how much of the file is done, and how much there is."""


@dataclass
class Summary:
    """What became of a file. `notes` counts things worth telling that are no faults."""

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

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with the rate in rows a second."""
        return {**asdict(self), "rows_per_s": round(self.rows / self.seconds) if self.seconds else None}


def import_file(
    kind: str,
    path: Path,
    engine: Engine,
    terms: Terms,
    now: datetime,
    real_now: datetime,
    *,
    start: bool = True,
    rejects: Path | None = None,
    watch: Watcher | None = None,
) -> Summary:
    """Import a file of `kind` (a key of KINDS). `now` is business time; `start=False` asks for no workflow.

    Good rows go in, bad ones into the reject file. Raises BadInput when the file cannot be read at all.
    """
    what = KINDS[kind]
    source = open_source(path, what.columns)
    at = Moment(terms, now, real_now, start)
    done = Summary(kind, str(path))
    began = time.perf_counter()
    with Rejects(rejects or default_path(path)) as bad, _patient_collector():
        for batch in _batches(source):
            _import_batch(what, batch, path.suffix.lower() in (".csv", ".parquet"), engine, at, done, bad)
            done.rejected, done.seconds = bad.count, time.perf_counter() - began
            if watch:
                watch(done, source.tell(), source.total)
    if not done.rows:
        raise BadInput("holds no rows", str(path))
    done.rejects = str(bad.path) if bad.count else None
    return done


@contextmanager
def _patient_collector() -> Iterator[None]:
    """A batch makes some hundred thousand objects that die together without cycles: looking through them again and
    again would cost a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _batches(source: Source) -> Iterator[list[Line]]:
    while batch := list(islice(source.lines, BATCH)):
        yield batch


def _import_batch(
    kind: Kind, batch: list[Line], table: bool, engine: Engine, at: Moment, done: Summary, bad: Rejects
) -> None:
    good: list[tuple[Line, Any]] = []
    faults: list[tuple[Line, Fault]] = []
    for line in batch:
        found = line.fault or _parsed(kind, line, table)
        if isinstance(found, Fault):
            faults.append((line, found))
        else:
            good.append((line, found))
    with write_transaction(engine) as connection:
        saved = kind.save(connection, [model for _, model in good], at)
    faults += [(good[index][0], Fault(name, reason)) for index, name, reason in saved.refused]
    for line, why in sorted(faults, key=lambda each: each[0].number):
        bad.add(line, why)
    done.rows += len(batch)
    done.new += saved.new
    done.changed += saved.changed
    done.already_there += saved.same
    for note, times in saved.notes.items():
        done.notes[note] = done.notes.get(note, 0) + times


def _parsed(kind: Kind, line: Line, table: bool) -> Any:
    try:
        return kind.parse(line.row, table)
    except ValidationError as wrong:
        return fault(wrong)
    except BadInput as wrong:
        return Fault(wrong.field or "", wrong.reason)
