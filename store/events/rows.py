"""An event as a row: its columns, and in `data` the further fields of its type that differ from the type's defaults."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, NamedTuple, get_args

from models.events import Event
from store.sql.bulk import dump_json
from store.sql.types import to_micros

COLUMNS: Final = ("event_id", "client_id", "type", "occurred_at", "item_id", "quantity", "value_cents", "data")

_KEPT_ELSEWHERE: Final = frozenset(
    {"event_id", "client_id", "type", "occurred_at", "item_id", "quantity", "value", "currency", "attributes"}
)  # currency: always the shop's; attributes: of the client


class EventRow(NamedTuple):
    """An event's columns in the order of COLUMNS; `occurred_at` in epoch microseconds, `data` as JSON text."""

    event_id: str
    client_id: str
    type: str
    occurred_at: int
    item_id: str | None
    quantity: int | None
    value_cents: int | None
    data: str | None


def convert_to_cents(amount: Decimal) -> int:
    """Convert an amount of money, which has two decimals at most, to cents."""
    return int(amount.scaleb(2))


def _build_plans() -> dict[str, tuple[bool, bool, bool, tuple[tuple[str, Any], ...]]]:
    """Build for each type: whether it has an item, a quantity, a value; and what goes to `data`, with the defaults.

    Asking an object for a field that it lacks is slow.
    """
    plans = {}
    for model in get_args(get_args(Event)[0]):
        fields = model.model_fields
        extra = tuple((name, field.default) for name, field in fields.items() if name not in _KEPT_ELSEWHERE)
        plans[fields["type"].default] = ("item_id" in fields, "quantity" in fields, "value" in fields, extra)
    return plans


_PLANS: Final = _build_plans()


def build_row(event: Event) -> EventRow:
    """Build the row that stores `event`."""
    has_item, has_quantity, has_value, extra = _PLANS[event.type]
    value = event.value if has_value else None  # type: ignore[union-attr]
    return EventRow(
        event.event_id,
        event.client_id,
        event.type,
        to_micros(event.occurred_at),
        event.item_id if has_item else None,  # type: ignore[union-attr]
        event.quantity if has_quantity else None,  # type: ignore[union-attr]
        None if value is None else convert_to_cents(value),
        dump_json(_build_data(event, extra)) if extra else None,
    )


def _build_data(event: Event, extra: tuple[tuple[str, Any], ...]) -> dict[str, Any] | None:
    data: dict[str, Any] = {}
    for name, default in extra:
        value = getattr(event, name)
        if value == default:
            continue
        if isinstance(value, Decimal):
            data[f"{name}_cents"] = convert_to_cents(value)
        else:
            data[name] = value
    return data or None
