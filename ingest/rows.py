"""A row of a file, and the columns that a kind of file has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from errors import BadInput
from ingest.faults import RowFault

Row = dict[str, Any]


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

    def check(self, names_found: Sequence[str], path: Path, hint: str = "") -> None:
        """Raise BadInput when columns are missing, unknown or repeated; `hint` ends the message."""
        missing = [name for name in self.required if name not in names_found]
        unknown = [name for name in names_found if name not in self.required + self.optional]
        twice = sorted({name for name in names_found if names_found.count(name) > 1})
        for what, names in (("missing", missing), ("unknown", unknown), ("repeated", twice)):
            if names:
                raise BadInput(
                    f"{what} in the header: {', '.join(map(repr, names))} ({self.describe()}){hint}", str(path)
                )

    def describe(self) -> str:
        """Describe the columns that a header may hold."""
        others = f"; others: {', '.join(self.optional)}" if self.optional else ""
        return f"required: {', '.join(self.required)}{others}"
