"""Reads CSV as rows with their line numbers. A stray quote costs its own line, and blank rows are counted."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from errors import BadInput
from ingest.faults import RowFault
from ingest.file_format import FileFormat
from ingest.rows import Columns, FileLine, Row

SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n?")
"""The first line by which Excel names a delimiter."""
UNCLOSED: Final = "opens a quote that is never closed"


class CsvReader:
    """One pass over a CSV file.

    Attributes:
        characters: how many were read.
        blank_rows: rows whose cells are all empty, as spreadsheets leave them; they are skipped.
    """

    def __init__(self, path: Path, columns: Columns, written: FileFormat) -> None:
        if written.encoding is None:
            require_text(path, _suggest_encoding(path))
        self._path, self._written = path, written
        self._delimiter = written.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
        self.characters = self.blank_rows = 0
        self._lines = self._read_lines()
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._number = 1
        self.header = self._read_header(columns)

    def _read_lines(self) -> Iterator[str]:
        # Bytes that are not of the encoding become surrogates, so that one bad byte costs one row.
        encoding = self._written.encoding or "utf-8-sig"
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        with self._path.open(encoding=encoding, errors=errors, newline="") as file:
            for text in file:
                self.characters += len(text)
                yield text

    def _read_header(self, columns: Columns) -> list[str]:
        first = next(self._lines, "")
        if named := SEPARATOR_LINE.fullmatch(first):
            self._number, self._delimiter, first = 2, self._written.delimiter or named[1], next(self._lines, "")
        self._again.append(first)
        try:
            cells = next(self._parse(), [])
        except csv.Error as wrong:
            raise BadInput(f"is not CSV: {wrong}", str(self._path)) from None
        self._finish_row()
        names = self._written.rename([name.strip() for name in cells])
        read = names if not self._written.left_out else [name for name in names if name]
        columns.check(read, self._path, _suggest_delimiter(names))
        return names

    def read_rows(self) -> Iterator[FileLine]:
        """Read the rows after the header."""
        while True:
            try:
                for cells in self._parse():
                    yield from self._read_row(cells)
            except csv.Error as wrong:
                one_line = len(self._taken) < 2
                yield self._refuse_quote(f"is not CSV: {wrong}" if one_line else UNCLOSED)
                continue
            if not self._again:
                return

    def _parse(self) -> Iterator[list[str]]:
        return iter(csv.reader(self._feed(), delimiter=self._delimiter))

    def _feed(self) -> Iterator[str]:
        while True:
            text = self._again.popleft() if self._again else next(self._lines, None)
            if text is None:
                return
            self._taken.append(text)
            yield text

    def _read_row(self, cells: list[str]) -> Iterator[FileLine]:
        width = len(self.header)
        if self._may_hold_stray_quote() and self._holds_stray_quote(cells, width):
            yield self._refuse_quote(UNCLOSED)
            return
        number = self._finish_row()
        if not any(map(str.strip, cells)):
            self.blank_rows += bool(cells)
        elif len(cells) == width or (not any(map(str.strip, cells[width:])) and len(cells) > width):
            yield FileLine(number, self._name_cells(cells))
        else:
            fault = RowFault("", f"has {len(cells)} cells where the header has {width}")
            yield FileLine(number, self._name_cells(cells), fault)

    def _name_cells(self, cells: list[str]) -> Row:
        return {name: cell for name, cell in zip(self.header, cells, strict=False) if cell and name}

    def _may_hold_stray_quote(self) -> bool:
        """Return whether a row lies over several lines, or ends the file within a quote."""
        return len(self._taken) > 1 or self._taken[0].count('"') % 2 == 1

    def _holds_stray_quote(self, cells: list[str], width: int) -> bool:
        """Return whether such a row is no text with line breaks, but a quote that swallowed rows or is not closed."""
        try:
            list(csv.reader(self._taken, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return True
        return len(self._taken) > 1 and (
            len(cells) != width or any(self._count_cells(line) == width for line in self._taken[1:])
        )

    def _count_cells(self, line: str) -> int:
        return len(next(csv.reader([line], delimiter=self._delimiter), []))

    def _refuse_quote(self, reason: str) -> FileLine:
        """Refuse the line that opened the quote, and put the lines that it swallowed back to be read as rows."""
        first, *swallowed = self._taken
        self._again.extendleft(reversed(swallowed))
        self._taken.clear()
        number, self._number = self._number, self._number + 1
        if swallowed:
            reason += f"; it swallowed the next {len(swallowed):,} lines, which were read again as rows"
        return FileLine(number, {"text": first.rstrip("\r\n")[:2_000]}, RowFault("", reason))

    def _finish_row(self) -> int:
        number, self._number = self._number, self._number + len(self._taken)
        self._taken.clear()
        return number


def require_text(path: Path, hint: str = "save it anew as 'CSV UTF-8'") -> None:
    """Raise BadInput unless the first line of `path` is UTF-8; spreadsheets also write UTF-16 and older encodings."""
    with path.open("rb") as file:
        first = file.readline(1_000_000)
    try:
        first.decode()
    except UnicodeDecodeError:
        raise BadInput(f"is not UTF-8; {hint}", str(path)) from None


def _suggest_encoding(path: Path) -> str:
    with path.open("rb") as file:
        marked = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    return f"it looks like {'utf-16' if marked else 'cp1252'}: add --encoding {'utf-16' if marked else 'cp1252'}"


def _suggest_delimiter(names: list[str]) -> str:
    if len(names) != 1:
        return ""
    marks: dict[Any, str] = {";": "';'", "\t": "tab", "|": "'|'"}
    found = [name for mark, name in marks.items() if mark in names[0]]
    return f"; its cells look parted by {found[0]}: add --delimiter {found[0]}" if found else ""
