"""Which pictures of items are to be fetched from the shop, which were, and which could not be and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, func, select, update

from models.base import ItemId
from store.sql.bulk import among, write_rows
from store.sql.records import Record
from store.tables import item_pictures, items

AT_ONCE: Final = 0
"""Epoch microseconds: due since long ago."""


class PictureState(StrEnum):
    """`waiting`: to be fetched when it is due; `broken`: given up, until its address changes or somebody asks again."""

    WAITING = "waiting"
    FETCHED = "fetched"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class PictureRow(Record):
    """The picture of one item: where it is, and what came of fetching it."""

    item_id: ItemId
    image_url: str
    state: str
    code: str
    tries: int


def request_pictures(connection: Connection, addresses: Mapping[ItemId, str]) -> None:
    """Note the addresses of items' pictures; a new address is to be fetched, and an empty one has no picture."""
    p = item_pictures.c
    query = select(p.item_id, p.image_url).where(among(connection, p.item_id, addresses))
    known: dict[ItemId, str] = {row.item_id: row.image_url for row in connection.execute(query)}
    gone = [item_id for item_id in known if not addresses[item_id]]
    if gone:
        connection.execute(delete(item_pictures).where(among(connection, p.item_id, gone)))
        connection.execute(update(items).where(among(connection, items.c.item_id, gone)).values(picture=""))
    rows = [
        (item_id, url, PictureState.WAITING.value, "", 0, AT_ONCE)
        for item_id, url in addresses.items()
        if url and known.get(item_id) != url
    ]
    columns = ("item_id", "image_url", "state", "code", "tries", "due_at")
    write_rows(connection, item_pictures, columns, rows, "replace")


def lease_due(connection: Connection, limit: int, real_now: datetime, lease: timedelta) -> list[PictureRow]:
    """Take pictures that are due, at most `limit`; nobody else takes them before the end of `lease`."""
    p = item_pictures.c
    query = select(*PictureRow.list_columns(item_pictures)).where(p.state == PictureState.WAITING, p.due_at <= real_now)
    found = connection.execute(query.order_by(p.due_at, p.item_id).limit(limit).with_for_update(skip_locked=True))
    rows = [PictureRow.from_row(row) for row in found]
    ids = [row.item_id for row in rows]
    connection.execute(update(item_pictures).where(among(connection, p.item_id, ids)).values(due_at=real_now + lease))
    return rows


def save_fetched(connection: Connection, row: PictureRow, digest: str) -> None:
    """Save that the picture is stored under `digest`; nothing where its address has changed meanwhile."""
    if _settle(connection, row, state=PictureState.FETCHED, code="", tries=row.tries + 1):
        connection.execute(update(items).where(items.c.item_id == row.item_id).values(picture=digest))


def save_failed(connection: Connection, row: PictureRow, code: str, again_at: datetime | None) -> None:
    """Save why the picture could not be fetched, and when to try again; None: never."""
    values = {"state": PictureState.WAITING, "due_at": again_at} if again_at else {"state": PictureState.BROKEN}
    _settle(connection, row, code=code, tries=row.tries + 1, **values)


def _settle(connection: Connection, row: PictureRow, **values: object) -> bool:
    p = item_pictures.c
    same = (p.item_id == row.item_id) & (p.image_url == row.image_url)
    return connection.execute(update(item_pictures).where(same).values(**values)).rowcount > 0


def retry_broken(connection: Connection, real_now: datetime) -> int:
    """Let all broken pictures be fetched again, and return how many they are."""
    again = update(item_pictures).where(item_pictures.c.state == PictureState.BROKEN)
    return connection.execute(again.values(state=PictureState.WAITING, tries=0, due_at=real_now)).rowcount


def count_states(connection: Connection) -> dict[str, int]:
    """Count the pictures of items that are sold, by state."""
    p = item_pictures.c
    query = select(p.state, func.count()).join(items, items.c.item_id == p.item_id).where(items.c.retired_at.is_(None))
    return {state: count for state, count in connection.execute(query.group_by(p.state))}  # noqa: C416


def count_without_address(connection: Connection) -> int:
    """Count the items that are sold and state no picture."""
    query = select(func.count()).select_from(items).where(items.c.image_url == "", items.c.retired_at.is_(None))
    return connection.scalar(query) or 0


def list_pictures(connection: Connection, state: PictureState, limit: int) -> Sequence[PictureRow]:
    """List the pictures in a state, in the order of items."""
    query = select(*PictureRow.list_columns(item_pictures)).where(item_pictures.c.state == state)
    return [
        PictureRow.from_row(row) for row in connection.execute(query.order_by(item_pictures.c.item_id).limit(limit))
    ]
