"""Putting rows that a file or a caller states in the place of what is stored: new, changed, or the same as before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Kept = TypeVar("Kept", bound=tuple[object, ...])


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """Why the row at `index` of the batch stayed out."""

    index: int
    field: str
    reason: str


@dataclass
class Put(Generic[Kept]):
    """What became of a batch: ids that are new, ids that changed, and how many rows changed something or nothing.

    A later row of the batch builds on an earlier one with the same id.
    """

    stored: Mapping[str, Kept]
    new: dict[str, Kept] = field(default_factory=dict)
    changed: dict[str, Kept] = field(default_factory=dict)
    changes: int = 0
    same: int = 0
    refused: list[RowRefusal] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """Things worth telling that are no faults, with how often."""

    def state(self, key: str, merged: Callable[[Kept | None], Kept]) -> None:
        """One row: `merged` makes what is to be kept from what is kept now (None: nothing yet)."""
        before = self.new.get(key) or self.changed.get(key) or self.stored.get(key)
        after = merged(before)
        if before is None:
            self.new[key] = after
        elif after == before:
            self.same += 1
        else:
            self.changes += 1
            (self.new if key in self.new else self.changed)[key] = after

    def note(self, what: str) -> None:
        """Count something worth telling."""
        self.notes[what] = self.notes.get(what, 0) + 1

    @property
    def rows(self) -> list[Kept]:
        """All rows to write, in the order of their ids: one order for all writers."""
        return [row for _, row in sorted({**self.new, **self.changed}.items())]
