"""Files that people send in to be imported, each in a folder of its own below SELVEDGE_HOME, with what is known of it.

Whoever imports one holds its lock: where the process died, nobody does, and the import can be taken up again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

import orjson

from errors import BadInput, NotFound, TooLarge
from ingest.file_format import FileFormat
from ingest.guesses import guess_format, propose_columns, read_head
from models.imports import ImportJob, ImportKind

FOLDER: Final = "imports"
LARGEST: Final = 250_000_000
"""Bytes of a file that is sent in by page; the command takes any."""
KEPT: Final = timedelta(days=7)
"""How long a report is kept, and a file of which nobody confirmed the columns."""
ENDINGS: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
PIECE: Final = 1 << 20


class Uploads:
    """The files that were sent in."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def save(self, kind: ImportKind, name: str, content: BinaryIO, by: str, now: datetime) -> ImportJob:
        """Save a file and guess how it is written. Raises BadInput, TooLarge."""
        ending = Path(name).suffix.lower()
        if ending not in ENDINGS:
            raise BadInput(f"must be a file whose name ends in {', '.join(ENDINGS)}", "file")
        self.forget_old(now)
        import_id = token_hex(8)
        folder = self._folder / import_id
        folder.mkdir(mode=0o700, parents=True)
        try:
            path = folder / f"file{ending}"
            size = _copy(content, path)
            job = ImportJob(import_id=import_id, kind=kind, name=Path(name).name[-120:], size=size, by=by, at=now)
            return self.put(_guess(job, path))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def load(self, import_id: str) -> ImportJob:
        """Load what is known of an import. Raises NotFound."""
        try:
            return ImportJob.model_validate(orjson.loads(self._find(import_id, "job.json").read_bytes()))
        except FileNotFoundError:
            raise NotFound("no import has this id, or it was forgotten", "import_id") from None

    def put(self, job: ImportJob) -> ImportJob:
        """Save what is known of an import, whole or not at all."""
        path = self._find(job.import_id, "job.json")
        fresh = path.with_suffix(f".{token_hex(4)}")
        fresh.write_bytes(orjson.dumps(job.model_dump(mode="json")))
        fresh.replace(path)
        return job

    def list_jobs(self) -> list[ImportJob]:
        """List the imports, the latest first."""
        if not self._folder.exists():
            return []
        jobs = [self.load(path.parent.name) for path in self._folder.glob("*/job.json")]
        return sorted(jobs, key=lambda job: (job.at, job.import_id), reverse=True)

    def find_file(self, job: ImportJob) -> Path:
        """Find the file of an import. Raises NotFound where it was taken in, and so deleted."""
        found = [path for path in self._find(job.import_id, "").glob("file.*") if path.suffix in ENDINGS]
        if not found:
            raise NotFound("this file was taken in, and is deleted", "import_id")
        return found[0]

    def get_rejects(self, job: ImportJob) -> Path:
        """Return where its bad rows are listed, if there are any."""
        return self._find(job.import_id, "rejects.jsonl")

    def delete_rows(self, job: ImportJob) -> None:
        """Delete the file and, of its bad rows, what they hold: line, field and reason stay for the report."""
        rejects = self.get_rejects(job)
        if rejects.exists():
            fresh = rejects.with_suffix(f".{token_hex(4)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                for line, field, reason in list_rejects(rejects):
                    file.write(orjson.dumps({"line": line, "field": field, "reason": reason}) + b"\n")
            fresh.replace(rejects)
        self.find_file(job).unlink(missing_ok=True)

    def forget(self, import_id: str) -> None:
        """Delete an import and its report."""
        shutil.rmtree(self._find(import_id, ""), ignore_errors=True)

    def forget_old(self, real_now: datetime) -> None:
        """Forget imports that were sent in long ago, and what a process that died while it saved a file left."""
        for folder in self._folder.glob("*"):
            try:
                job = self.load(folder.name)
                old = real_now - job.at > KEPT and not self.is_held(job)
            except (NotFound, ValueError):  # without a job there is no other date
                old = real_now.timestamp() - folder.stat().st_mtime > KEPT.total_seconds()
            if old:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def hold(self, job: ImportJob) -> Iterator[bool]:
        """Hold an import; False where somebody else does."""
        with self._find(job.import_id, "lock").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                yield True

    def is_held(self, job: ImportJob) -> bool:
        """Return whether somebody imports it now."""
        with self.hold(job) as free:
            return not free

    def _find(self, import_id: str, name: str) -> Path:
        if not import_id.isalnum():
            raise NotFound("no import has this id, or it was forgotten", "import_id")
        return self._folder / import_id / name


def _copy(content: BinaryIO, path: Path) -> int:
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        while piece := content.read(PIECE):
            size += len(piece)
            if size > LARGEST:
                raise TooLarge(f"is over {LARGEST:,} bytes; `selvedge import` takes larger files", "file")
            file.write(piece)
    if not size:
        raise BadInput("is empty", "file")
    return size


def _guess(job: ImportJob, path: Path) -> ImportJob:
    """Note how the file seems to be written, and which columns seem to be ours. A file that cannot be read waits for a
    person to say how it is written."""
    written = guess_format(path)
    values = {"delimiter": written.delimiter or "", "encoding": written.encoding or ""}
    try:
        names, _ = read_head(path, written, 50)
    except BadInput:
        return job.model_copy(update=values)
    return job.model_copy(update={**values, "columns": propose_columns(job.kind, names)})


def parse_format(job: ImportJob) -> FileFormat:
    """Parse how a person says that the file is written. Raises BadInput naming the field."""
    try:
        return FileFormat.parse(job.delimiter or None, job.encoding or None, job.lists or None, ())
    except BadInput as wrong:
        raise BadInput(wrong.reason, (wrong.field or "").removeprefix("--")) from None


def list_rejects(path: Path) -> Iterator[tuple[int, str, str]]:
    """List the bad rows of an import: line, field and reason."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for text in file:
            entry = orjson.loads(text)
            yield entry["line"], entry["field"], entry["reason"]


def write_rejects(path: Path) -> Iterable[tuple[object, ...]]:
    """Write the bad rows of an import as rows of a table, header first."""
    yield ("line", "field", "reason")
    yield from list_rejects(path)
