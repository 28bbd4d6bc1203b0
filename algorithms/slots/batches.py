"""How many clients are asked about in one call, and how long the call may take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

CHUNK: Final = 50
"""Questions in one call. More make a late answer cost more clients, fewer make calls dearer."""
AT_ONCE: Final = 5
"""So many questions of a batch are to be answered in the time of one."""

Item = TypeVar("Item")


def compute_batch_seconds(seconds: float, count: int) -> float:
    """Compute the deadline in seconds of a call with `count` questions, where one question alone has `seconds`.

    A call of 50 questions has ten times as long as a call of one.
    """
    return seconds * max(1.0, count / AT_ONCE)


def split_into_chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """Yield the items in their order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
