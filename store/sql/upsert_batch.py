"""A batch of rows from a file or a caller, sorted into new, changed and unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

RowT = TypeVar("RowT", bound=tuple[object, ...])


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """Why the row at `index` of the batch stayed out."""

    index: int
    field: str
    reason: str


@dataclass
class UpsertBatch(Generic[RowT]):
    """The outcome of a batch: ids that are new, ids that changed, and how many rows changed something or nothing.

    A later row of the batch builds on an earlier one with the same id.
    """

    stored: Mapping[str, RowT]
    new: dict[str, RowT] = field(default_factory=dict)
    changed: dict[str, RowT] = field(default_factory=dict)
    changes: int = 0
    same: int = 0
    refused: list[RowRefusal] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """Things worth reporting that are no faults, with how often."""

    def add_row(self, key: str, merge: Callable[[RowT | None], RowT]) -> None:
        """Add one row: `merge` builds the new values from the stored ones (None: nothing stored yet)."""
        before = self.new.get(key) or self.changed.get(key) or self.stored.get(key)
        after = merge(before)
        if before is None:
            self.new[key] = after
        elif after == before:
            self.same += 1
        else:
            self.changes += 1
            (self.new if key in self.new else self.changed)[key] = after

    def count_note(self, what: str) -> None:
        """Count something worth reporting."""
        self.notes[what] = self.notes.get(what, 0) + 1

    @property
    def rows(self) -> list[RowT]:
        """Return all rows to write, in the order of their ids: one order for all writers."""
        return [row for _, row in sorted({**self.new, **self.changed}.items())]
