"""Units of stock held for Fixes. A sku has `on_hand - reserved` free units; none is ever held twice.

`stock.reserved` equals the number of `fix_items` that are `held`, always: both change in one transaction, under a lock
on the row of the stock. Every change locks the Fix, then the stock in the order of skus, so that two writers cannot
lock each other out; call from a transaction that writes, with one Fix in it. All steps depend on the state of the
item's row: twice is once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from domain.fixes.states import OPEN
from errors import BadInput
from models.base import Sku
from models.fixes import FixId, FixItem, ItemState
from store.catalogue import availability
from store.catalogue.availability import StockLevels
from store.fixes import feedback, fixes
from store.fixes.rows import BoxRow
from store.sql.bulk import among, write_rows
from store.sql.types import to_micros
from store.tables import fix_items, stock

IN_BOX: Final = frozenset(ItemState) - {ItemState.RELEASED}
"""States of items that are in the box, or were when it was sent."""
SWEEP: Final = 1_000
"""Most expired holds released at a time."""
_BOX: Final = select(*BoxRow.list_columns(fix_items))

_COLUMNS: Final = (
    "fix_id", "sku", "item_id", "size", "category", "colour", "price_cents", "score", "p_fit", "liking", "role",
    "price_ratio", "reach", "answered", "state", "held_until", "updated_at",
)  # fmt: skip


def reserve_box(
    connection: Connection, fix_id: FixId, box: Sequence[FixItem], now: datetime, until: datetime | None
) -> tuple[Sku, ...]:
    """Hold exactly `box` for the Fix until `until` (None: until it is sold or released), and release everything else it
    held.

    All or nothing: returns the skus of which no unit is free, and then holds what it held before. Raises BadInput for
    a box with an item twice, or a Fix that is over.
    """
    if len({item.item_id for item in box}) < len(box) or len({item.sku for item in box}) < len(box):
        raise BadInput("an item is twice in the box", "box")
    _lock_fix(connection, fix_id)
    wanted = {item.sku for item in box}
    dropped = _load_states(connection, fix_id).keys() - wanted
    levels = availability.lock_levels(connection, wanted | dropped)
    held = _select_skus(
        ItemState.HELD, _load_states(connection, fix_id)
    )  # under the lock: a hold may have run out a moment ago
    levels, short = _find_short_after_release(connection, levels, wanted - held, now)
    if short:
        return short
    availability.change_reserved(
        connection, levels, dict.fromkeys(wanted - held, 1) | dict.fromkeys(dropped & held, -1)
    )
    _set_state(connection, fix_id, dropped, ItemState.RELEASED, now)
    rows = [(fix_id, *_read_values(item), ItemState.HELD.value, _to_micros(until), to_micros(now)) for item in box]
    write_rows(connection, fix_items, _COLUMNS, rows, "replace")
    return ()


def _read_values(item: FixItem) -> tuple[Any, ...]:
    return tuple(getattr(item, name) for name in _COLUMNS[1:14])


def _find_short_after_release(
    connection: Connection, levels: StockLevels, wanted: AbstractSet[Sku], now: datetime
) -> tuple[StockLevels, tuple[Sku, ...]]:
    """Find which of `wanted` have no free unit, after releasing the holds of others that ran out."""
    short = _find_short(levels, wanted)
    if short and release_expired(connection, now, short):
        levels = availability.lock_levels(connection, levels)
        short = _find_short(levels, wanted)
    return levels, short


def _find_short(levels: StockLevels, wanted: AbstractSet[Sku]) -> tuple[Sku, ...]:
    return tuple(sorted(sku for sku in wanted if sku not in levels or levels[sku].free < 1))


def renew_holds(connection: Connection, fix_id: FixId, now: datetime, until: datetime | None) -> tuple[Sku, ...]:
    """Hold the box until `until` (None: until it is sold or released), and take expired units again where they are
    free.

    Returns the skus that are lost: held by others meanwhile, or no longer in stock.
    """
    _lock_fix(connection, fix_id)
    levels = availability.lock_levels(connection, _load_states(connection, fix_id))
    states = _load_states(connection, fix_id)
    held = _select_skus(ItemState.HELD, states)
    lost = _find_lost(connection, fix_id, levels, held)
    if lost:
        availability.change_reserved(connection, levels, dict.fromkeys(lost, -1))
        _set_state(connection, fix_id, lost, ItemState.EXPIRED, now)
    expired = _select_skus(ItemState.EXPIRED, states)
    levels, short = _find_short_after_release(connection, levels, expired, now)
    again = expired - set(short)
    availability.change_reserved(connection, levels, dict.fromkeys(again, 1))
    _set_state(connection, fix_id, (held - lost) | again, ItemState.HELD, now, held_until=until)
    return tuple(sorted(lost | set(short)))


def _find_lost(connection: Connection, fix_id: FixId, levels: StockLevels, held: AbstractSet[Sku]) -> AbstractSet[Sku]:
    """Find held units that are no longer in stock: a count came in below what was held, and firm holds go first; and
    those of items retired before the box was decided on."""
    i = fix_items.c
    retired = {sku for sku in held if levels[sku].retired}
    undecided = select(i.sku).where(i.fix_id == fix_id, among(connection, i.sku, retired), i.held_until.is_not(None))
    gone = set(connection.scalars(undecided)) if retired else retired
    tight = {sku for sku in held if levels[sku].on_hand < levels[sku].reserved}
    if not tight:
        return gone
    firm = select(i.sku, func.count()).where(
        among(connection, i.sku, tight), i.state == ItemState.HELD, i.held_until.is_(None), i.fix_id != fix_id
    )
    before: dict[str, int] = {sku: count for sku, count in connection.execute(firm.group_by(i.sku))}  # noqa: C416
    return gone | {sku for sku in tight if before.get(sku, 0) >= levels[sku].on_hand}


def release_box(connection: Connection, fix_id: FixId, now: datetime) -> int:
    """Release everything held for the Fix, and return how many units that frees."""
    fixes.load_fix(connection, fix_id, lock=True)
    levels = availability.lock_levels(connection, _load_states(connection, fix_id))
    states = _load_states(connection, fix_id)
    held = _select_skus(ItemState.HELD, states)
    expired = _select_skus(ItemState.EXPIRED, states)
    availability.change_reserved(connection, levels, dict.fromkeys(held, -1))
    _set_state(connection, fix_id, held | expired, ItemState.RELEASED, now)
    return len(held)


def sell_box(connection: Connection, fix_id: FixId, now: datetime) -> None:
    """Sell what is held: the box leaves the stock. Selling it again changes nothing.

    Raises BadInput, and changes nothing, when a unit of the box is not held or not in stock: renew before.
    """
    row = fixes.load_fix(connection, fix_id, lock=True)
    levels = availability.lock_levels(connection, _load_states(connection, fix_id))
    states = _load_states(connection, fix_id)
    held = _select_skus(ItemState.HELD, states)
    lost = _select_skus(ItemState.EXPIRED, states)
    lost |= {sku for sku in held if levels[sku].on_hand < 1}
    if lost or not states:
        raise BadInput(f"not held any more: {', '.join(sorted(lost)) or 'the whole box'}", "box")
    availability.change_reserved(connection, levels, dict.fromkeys(held, -1), sold=True)
    _set_state(connection, fix_id, held, ItemState.SOLD, now)
    feedback.apply_latest(connection, {fix_id: row.client_id})  # the client may have been quicker than we were


def release_expired(connection: Connection, now: datetime, skus: Iterable[Sku] | None = None) -> int:
    """Release the units whose holds ran out before `now`, of `skus` or (None) of the whole shop, and return how many.

    Their Fixes are not notified: each finds out when it is approved.
    """
    i = fix_items.c
    over = [i.state == ItemState.HELD, i.held_until < now]
    if skus is not None:
        over.append(among(connection, i.sku, skus))
    due = set(connection.scalars(select(i.sku).where(*over).order_by(i.held_until, i.sku).limit(SWEEP)))
    if not due:
        return 0
    levels = availability.lock_levels(connection, due)
    freed = Counter(
        connection.scalars(
            update(fix_items)
            .where(*over, among(connection, i.sku, due))
            .values(state=ItemState.EXPIRED, updated_at=now)
            .returning(i.sku)
        )
    )
    availability.change_reserved(connection, levels, {sku: -count for sku, count in freed.items()})
    return freed.total()


def load_box(connection: Connection, fix_id: FixId) -> tuple[FixItem, ...]:
    """Load the items of the box, best first; empty before the first is held."""
    return tuple(FixItem.model_validate(row, from_attributes=True) for row in load_box_rows(connection, fix_id))


def load_box_rows(connection: Connection, fix_id: FixId) -> list[BoxRow]:
    """Load the rows of the box, with their states and feedback, best first."""
    query = _BOX.where(fix_items.c.fix_id == fix_id, fix_items.c.state.in_(IN_BOX))
    rows = connection.execute(query.order_by(fix_items.c.score.desc(), fix_items.c.sku))
    return [BoxRow.from_row(row) for row in rows]


def find_faults(connection: Connection) -> list[Sku]:
    """Find skus with another number of units reserved than held; empty when all is well."""
    reserved_query = select(stock.c.sku, stock.c.reserved).where(stock.c.reserved != 0)
    reserved = {sku: int(units) for sku, units in connection.execute(reserved_query)}
    held_query = (
        select(fix_items.c.sku, func.count()).where(fix_items.c.state == ItemState.HELD).group_by(fix_items.c.sku)
    )
    held = {sku: int(units) for sku, units in connection.execute(held_query)}
    return sorted(sku for sku in reserved.keys() | held.keys() if reserved.get(sku, 0) != held.get(sku, 0))


def _lock_fix(connection: Connection, fix_id: FixId) -> None:
    state = fixes.load_fix(connection, fix_id, lock=True).state
    if state not in OPEN:
        raise BadInput(f"the Fix is {state}", "fix_id")


def _load_states(connection: Connection, fix_id: FixId) -> dict[Sku, str]:
    """Load the states of what is in the box. A released sku must not be locked again, or the order of locks would break
    for two steps in one transaction."""
    conditions = fix_items.c.fix_id == fix_id, fix_items.c.state.in_(IN_BOX)
    query = select(fix_items.c.sku, fix_items.c.state).where(*conditions)
    return {sku: state for sku, state in connection.execute(query)}  # noqa: C416 - dict() of rows loses the types


def _select_skus(state: ItemState, states: Mapping[Sku, str]) -> set[Sku]:
    return {sku for sku, sku_state in states.items() if sku_state == state}


def _set_state(
    connection: Connection, fix_id: FixId, skus: AbstractSet[Sku], state: ItemState, now: datetime, **values: Any
) -> None:
    if skus:
        conditions = (fix_items.c.fix_id == fix_id, among(connection, fix_items.c.sku, skus))
        connection.execute(update(fix_items).where(*conditions).values(state=state, updated_at=now, **values))


def _to_micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)
