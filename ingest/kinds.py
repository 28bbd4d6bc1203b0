"""The four kinds of file: their columns, the model that a row must satisfy, and where the rows go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection

from ingest.readers import Columns, Row
from mail.address import validated
from models.catalogue import ItemRow, StockRow
from models.clients import ClientRow
from models.events import EVENT, Event
from store.catalogue import catalogue
from store.clients import clients
from store.events import events
from store.mail.policy import Terms
from store.sql.puts import Put


@dataclass(frozen=True)
class Moment:
    """When and on which terms a batch goes in. `now` is business time; `start` asks for workflows."""

    terms: Terms
    now: datetime
    real_now: datetime
    start: bool = True


class Saved(NamedTuple):
    """What became of the rows of a batch; `refused` holds (index, field, reason)."""

    new: int
    changed: int
    same: int
    refused: list[tuple[int, str, str]]
    notes: dict[str, int]


@dataclass(frozen=True)
class Kind:
    """`parse` makes a model of a row, or raises ValidationError or BadInput; `save` puts models in."""

    name: str
    columns: Columns
    parse: Callable[[Row, bool], BaseModel]
    save: Callable[[Connection, Sequence[Any], Moment], Saved]


def _split(row: Row, *names: str) -> Row:
    """Lists are written `a|b|c` in tables."""
    found = {name: row[name].split("|") for name in names if isinstance(row.get(name), str)}
    return {**row, **{name: [part for part in parts if part.strip()] for name, parts in found.items()}}


def client_of(row: Row, table: bool = False) -> ClientRow:
    """A client as a file or a request states it; the address in its normal form."""
    found = ClientRow.model_validate(_split(row, "sizes", "tags") if table else row)
    return found.model_copy(update={"email": validated(found.email)})


def _item_of(row: Row, table: bool) -> ItemRow:
    return ItemRow.model_validate(_split(row, "sizes", "tags") if table else row)


def _stock_of(row: Row, _table: bool) -> StockRow:
    return StockRow.model_validate(row)


_COUNTED: Final = frozenset({"order_placed", "order_returned", "added_to_cart"})
_AMOUNT: Final = frozenset({"quantity", "value", "currency"})


def event_of(row: Any) -> Event:
    """An event as a request states it; null means absent. Raises ValidationError."""
    if isinstance(row, dict) and None in row.values():
        row = {name: value for name, value in row.items() if value is not None}
    event: Event = EVENT.validator.validate_python(row)
    return event


def _event_row(row: Row, table: bool) -> Event:
    if table and not _AMOUNT.isdisjoint(row) and row.get("type") not in _COUNTED:
        # A table has these columns on every row, and shops fill them in where they mean nothing.
        row = {name: cell for name, cell in row.items() if name not in _AMOUNT}
    return event_of(row)


def _saved(put: Put[Any]) -> Saved:
    refused = [(each.index, each.field, each.reason) for each in put.refused]
    return Saved(len(put.new), put.changes, put.same, refused, put.notes)


def _save_clients(connection: Connection, rows: Sequence[ClientRow], at: Moment) -> Saved:
    return _saved(clients.upsert(connection, rows, at.terms, at.now, at.real_now, start=at.start))


def _save_items(connection: Connection, rows: Sequence[ItemRow], at: Moment) -> Saved:
    return _saved(catalogue.put_items(connection, rows, at.terms, at.now))


def _save_stock(connection: Connection, rows: Sequence[StockRow], _at: Moment) -> Saved:
    return _saved(catalogue.put_stock(connection, rows))


def _save_events(connection: Connection, rows: Sequence[Any], at: Moment) -> Saved:
    done = events.accept(connection, rows, at.terms, at.now, at.real_now, notify=at.start)
    refused = [(each.index, each.field, each.reason) for each in done.refused]
    return Saved(len(done.accepted), 0, len(done.duplicates), refused, {})


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind(
            "clients",
            Columns(
                ("client_id", "email"),
                ("first_name", "time_zone", "locale", "signed_up_at", "consent", "sizes", "tags"),
            ),
            client_of,
            _save_clients,
        ),
        Kind(
            "catalogue",
            Columns(
                ("item_id", "title", "category", "price"),
                ("brand", "colour", "cost", "currency", "season", "sizes", "tags", "sustainability", "added_at"),
            ),
            _item_of,
            _save_items,
        ),
        Kind("stock", Columns(("sku", "item_id", "on_hand"), ("size",)), _stock_of, _save_stock),
        Kind(
            "events",
            Columns(
                ("event_id", "client_id", "type", "occurred_at"),
                ("item_id", "quantity", "value", "currency"),
            ),
            _event_row,
            _save_events,
        ),
    )
}
