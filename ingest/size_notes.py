"""What is worth saying of the sizes that clients of a file wear: which have another name in the shop, which none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from domain.size_table import SizeTable, translate_size
from domain.sizes import fold_size
from models.clients import ClientRow

MAPPED: Final = "size_taken_for"
UNKNOWN: Final = "size_unknown"


def count_size_notes(rows: Iterable[ClientRow], made_sizes: AbstractSet[str], table: SizeTable) -> dict[str, int]:
    """Count the sizes of rows that the shop does not make under that name; none before it has a catalogue."""
    if not made_sizes:
        return {}
    worn = Counter(size for row in rows for size in row.sizes if fold_size(size) not in made_sizes | {""})
    notes: dict[str, int] = {}
    for size, count in worn.items():
        made = translate_size(size, made_sizes, table)
        notes[f"{MAPPED}:{size}:{made}" if made else f"{UNKNOWN}:{size}"] = count
    return notes


def is_size_note(name: str) -> bool:
    """Return whether a note is about a size."""
    return name.partition(":")[0] in (MAPPED, UNKNOWN)


def describe_size_note(name: str, count: int) -> str | None:
    """Describe such a note in one line; None for another one."""
    kind, _, rest = name.partition(":")
    size, _, made = rest.rpartition(":")
    if kind == MAPPED:
        return f"{count:,} state the size {size}, taken for {made.upper()}"
    if kind == UNKNOWN:
        return f"{count:,} state the size {rest}, which nothing comes in: it is left aside (SELVEDGE_SIZE_TABLE)"
    return None
