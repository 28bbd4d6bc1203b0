"""What a client's last boxes held."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from domain.histories import normalise_word
from models.base import ClientId
from models.fixes import ItemState
from store.tables import fix_items, fixes

LATEST: Final = timedelta(days=180)
_SENT: Final = (ItemState.SOLD, ItemState.KEPT, ItemState.RETURNED)


def list_past_pieces(connection: Connection, client_id: ClientId, now: datetime) -> list[tuple[str, str]]:
    """List category and colour, normalised, of each piece that was sent to the client in the last half year."""
    query = (
        select(fix_items.c.category, fix_items.c.colour)
        .join(fixes, fixes.c.fix_id == fix_items.c.fix_id)
        .where(fixes.c.client_id == client_id, fixes.c.shipped_at > now - LATEST, fix_items.c.state.in_(_SENT))
    )
    return [(normalise_word(category), normalise_word(colour)) for category, colour in connection.execute(query)]
