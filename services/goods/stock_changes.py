"""Take in changes of stock by their difference: a sale, a delivery. Each has a key and counts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from domain import permissions
from domain.intake import Refusal
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.goods import StockChange
from services.goods.wholes import GoodsKind
from store.activity import write_activity
from store.catalogue.catalogue import StockValues, lock_stock, save_stock_values
from store.catalogue.stock_age import note_counts
from store.catalogue.stock_changes import delete_old, find_known, save_keys
from store.database import write_transaction

KEPT: Final = timedelta(days=30)
"""For which it is known that a change was taken in."""
_STOCK: Final = Subject(kind=SubjectKind.DATA, id=GoodsKind.STOCK.value)


@dataclass
class StockChangeCounts:
    """What became of changes, by their keys. `short`: skus of which more went than were there; these have none now."""

    applied: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    short: list[str] = field(default_factory=list)


def change_stock(
    engine: Engine, actor: Actor, changes: Sequence[StockChange], now: datetime, real_now: datetime
) -> StockChangeCounts:
    """Apply changes in their order, in one transaction. Those whose key is known, or comes twice, change nothing; those
    of unknown skus are refused, the others stand. Raises NotAllowed."""
    permissions.require(actor, Action.REPLACE_GOODS)
    with write_transaction(engine) as connection:
        stored = {one.values.sku: one.values for one in lock_stock(connection, {change.sku for change in changes})}
        known = find_known(connection, {change.key for change in changes})  # once the rows are ours: nobody is between
        counts, fresh = _count(changes, known, stored)
        save_stock_values(connection, list(fresh.values()))
        note_counts(connection, fresh, real_now)
        save_keys(connection, counts.applied, real_now)
        delete_old(connection, real_now - KEPT)
        if counts.applied:
            data = {"changed": len(fresh), "changes": len(counts.applied)}
            write_activity(connection, actor, Action.REPLACE_GOODS, _STOCK, now, real_now, data)
    return counts


def _count(
    changes: Sequence[StockChange], known: set[str], stored: Mapping[str, StockValues]
) -> tuple[StockChangeCounts, dict[str, StockValues]]:
    counts, fresh = StockChangeCounts(), dict[str, StockValues]()
    taken = set(known)
    for index, change in enumerate(changes):
        values = fresh.get(change.sku) or stored.get(change.sku)
        if change.key in taken:
            counts.duplicates.append(change.key)
        elif values is None:
            reason = "unknown sku; its count must come first, by PUT /v1/stock or a file"
            counts.refused.append(Refusal(index, change.key, "sku", reason))
        else:
            taken.add(change.key)
            counts.applied.append(change.key)
            left = values.on_hand + change.by
            if left < 0 and change.sku not in counts.short:
                counts.short.append(change.sku)
            fresh[change.sku] = values._replace(on_hand=max(left, 0))
    return counts, fresh
