"""The register beside the backups: a file a day, a line an entry, so that what was erased, refused or sent after the
last backup is known when the store is lost. It holds keyed hashes, states and times; no id, name or address."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from errors import ConfigError, Unavailable
from store.backups.register_rows import Entry

PREFIX: Final = "register-"
WRITTEN_AT: Final = "t"
"""The field of a line that says when it was written, real time."""
SEEN: Final = "register.seen"
"""Tells until when the register is complete, and up to which step of the mails."""


class Register:
    """The register in one folder. Several processes may write to it; of one client, mailbox or mail the last counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: dict[str, bytes] = {}
        for entry in self.list_entries():
            entry.pop(WRITTEN_AT)
            self._last[_identify(entry)] = _digest(entry)

    def write(self, entries: Iterable[Entry], real_now: datetime, step: int) -> int:
        """Write the entries that changed, note that all up to `real_now` is there, and return how many there were.
        Raises Unavailable when the folder cannot be written to."""
        digests = {_identify(entry): (_digest(entry), entry) for entry in entries}
        fresh = {name: pair for name, pair in digests.items() if self._last.get(name) != pair[0]}
        try:
            if fresh:
                self._append([entry for _, entry in fresh.values()], real_now)
            self._note(real_now, step)
        except OSError as refused:
            raise Unavailable(f"SELVEDGE_BACKUP_FOLDER: the register cannot be written: {refused.strerror}") from None
        self._last |= {name: digest for name, (digest, _) in fresh.items()}
        return len(fresh)

    def load_seen(self) -> tuple[datetime, int] | None:
        """Load until when the register is complete and up to which step; None for one that was never written."""
        return load_seen(self.folder)

    def list_entries(self) -> Iterator[dict[str, Any]]:
        """List all entries, the oldest first. Raises ConfigError naming a line that cannot be read."""
        for line in self._read_lines():
            try:
                yield orjson.loads(line)
            except ValueError:
                raise ConfigError(f"SELVEDGE_BACKUP_FOLDER: a broken register in {self.folder}") from None

    def prune(self, before: datetime) -> None:
        """Delete the files of days before `before`, of which every backup that is kept knows more."""
        for path in self._list_files():
            if path.stem.removeprefix(PREFIX) < f"{before:%Y-%m-%d}":
                path.unlink(missing_ok=True)

    def _append(self, entries: Iterable[Entry], real_now: datetime) -> None:
        written_at = real_now.isoformat()
        block = b"".join(orjson.dumps({**entry, WRITTEN_AT: written_at}) + b"\n" for entry in entries)
        path = self.folder / f"{PREFIX}{real_now.astimezone(UTC):%Y-%m-%d}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(descriptor, block if _ends_a_line(path) else b"\n" + block)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _note(self, real_now: datetime, step: int) -> None:
        fresh = self.folder / f".{SEEN}.{os.getpid()}"
        fresh.write_bytes(orjson.dumps({"at": real_now.isoformat(), "step": step}))
        fresh.replace(self.folder / SEEN)

    def _list_files(self) -> list[Path]:
        return sorted(self.folder.glob(f"{PREFIX}*.jsonl"))

    def _read_lines(self) -> Iterator[bytes]:
        """Read all whole lines; what a kill left unfinished is no line, and was written again."""
        for path in self._list_files():
            for line in path.read_bytes().split(b"\n"):
                if line.startswith(b"{") and line.endswith(b"}"):
                    yield line


def load_seen(folder: Path) -> tuple[datetime, int] | None:
    """Load until when the register in `folder` is complete and up to which step, without reading it."""
    try:
        seen = orjson.loads((folder / SEEN).read_bytes())
        return datetime.fromisoformat(seen["at"]), int(seen["step"])
    except (OSError, ValueError, KeyError):
        return None


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
