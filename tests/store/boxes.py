"""Fixes and stock that tests of reservations begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from models.catalogue import StockRow
from models.fixes import FixId, FixItem, FixState, FixWish, ItemState
from services.ingestion import item_intake
from store.database import read_transaction
from store.fixes import fixes
from store.mail.policy import ShopPolicy
from store.tables import fix_items, stock
from store.tables import fixes as fix_table
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients, seed_items


def build_piece(sku: str, item_id: str = "", **fields: Any) -> FixItem:
    """A unit of an item that is named like it."""
    given = {"sku": sku, "item_id": item_id or sku, "size": "M", "price_cents": 1000, "score": 0.5}
    return FixItem.model_validate({**given, **fields})


def seed_stock(connection: Connection, policy: ShopPolicy, on_hand: Mapping[str, int]) -> None:
    """Items of one sku each, with so many units on the shelf."""
    seed_items(connection, policy, *on_hand)
    count_stock(connection, on_hand)


def count_stock(connection: Connection, on_hand: Mapping[str, int]) -> dict[str, int]:
    """The shop counts its shelf anew; the notes that this gives."""
    rows = [{"sku": sku, "item_id": sku, "size": "M", "on_hand": units} for sku, units in on_hand.items()]
    return item_intake.put_stock(connection, [StockRow.model_validate(row) for row in rows]).notes


def seed_fix(
    connection: Connection, policy: ShopPolicy, client_id: str = "ann", state: FixState = FixState.ASSEMBLED
) -> FixId:
    """A Fix of a client made for it, put into a state past all steps."""
    seed_clients(connection, policy, client_id)
    fix_id = fixes.save_request(connection, client_id, FixWish(), NOW)
    put_state(connection, fix_id, state)
    return fix_id


def put_state(connection: Connection, fix_id: FixId, state: FixState) -> None:
    connection.execute(update(fix_table).where(fix_table.c.fix_id == fix_id).values(state=state))


def load_levels(engine: Engine) -> dict[str, tuple[int, int]]:
    """On hand and reserved, by sku."""
    with read_transaction(engine) as connection:
        return {row.sku: (row.on_hand, row.reserved) for row in connection.execute(select(stock))}


def box_states(engine: Engine, fix_id: FixId) -> dict[str, str]:
    with read_transaction(engine) as connection:
        rows = connection.execute(select(fix_items).where(fix_items.c.fix_id == fix_id))
        return {row.sku: row.state for row in rows}


def count_held(engine: Engine) -> int:
    """Items held by all Fixes."""
    with read_transaction(engine) as connection:
        query = select(func.count()).select_from(fix_items).where(fix_items.c.state == ItemState.HELD)
        return connection.scalar(query) or 0
