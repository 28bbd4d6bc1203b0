"""A row of a file, and the columns that a kind of file has."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from errors import BadInput
from ingest.faults import RowFault

Row = dict[str, Any]


NULLS: Final = frozenset(("NULL", "null", "Null", "(null)", "\\N", "nan", "NaN", "N/A", "n/a", "#N/A"))
"""What databases and spreadsheets write into a table for nothing."""
NAME: Final = "first_name"
"""Has a rule of its own: Nan, written like a name, is one."""


def leave_out_nulls(row: Row, optional: Container[str]) -> Row:
    """Return a row of a table without those of its optional cells that say that there is nothing."""
    empty = [name for name, cell in row.items() if name in optional and name != NAME and is_null(cell)]
    return {name: cell for name, cell in row.items() if name not in empty} if empty else row


def is_null(cell: Any) -> bool:
    """Return whether a cell says that there is nothing."""
    return isinstance(cell, str) and cell.strip() in NULLS


class FileLine(NamedTuple):
    """One row of a file; `number` is the line on which it begins (Parquet: the row), the first is 1.

    `row` leaves out what is empty or null. With a `fault` the row could not be read, and `row` holds what was there.
    """

    number: int
    row: Row
    fault: RowFault | None = None


@dataclass(frozen=True)
class Columns:
    """The columns that a kind of file requires and allows."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    prefix: str = ""
    """Columns that begin with it are allowed too; empty: none."""

    def check(self, names_found: Sequence[str], path: Path, hint: str = "") -> None:
        """Raise BadInput when columns are missing, unknown or repeated; `hint` ends the message."""
        missing = [name for name in self.required if name not in names_found]
        unknown = [name for name in names_found if name not in self.required + self.optional and not self._begins(name)]
        twice = sorted({name for name in names_found if names_found.count(name) > 1})
        for what, names in (("missing", missing), ("unknown", unknown), ("repeated", twice)):
            if names:
                raise BadInput(
                    f"{what} in the header: {', '.join(map(repr, names))} ({self.describe()}){hint}", str(path)
                )

    def _begins(self, name: str) -> bool:
        return bool(self.prefix) and name.startswith(self.prefix)

    def describe(self) -> str:
        """Describe the columns that a header may hold."""
        others = f"; others: {', '.join(self.optional)}" if self.optional else ""
        return f"required: {', '.join(self.required)}{others}"
