"""What is worth saying of rows that went in: silence would let a shop believe that all of a file counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import BaseModel

from ingest.kinds import LISTS
from ingest.rows import NAME, FileLine, Row, is_null
from ingest.size_notes import describe_size_note, is_size_note
from models.clients import ClientRow

NAMED_SIZES: Final = 10
OTHER_SEPARATORS: Final = frozenset(",;|")
_LISTS: Final = frozenset(LISTS)

NOTES: Final = {
    "blank_rows": "blank rows skipped",
    "retired": "items that the file leaves out are retired",
    "no_stock": "items, but nothing can be recommended: no stock is imported",
    "out_of_stock": "skus that the file leaves out are out of stock",
    "consent_not_stated": "may not be mailed: their consent is not stated (unless they gave it before)",
    "nulls": "with NULL, nan or N/A in a cell: taken as empty",
    "name_left_out": "whose first name is none, such as NULL or an address: left empty",
    "hour_in_quiet_time": "like an hour within the shop's quiet hours: their mail goes when those end",
    "lists_unsplit": "with a list in one piece: lists are parted by {lists}, or by what --lists names",
    "time_zone_assumed": "without a time zone, taken to live in the shop's",
    "held_short": "of which more units are held for Fixes than were counted",
    "refusal_kept": "had refused a purpose, which a file cannot give back (send consent_changed)",
    "withdrawal_kept": "had withdrawn their consent, which a file cannot give back (send consent_changed)",
}
"""What the summary of an import says after the number, by the key of its note."""


def count_notes(rows: Iterable[tuple[FileLine, BaseModel]], lists: str | None) -> Counter[str]:
    """Count what is worth saying of rows and the models made of them."""
    notes: Counter[str] = Counter()
    for line, model in rows:
        if lists and not _LISTS.isdisjoint(line.row) and _holds_unsplit_list(line.row, lists):
            notes["lists_unsplit"] += 1
        notes["nulls"] += bool(lists) and any(is_null(cell) and name != NAME for name, cell in line.row.items())
        if isinstance(model, ClientRow):
            notes["consent_not_stated"] += "consent" not in model.model_fields_set
            notes["name_left_out"] += bool(line.row.get("first_name")) and not model.first_name
    return +notes


def _holds_unsplit_list(row: Row, separator: str) -> bool:
    cells = [cell for name in LISTS if isinstance(cell := row.get(name), str)]
    return any(separator not in cell and not OTHER_SEPARATORS.isdisjoint(cell) for cell in cells)


def describe_notes(notes: Mapping[str, int], new_rows: int, lists: str) -> list[str]:
    """Describe notes, one a line. Of sizes only the most frequent: a wrong column may hold as many as the file rows."""
    sizes = sorted(filter(is_size_note, notes), key=lambda name: (-notes[name], name))
    unnamed = frozenset(sizes[NAMED_SIZES:])
    lines = [describe_note(name, notes[name], new_rows, lists) for name in sorted(notes.keys() - unnamed)]
    if unnamed:
        lines.append(f"{len(unnamed):,} more sizes that the shop does not make under that name (--json names all)")
    return lines


def describe_note(name: str, count: int, new_rows: int, lists: str) -> str:
    """Describe a note in one line; `new_rows`: how many rows of the file went in."""
    if said := describe_size_note(name, count):
        return said
    if name == "consent_not_stated" and count == new_rows:
        return "nobody of these may be mailed: no consent column (unless they consented before)"
    return f"{count:,} {NOTES[name].format(lists=lists)}"
