"""The pieces that the shop's own page shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from models.base import ClientId
from models.catalogue import Item
from store.catalogue import catalogue
from store.database import read_transaction
from store.mail import ledger

NEW_ITEMS: Final = 12


def list_selection(engine: Engine, client_id: ClientId, n: int) -> list[Item]:
    """List the items that mail `n` shows, in its order. Raises NotFound where there is no such mail."""
    with read_transaction(engine) as connection:
        draft = ledger.require_mail(connection, client_id, n).draft or {}
        ids = [blurb["item_id"] for blurb in draft.get("items", ())]
        known = catalogue.load_items(connection, ids)
    return [known[item_id] for item_id in ids if item_id in known]


def list_new_items(engine: Engine, items: Sequence[Item]) -> list[Item]:
    """List what came into the catalogue last and is still sold. `items`: the catalogue in memory, which does not notice
    that a picture was fetched."""
    newest = sorted(list_sold_items(items), key=lambda item: (item.added_at, item.item_id), reverse=True)[:NEW_ITEMS]
    with read_transaction(engine) as connection:
        known = catalogue.load_items(connection, [item.item_id for item in newest])
    return [known[item.item_id] for item in newest if item.item_id in known]


def list_sold_items(items: Sequence[Item]) -> list[Item]:
    """List the items that are not retired."""
    return [item for item in items if item.retired_at is None]
