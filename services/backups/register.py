"""The register beside the backups: a file a day, a line an entry, so that what was erased, refused or sent after the
last backup is known when the store is lost. It holds keyed hashes, states and times; no id, name or address."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO, Final

import orjson

from errors import ConfigError, Unavailable
from store.backups.register_rows import Entry

PREFIX: Final = "register-"
WRITTEN_AT: Final = "t"
"""The field of a line that says when it was written, real time."""
SEEN: Final = "register.seen"
"""Tells until when the register is complete, and up to which step of the mails."""


_NEVER: Final = ("", b"")


class Register:
    """The register in one folder. Several processes may write to it; of one client, mailbox or mail the last counts.
    It is read when the first entry is written. A mail is known for `kept` after its last entry; a step after that is
    written again, whatever it is."""

    def __init__(self, folder: Path, kept: timedelta = timedelta(days=30)) -> None:
        self.folder, self._kept = folder, kept
        self._last: dict[str, tuple[str, bytes]] | None = None
        self._forgot_on = ""

    def write(self, entries: Iterable[Entry], real_now: datetime, step: int) -> int:
        """Write the entries that changed, note that all up to `real_now` is there, and return how many there were.
        Raises Unavailable when the folder cannot be written to."""
        digests = {_identify(entry): (_digest(entry), entry) for entry in entries}
        today = _format_day(real_now)
        try:
            last = self._load_last(real_now) if digests else {}
            fresh = {name: pair for name, pair in digests.items() if last.get(name, _NEVER)[1] != pair[0]}
            if fresh:
                self._append([entry for _, entry in fresh.values()], real_now)
            self._note(real_now, step)
        except OSError as refused:
            raise Unavailable(f"SELVEDGE_BACKUP_FOLDER: the register cannot be written: {refused.strerror}") from None
        last |= {name: (today, digest) for name, (digest, _) in fresh.items()}
        return len(fresh)

    def list_entries(self) -> Iterator[dict[str, Any]]:
        """List all entries, the oldest first. Raises ConfigError naming a line that cannot be read."""
        for line in self._read_lines():
            try:
                yield orjson.loads(line)
            except ValueError:
                raise ConfigError(f"SELVEDGE_BACKUP_FOLDER: a broken register in {self.folder}") from None

    def _load_last(self, real_now: datetime) -> dict[str, tuple[str, bytes]]:
        """Load the day and digest of the last entry of each, without mails that have been silent for long."""
        today, oldest = _format_day(real_now), _format_day(real_now - self._kept)
        if self._last is None:
            self._last = {}
            for entry in self.list_entries():
                day = _format_day(datetime.fromisoformat(entry.pop(WRITTEN_AT)))
                if day >= oldest or entry["kind"] != "mail":
                    self._last[_identify(entry)] = day, _digest(entry)
        elif self._forgot_on != today:
            known = self._last.items()
            self._last = {name: pair for name, pair in known if pair[0] >= oldest or not name.startswith("mail:")}
        self._forgot_on = today
        return self._last

    def _append(self, entries: Iterable[Entry], real_now: datetime) -> None:
        written_at = real_now.isoformat()
        block = b"".join(orjson.dumps({**entry, WRITTEN_AT: written_at}) + b"\n" for entry in entries)
        path = self.folder / f"{PREFIX}{_format_day(real_now)}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _write_all(file, block if _ends_a_line(path) else b"\n" + block)

    def _note(self, real_now: datetime, step: int) -> None:
        descriptor, name = mkstemp(prefix=f".{SEEN}.", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _write_all(file, orjson.dumps({"at": real_now.isoformat(), "step": step}))
            Path(name).replace(self.folder / SEEN)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _read_lines(self) -> Iterator[bytes]:
        """Read all whole lines; what a kill left unfinished is no line, and was written again."""
        for path in _list_files(self.folder):
            with path.open("rb") as file:
                for line in file:
                    if line.startswith(b"{") and line.endswith(b"}\n"):
                        yield line


def load_seen(folder: Path) -> tuple[datetime, int] | None:
    """Load until when the register in `folder` is complete and up to which step, without reading it."""
    try:
        seen = orjson.loads((folder / SEEN).read_bytes())
        return datetime.fromisoformat(seen["at"]), int(seen["step"])
    except (OSError, ValueError, KeyError):
        return None


def prune(folder: Path, before: datetime) -> None:
    """Delete the files of days before `before`, of which every backup that is kept knows more."""
    for path in _list_files(folder):
        if path.stem.removeprefix(PREFIX) < _format_day(before):
            path.unlink(missing_ok=True)
    for path in folder.glob(f".{SEEN}.*"):  # left by a kill
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def _list_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*.jsonl"))


def _format_day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _write_all(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _identify(entry: Entry) -> str:
    return f"{entry['kind']}:{entry['key']}:{entry.get('n', '')}"


def _digest(entry: Entry) -> bytes:
    return blake2b(orjson.dumps(entry), digest_size=12).digest()
