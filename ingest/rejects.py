"""Writes the reject file: one JSON object a bad row, with its line, the field, the reason and the row as read."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from errors import BadInput
from ingest.faults import RowFault
from ingest.rows import FileLine


def choose_default_path(source: Path) -> Path:
    """Choose a path beside the source; in the working folder when the source's folder cannot be written to."""
    name = f"{source.name}.rejects.jsonl"
    return source.parent / name if os.access(source.parent, os.W_OK) else Path(name)


class RejectFile:
    """A file of bad rows, opened at the first one. An import without any leaves no file, and removes an earlier one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> RejectFile:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as refused:
            raise self._build_refusal(refused) from None
        return self

    def add(self, line: FileLine, fault: RowFault) -> None:
        """Add one bad row."""
        if self._file is None:
            self._file = self._open()
        self.count += 1
        self._file.write(
            _encode_entry({"line": line.number, "field": fault.field, "reason": fault.reason, "row": line.row})
        )

    def _open(self) -> IO[bytes]:
        try:
            # What clients are called is nobody else's business on this machine.
            return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        except OSError as refused:
            raise self._build_refusal(refused) from None

    def _build_refusal(self, refused: OSError) -> BadInput:
        return BadInput(f"cannot be written: {refused.strerror}; name another with --rejects", str(self.path))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _encode_entry(entry: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(entry, default=str) + b"\n"
    except TypeError:  # bytes that are not UTF-8 stand in the row as surrogates, which JSON does not have
        escaped = {_escape_cell(name): _escape_cell(cell) for name, cell in entry["row"].items()}
        return orjson.dumps({**entry, "row": escaped}, default=str) + b"\n"


def _escape_cell(cell: Any) -> Any:
    r"""Escape bytes that are not UTF-8, as `\xe9`."""
    if not isinstance(cell, str):
        return cell
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
