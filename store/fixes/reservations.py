"""Units of stock held for Fixes. A sku has `on_hand - reserved` units to give; none is ever promised twice.

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

from sqlalchemy import Connection, Row, func, select, update

from domain.fixes.states import OPEN
from errors import BadInput
from models.base import Sku
from models.fixes import FixId, FixItem, ItemState
from store.catalogue import availability
from store.catalogue.availability import Shelves
from store.fixes import feedback, fixes
from store.sql.bulk import among, write
from store.sql.types import micros
from store.tables import fix_items, stock

IN_BOX: Final = frozenset(ItemState) - {ItemState.RELEASED}
"""An item in one of these is in the box, or was when it was sent."""
SWEEP: Final = 1_000
"""Holds that run out are released so many at a time."""

_COLUMNS: Final = (
    "fix_id", "sku", "item_id", "size", "category", "colour", "price_cents", "score", "p_fit", "liking", "state",
    "held_until", "updated_at",
)  # fmt: skip


def reserve(
    connection: Connection, fix_id: FixId, box: Sequence[FixItem], now: datetime, until: datetime | None
) -> tuple[Sku, ...]:
    """Hold exactly `box` for the Fix until `until` (None: until it is sold or let go); what else it held is let go.

    All or nothing: returns the skus of which no unit is free, and then holds what it held before. Raises BadInput for
    a box with an item twice, or a Fix that is over.
    """
    if len({each.item_id for each in box}) < len(box) or len({each.sku for each in box}) < len(box):
        raise BadInput("an item is twice in the box", "box")
    _lock_fix(connection, fix_id)
    wanted = {each.sku for each in box}
    dropped = _states(connection, fix_id).keys() - wanted
    shelf = availability.lock(connection, wanted | dropped)
    held = _in(ItemState.HELD, _states(connection, fix_id))  # under the lock: a hold may have run out a moment ago
    shelf, short = _free(connection, shelf, wanted - held, now)
    if short:
        return short
    availability.count(connection, shelf, dict.fromkeys(wanted - held, 1) | dict.fromkeys(dropped & held, -1))
    _set(connection, fix_id, dropped, ItemState.RELEASED, now)
    rows = [(fix_id, *_told(each), ItemState.HELD.value, _micros(until), micros(now)) for each in box]
    write(connection, fix_items, _COLUMNS, rows, "replace")
    return ()


def _told(item: FixItem) -> tuple[Any, ...]:
    return tuple(getattr(item, name) for name in _COLUMNS[1:10])


def _free(
    connection: Connection, shelf: Shelves, wanted: AbstractSet[Sku], now: datetime
) -> tuple[Shelves, tuple[Sku, ...]]:
    """Which of `wanted` have no unit to give, after the holds of others that ran out were released."""
    short = _short(shelf, wanted)
    if short and release_expired(connection, now, short):
        shelf = availability.lock(connection, shelf)
        short = _short(shelf, wanted)
    return shelf, short


def _short(shelf: Shelves, wanted: AbstractSet[Sku]) -> tuple[Sku, ...]:
    return tuple(sorted(sku for sku in wanted if sku not in shelf or shelf[sku].free < 1))


def renew(connection: Connection, fix_id: FixId, now: datetime, until: datetime | None) -> tuple[Sku, ...]:
    """Hold the box until `until` (None: until it is sold or let go), taking again what ran out where units are free.

    Returns the skus that are lost: taken by others meanwhile, or no longer on the shelf.
    """
    _lock_fix(connection, fix_id)
    shelf = availability.lock(connection, _states(connection, fix_id))
    states = _states(connection, fix_id)
    held = _in(ItemState.HELD, states)
    gone = _gone(connection, fix_id, shelf, held)
    if gone:
        availability.count(connection, shelf, dict.fromkeys(gone, -1))
        _set(connection, fix_id, gone, ItemState.EXPIRED, now)
    expired = _in(ItemState.EXPIRED, states)
    shelf, short = _free(connection, shelf, expired, now)
    again = expired - set(short)
    availability.count(connection, shelf, dict.fromkeys(again, 1))
    _set(connection, fix_id, (held - gone) | again, ItemState.HELD, now, held_until=until)
    return tuple(sorted(gone | set(short)))


def _gone(connection: Connection, fix_id: FixId, shelf: Shelves, held: AbstractSet[Sku]) -> AbstractSet[Sku]:
    """Held units that the shelf no longer has: a count came in below what was held, and firm holds go first."""
    tight = {sku for sku in held if shelf[sku].on_hand < shelf[sku].reserved}
    if not tight:
        return tight
    i = fix_items.c
    firm = select(i.sku, func.count()).where(
        among(connection, i.sku, tight), i.state == ItemState.HELD, i.held_until.is_(None), i.fix_id != fix_id
    )
    before: dict[str, int] = {sku: count for sku, count in connection.execute(firm.group_by(i.sku))}  # noqa: C416
    return {sku for sku in tight if before.get(sku, 0) >= shelf[sku].on_hand}


def release(connection: Connection, fix_id: FixId, now: datetime) -> int:
    """Let go of all that is held for the Fix; how many units that frees."""
    fixes.get(connection, fix_id, lock=True)
    shelf = availability.lock(connection, _states(connection, fix_id))
    states = _states(connection, fix_id)
    held = _in(ItemState.HELD, states)
    expired = _in(ItemState.EXPIRED, states)
    availability.count(connection, shelf, dict.fromkeys(held, -1))
    _set(connection, fix_id, held | expired, ItemState.RELEASED, now)
    return len(held)


def sell(connection: Connection, fix_id: FixId, now: datetime) -> None:
    """The box leaves the shelf: what is held is sold. Nothing when it was sold before.

    Raises BadInput, and changes nothing, when a unit of the box is not held or not on the shelf: renew before.
    """
    row = fixes.get(connection, fix_id, lock=True)
    shelf = availability.lock(connection, _states(connection, fix_id))
    states = _states(connection, fix_id)
    held = _in(ItemState.HELD, states)
    lost = _in(ItemState.EXPIRED, states)
    lost |= {sku for sku in held if shelf[sku].on_hand < 1}
    if lost or not states:
        raise BadInput(f"not held any more: {', '.join(sorted(lost)) or 'the whole box'}", "box")
    availability.count(connection, shelf, dict.fromkeys(held, -1), sold=True)
    _set(connection, fix_id, held, ItemState.SOLD, now)
    feedback.apply(connection, {fix_id: row.client_id})  # the client may have been quicker than we were


def release_expired(connection: Connection, now: datetime, skus: Iterable[Sku] | None = None) -> int:
    """Free the units whose holds ran out before `now`, of `skus` or (None) of the whole shop; how many that are.

    Their Fixes are not told: each finds out when it is approved.
    """
    i = fix_items.c
    over = [i.state == ItemState.HELD, i.held_until < now]
    if skus is not None:
        over.append(among(connection, i.sku, skus))
    due = set(connection.scalars(select(i.sku).where(*over).order_by(i.held_until, i.sku).limit(SWEEP)))
    if not due:
        return 0
    shelf = availability.lock(connection, due)
    freed = Counter(
        connection.scalars(
            update(fix_items)
            .where(*over, among(connection, i.sku, due))
            .values(state=ItemState.EXPIRED, updated_at=now)
            .returning(i.sku)
        )
    )
    availability.count(connection, shelf, {sku: -count for sku, count in freed.items()})
    return freed.total()


def box(connection: Connection, fix_id: FixId) -> tuple[FixItem, ...]:
    """The items of the box, best first; empty before the first is held."""
    return tuple(FixItem.model_validate(row, from_attributes=True) for row in box_rows(connection, fix_id))


def box_rows(connection: Connection, fix_id: FixId) -> Sequence[Row[Any]]:
    """The same as they are kept, with their states and feedback."""
    query = select(fix_items).where(fix_items.c.fix_id == fix_id, fix_items.c.state.in_(IN_BOX))
    return connection.execute(query.order_by(fix_items.c.score.desc(), fix_items.c.sku)).all()


def faults(connection: Connection) -> list[Sku]:
    """Skus of which another number of units is reserved than held; empty when all is well."""
    counted = select(stock.c.sku, stock.c.reserved).where(stock.c.reserved != 0)
    reserved = {sku: int(units) for sku, units in connection.execute(counted)}
    holding = select(fix_items.c.sku, func.count()).where(fix_items.c.state == ItemState.HELD).group_by(fix_items.c.sku)
    held = {sku: int(units) for sku, units in connection.execute(holding)}
    return sorted(sku for sku in reserved.keys() | held.keys() if reserved.get(sku, 0) != held.get(sku, 0))


def _lock_fix(connection: Connection, fix_id: FixId) -> None:
    state = fixes.get(connection, fix_id, lock=True).state
    if state not in OPEN:
        raise BadInput(f"the Fix is {state}", "fix_id")


def _states(connection: Connection, fix_id: FixId) -> dict[Sku, str]:
    """Of what is in the box. What was let go once must not be locked again, or the order of locks would not hold for
    two steps in one transaction."""
    mine = fix_items.c.fix_id == fix_id, fix_items.c.state.in_(IN_BOX)
    query = select(fix_items.c.sku, fix_items.c.state).where(*mine)
    return {sku: state for sku, state in connection.execute(query)}  # noqa: C416 - dict() of rows loses the types


def _in(state: ItemState, states: Mapping[Sku, str]) -> set[Sku]:
    return {sku for sku, stands in states.items() if stands == state}


def _set(
    connection: Connection, fix_id: FixId, skus: AbstractSet[Sku], state: ItemState, now: datetime, **values: Any
) -> None:
    if skus:
        mine = (fix_items.c.fix_id == fix_id, among(connection, fix_items.c.sku, skus))
        connection.execute(update(fix_items).where(*mine).values(state=state, updated_at=now, **values))


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)
