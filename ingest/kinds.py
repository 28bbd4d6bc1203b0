"""Defines the four kinds of file: their columns, the model of a row, and where the rows are saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection

from domain.addresses import normalise_address
from domain.segments.vocabulary import ATTRIBUTE
from domain.size_table import SizeTable
from domain.sizes import fold_size
from ingest.rows import Columns, Row
from ingest.size_notes import count_size_notes
from models.actors import Actor
from models.catalogue import ItemRow, StockRow
from models.clients import ClientRow
from models.events import EVENT, Event
from services.clients import registration
from services.ingestion import intake, item_intake
from store.catalogue import wholes
from store.mail.policy import ShopPolicy
from store.sql.bulk import UpsertBatch


@dataclass(frozen=True)
class ImportContext:
    """By whom, when and under which policy a batch is saved. `now` is business time; `start`: workflows start and
    look at once, not when the shop says go."""

    actor: Actor
    terms: ShopPolicy
    now: datetime
    real_now: datetime
    start: bool = True
    size_table: SizeTable = field(default_factory=dict)


class BatchResult(NamedTuple):
    """What became of the rows of a batch; `refused` holds (index, field, reason)."""

    new: int
    changed: int
    same: int
    refused: list[tuple[int, str, str]]
    notes: dict[str, int]


@dataclass(frozen=True)
class FileKind:
    """One kind of file: `parse` makes a model of a row (or raises ValidationError or BadInput); `save` stores them.

    `parse` is told what parts a list in a cell; None where lists are lists, as in JSON.
    """

    name: str
    columns: Columns
    parse: Callable[[Row, str | None], BaseModel]
    save: Callable[[Connection, Sequence[Any], ImportContext], BatchResult]


LISTS: Final = ("sizes", "tags", "materials", "occasions")
CONSENT_COLUMNS: Final = ("consent", "personalisation", "measurement", "consent_source")


def _split_lists(row: Row, separator: str | None) -> Row:
    """Split the cells in which tables write lists as `a|b|c`."""
    if separator is None:
        return row
    lists = {name: row[name].split(separator) for name in LISTS if isinstance(row.get(name), str)}
    return {**row, **{name: [part for part in parts if part.strip()] for name, parts in lists.items()}}


def _parse_client(row: Row, lists: str | None) -> ClientRow:
    """Parse a client and normalise the address."""
    client = ClientRow.model_validate(_gather_attributes(_split_lists(row, lists)))
    return client.model_copy(update={"email": normalise_address(client.email)})


def _gather_attributes(row: Row) -> Row:
    """Gather the columns `attr.<name>` under `attributes`."""
    own = {name.removeprefix(ATTRIBUTE): cell for name, cell in row.items() if name.startswith(ATTRIBUTE)}
    if not own:
        return row
    return {name: cell for name, cell in row.items() if not name.startswith(ATTRIBUTE)} | {"attributes": own}


def _parse_item(row: Row, lists: str | None) -> ItemRow:
    return ItemRow.model_validate(_split_lists(row, lists))


def _parse_stock(row: Row, _lists: str | None) -> StockRow:
    return StockRow.model_validate(row)


_WITH_AMOUNT: Final = frozenset({"order_placed", "order_returned", "added_to_cart"})
_AMOUNT: Final = frozenset({"quantity", "value", "currency"})


def parse_event(row: Any) -> Event:
    """Parse an event from a request; null means absent. Raises ValidationError."""
    if isinstance(row, dict) and None in row.values():
        row = {name: value for name, value in row.items() if value is not None}
    event: Event = EVENT.validator.validate_python(row)
    return event


def _parse_event_row(row: Row, lists: str | None) -> Event:
    row = _gather_attributes(row)
    if lists and not _AMOUNT.isdisjoint(row) and row.get("type") not in _WITH_AMOUNT:
        # A table has these columns on every row, and shops fill them in where they mean nothing.
        row = {name: cell for name, cell in row.items() if name not in _AMOUNT}
    return parse_event(row)


def _build_result(put: UpsertBatch[Any]) -> BatchResult:
    refused = [(refusal.index, refusal.field, refusal.reason) for refusal in put.refused]
    return BatchResult(len(put.new), put.changes, put.same, refused, put.notes)


def _save_clients(connection: Connection, rows: Sequence[ClientRow], at: ImportContext) -> BatchResult:
    put = registration.upsert_clients(connection, rows, at.terms, at.now, at.real_now, start=at.start)
    made_sizes = {fold_size(size) for size in wholes.list_made_sizes(connection)}
    saved = _build_result(put)
    return saved._replace(notes={**saved.notes, **count_size_notes(rows, made_sizes, at.size_table)})


def _save_items(connection: Connection, rows: Sequence[ItemRow], at: ImportContext) -> BatchResult:
    saved = _build_result(item_intake.put_items(connection, rows, at.terms, at.now))
    return saved if wholes.has_stock(connection) else saved._replace(notes={**saved.notes, "no_stock": len(rows)})


def _save_stock(connection: Connection, rows: Sequence[StockRow], at: ImportContext) -> BatchResult:
    return _build_result(item_intake.put_stock(connection, rows, at.real_now))


def _save_events(connection: Connection, rows: Sequence[Any], at: ImportContext) -> BatchResult:
    result = intake.accept_events(connection, rows, at.terms, at.now, at.real_now, notify=at.start)
    refused = [(refusal.index, refusal.field, refusal.reason) for refusal in result.refused]
    return BatchResult(len(result.accepted), 0, len(result.duplicates), refused, {})


KINDS: Final = {
    kind.name: kind
    for kind in (
        FileKind(
            "clients",
            Columns(
                ("client_id", "email"),
                (
                    *("first_name", "time_zone", "locale", "country", "signed_up_at", "sizes", "tags"),
                    *CONSENT_COLUMNS,
                    "preferred_hour",
                ),
                ATTRIBUTE,
            ),
            _parse_client,
            _save_clients,
        ),
        FileKind(
            "catalogue",
            Columns(
                ("item_id", "title", "category", "price"),
                (
                    *("brand", "colour", "cost", "currency", "season", "sizes", "tags", "sustainability", "added_at"),
                    *("url", "image_url", "description", "materials", "occasions"),
                ),
            ),
            _parse_item,
            _save_items,
        ),
        FileKind("stock", Columns(("sku", "item_id", "on_hand"), ("size",)), _parse_stock, _save_stock),
        FileKind(
            "events",
            Columns(
                ("event_id", "client_id", "type", "occurred_at"),
                ("item_id", "quantity", "value", "currency"),
                ATTRIBUTE,
            ),
            _parse_event_row,
            _save_events,
        ),
    )
}
