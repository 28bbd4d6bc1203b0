"""How far streams were taken in. The offset moves in the transaction of the rows, so that each message counts once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from store.sql.bulk import insert_ignoring
from store.tables import stream_offsets

Part = tuple[str, int]
"""A topic and the number of a partition."""


def load_offsets(connection: Connection, parts: Iterable[Part]) -> dict[Part, int]:
    """Load the offset of the next message of each part; 0 for one that was never read."""
    wanted = set(parts)
    topics = {topic for topic, _ in wanted}
    query = select(stream_offsets).where(stream_offsets.c.topic.in_(topics))
    stored = {(row.topic, row.part): int(row.following) for row in connection.execute(query)}
    return {part: stored.get(part, 0) for part in sorted(wanted)}


def move_offset(connection: Connection, part: Part, position: int, following: int) -> bool:
    """Move the offset of a part from `position`; False when somebody else has moved it meanwhile, and whoever asks does
    not read this part any more. Holds the row until the transaction ends."""
    c = stream_offsets.c
    if position == 0:
        insert_ignoring(connection, stream_offsets, [{"topic": part[0], "part": part[1], "following": 0}])
    moved = connection.execute(
        update(stream_offsets)
        .where(c.topic == part[0], c.part == part[1], c.following == position)
        .values(following=following)
    )
    return moved.rowcount == 1
