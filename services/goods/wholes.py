"""Replace the whole catalogue or the whole count of stock: what is absent is retired, or goes out of stock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.catalogue import ItemRow, StockRow
from services.ingestion.item_intake import put_items, put_stock
from store.activity import write_activity
from store.catalogue.wholes import empty_skus, list_sold_items, list_stocked_skus, retire_items
from store.database import write_transaction
from store.mail.policy import ShopPolicy
from store.sql.bulk import UpsertBatch

MOST_ABSENT: Final = 0.2
"""A whole that leaves out more than this share needs to be confirmed: half a file looks like a small shop."""


class GoodsKind(StrEnum):
    """Of what a file or a request is all there is."""

    CATALOGUE = "catalogue"
    STOCK = "stock"


@dataclass(frozen=True)
class GoodsCounts:
    """What a whole changed. `absent`: items retired, or skus that went out of stock."""

    new: int
    changed: int
    same: int
    absent: int
    notes: Mapping[str, int]


_LISTS: Final[Mapping[GoodsKind, Callable[[Connection], set[str]]]] = {
    GoodsKind.CATALOGUE: list_sold_items,
    GoodsKind.STOCK: list_stocked_skus,
}
_WORDS: Final = {
    GoodsKind.CATALOGUE: ("retire", "items", "nothing was retired"),
    GoodsKind.STOCK: ("empty", "skus", "nothing went out of stock"),
}


def drop_absent(
    engine: Engine,
    actor: Actor,
    kind: GoodsKind,
    present: AbstractSet[str],
    now: datetime,
    real_now: datetime,
    *,
    confirmed: bool,
) -> int:
    """Retire the items, or empty the skus, that are not among `present`, and return how many they are.

    Raises:
        NotAllowed.
        BadInput: they are more than MOST_ABSENT of all, and nobody confirmed it.
    """
    permissions.require(actor, Action.REPLACE_GOODS)
    with write_transaction(engine) as connection:
        absent = _drop(connection, kind, present, now, "--yes", confirmed=confirmed)
        if absent:
            _record(connection, actor, kind, {"absent": absent}, now, real_now)
    return absent


def replace_items(
    engine: Engine,
    actor: Actor,
    rows: Sequence[ItemRow],
    policy: ShopPolicy,
    now: datetime,
    real_now: datetime,
    *,
    confirmed: bool,
) -> GoodsCounts:
    """Save the whole catalogue, all of it or nothing; items that are not in it are retired.

    Raises:
        NotAllowed.
        BadInput: names the row and the field, or `confirmed`.
    """

    def save(connection: Connection) -> UpsertBatch[Any]:
        return put_items(connection, rows, policy, now)

    ids = [row.item_id for row in rows]
    return _replace(engine, actor, GoodsKind.CATALOGUE, ids, save, now, real_now, confirmed=confirmed)


def replace_stock(
    engine: Engine,
    actor: Actor,
    rows: Sequence[StockRow],
    now: datetime,
    real_now: datetime,
    *,
    confirmed: bool,
) -> GoodsCounts:
    """Save the whole stock, all of it or nothing; skus that are not in it are out of stock. Raises as replace_items."""

    def save(connection: Connection) -> UpsertBatch[Any]:
        return put_stock(connection, rows, real_now)

    skus = [row.sku for row in rows]
    return _replace(engine, actor, GoodsKind.STOCK, skus, save, now, real_now, confirmed=confirmed)


def _replace(
    engine: Engine,
    actor: Actor,
    kind: GoodsKind,
    ids: Sequence[str],
    save: Callable[[Connection], UpsertBatch[Any]],
    now: datetime,
    real_now: datetime,
    *,
    confirmed: bool,
) -> GoodsCounts:
    permissions.require(actor, Action.REPLACE_GOODS)
    with write_transaction(engine) as connection:
        absent = _drop(connection, kind, frozenset(ids), now, "confirmed", confirmed=confirmed)
        batch = save(connection)
        for refusal in batch.refused:
            raise BadInput(refusal.reason, f"{_FIELDS[kind]}.{refusal.index}.{refusal.field}")
        counts = GoodsCounts(len(batch.new), batch.changes, batch.same, absent, batch.notes)
        if absent or batch.rows:
            data = {"new": counts.new, "changed": counts.changed, "absent": absent}
            _record(connection, actor, kind, data, now, real_now)
    return counts


_FIELDS: Final = {GoodsKind.CATALOGUE: "items", GoodsKind.STOCK: "stock"}


def _drop(
    connection: Connection,
    kind: GoodsKind,
    present: AbstractSet[str],
    now: datetime,
    field: str,
    *,
    confirmed: bool,
) -> int:
    """Drop what is absent. `field`: what would confirm it."""
    all_there = _LISTS[kind](connection)
    absent = all_there - present
    if not confirmed and len(absent) > MOST_ABSENT * len(all_there):
        verb, things, outcome = _WORDS[kind]
        share = len(absent) / len(all_there)
        raise BadInput(
            f"needed, since this would {verb} {len(absent):,} of {len(all_there):,} {things} ({share:.0%}); {outcome}",
            field,
        )
    return _drop_ids(connection, kind, absent, now)


def _drop_ids(connection: Connection, kind: GoodsKind, ids: Iterable[str], now: datetime) -> int:
    return retire_items(connection, ids, now) if kind is GoodsKind.CATALOGUE else empty_skus(connection, ids)


def _record(
    connection: Connection, actor: Actor, kind: GoodsKind, data: dict[str, int], now: datetime, real_now: datetime
) -> None:
    subject = Subject(kind=SubjectKind.DATA, id=kind.value)
    write_activity(connection, actor, Action.REPLACE_GOODS, subject, now, real_now, data)
