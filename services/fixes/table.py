"""What a stylist needs beside a box: the client at a glance, the place in the queue, and their own keep rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Engine

from models.base import ClientId
from models.fixes import FixId, FixState
from store.clients.lists import ClientSummary, list_summaries
from store.database import read_transaction
from store.fixes import lists
from store.fixes.past_boxes import KeepCount, PastPiece, count_kept, list_judged_pieces

FARTHEST: Final = 1_000


class FixQueuePlace(NamedTuple):
    """Where a Fix stands among those to decide, the most urgent first: its position from 1 (0: it is decided), how many
    wait, and its neighbours."""

    position: int
    waiting: int
    before: FixId | None
    following: FixId | None


class ClientGlance(NamedTuple):
    """A client in a few lines: who they are, and what they kept and returned."""

    client: ClientSummary | None
    kept: KeepCount
    pieces: Sequence[PastPiece]


def find_queue_place(engine: Engine, fix_id: FixId) -> FixQueuePlace:
    """Find the place of a Fix among those that wait for a decision."""
    with read_transaction(engine) as connection:
        ids = [row.fix_id for row in lists.list_summaries(connection, FixState.PROPOSED, FARTHEST)]
    if fix_id not in ids:
        return FixQueuePlace(0, len(ids), None, ids[0] if ids else None)
    at = ids.index(fix_id)
    return FixQueuePlace(at + 1, len(ids), ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None)


def load_glance(engine: Engine, client_id: ClientId) -> ClientGlance:
    """Load what a stylist looks at first of a client."""
    with read_transaction(engine) as connection:
        found = list_summaries(connection, [client_id])
        pieces = list_judged_pieces(connection, client_id)
        return ClientGlance(found[0] if found else None, count_kept(connection, client_id), pieces)


def load_own_keep_rate(engine: Engine, stylist: str) -> KeepCount:
    """Load how many pieces were kept of the boxes that a stylist let out."""
    with read_transaction(engine) as connection:
        return count_kept(connection, decided_by=stylist)
