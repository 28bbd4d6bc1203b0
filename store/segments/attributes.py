"""Custom attributes: their declarations, and the values of clients in typed columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, func, select

from models.attributes import AttributeOrder, AttributeType, AttributeValue
from models.base import ClientId
from store.sql.bulk import among, insert_into, write_rows
from store.sql.records import Record
from store.sql.types import to_micros
from store.tables import attributes, client_attributes

_COLUMNS: Final = {
    AttributeType.TEXT: "words",
    AttributeType.NUMBER: "number",
    AttributeType.BOOLEAN: "flag",
    AttributeType.DATE: "day",
}


@dataclass(frozen=True, slots=True)
class AttributeRow(Record):
    """A declared attribute."""

    name: str
    type: AttributeType
    meaning: str
    in_mail: bool
    declared_by: str
    created_at: datetime


def list_declared(connection: Connection) -> list[AttributeRow]:
    """List the declared attributes in the order of their names."""
    query = select(*AttributeRow.list_columns(attributes)).order_by(attributes.c.name)
    return [AttributeRow.from_row(row) for row in connection.execute(query)]


def load_types(connection: Connection) -> dict[str, AttributeType]:
    """Load the type of each declared attribute."""
    return {row.name: row.type for row in list_declared(connection)}


def save_declaration(connection: Connection, name: str, order: AttributeOrder, by: str, now: datetime) -> None:
    """Save a declaration, or change what one means; its type stays."""
    values = {"meaning": order.meaning, "in_mail": order.in_mail}
    statement = insert_into(connection, attributes).values(
        name=name, type=order.type, declared_by=by, created_at=now, **values
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def count_values(connection: Connection) -> dict[str, int]:
    """Count the clients that have a value, by attribute."""
    rows = connection.execute(select(client_attributes.c.name, func.count()).group_by(client_attributes.c.name))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class StoredValue(Record):
    """A value of one client, in the column of its type."""

    client_id: ClientId
    name: str
    words: str | None
    number: float | None
    flag: bool | None
    day: Any

    @property
    def value(self) -> AttributeValue:
        """The value, whatever its type."""
        known = (self.words, self.number, self.flag, self.day)
        return next(value for value in known if value is not None)


def load_values(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, dict[str, AttributeValue]]:
    """Load the values of these clients, by name."""
    query = select(*StoredValue.list_columns(client_attributes))
    values: dict[ClientId, dict[str, AttributeValue]] = {}
    for row in connection.execute(query.where(among(connection, client_attributes.c.client_id, client_ids))):
        stored = StoredValue.from_row(row)
        values.setdefault(stored.client_id, {})[stored.name] = stored.value
    return values


def load_times(connection: Connection, client_ids: Iterable[ClientId]) -> dict[tuple[ClientId, str], datetime]:
    """Load since when each value of these clients holds, by client and name."""
    c = client_attributes.c
    query = select(c.client_id, c.name, c.updated_at).where(among(connection, c.client_id, client_ids))
    return {(row.client_id, row.name): row.updated_at for row in connection.execute(query)}


def save_values(
    connection: Connection,
    changes: Mapping[ClientId, Mapping[str, AttributeValue | None]],
    types: Mapping[str, AttributeType],
    now: datetime,
) -> None:
    """Save values of clients, all of them as late as `now`; None takes one off."""
    given = [
        AttributeChange(client_id, name, value, now)
        for client_id, one in changes.items()
        for name, value in one.items()
    ]
    save_changes(connection, given, types)


class AttributeChange(NamedTuple):
    """A value that holds for a client since `at`; None takes it off."""

    client_id: ClientId
    name: str
    value: AttributeValue | None
    at: datetime


def save_changes(
    connection: Connection, changes: Iterable[AttributeChange], types: Mapping[str, AttributeType]
) -> None:
    """Save changes in one statement, and one for each attribute that is taken off, however many clients these are."""
    gone: dict[str, list[ClientId]] = {}
    rows = []
    for client_id, name, value, at in sorted(changes, key=lambda one: (one.client_id, one.name)):
        if value is None:
            gone.setdefault(name, []).append(client_id)
            continue
        filled = _COLUMNS[types[name]]
        told = value.isoformat() if isinstance(value, date) else value
        cells = (told if column == filled else None for column in _COLUMNS.values())
        rows.append((client_id, name, *cells, to_micros(at)))
    for name, client_ids in gone.items():
        of_clients = among(connection, client_attributes.c.client_id, client_ids)
        connection.execute(delete(client_attributes).where(client_attributes.c.name == name, of_clients))
    columns = ("client_id", "name", *_COLUMNS.values(), "updated_at")
    write_rows(connection, client_attributes, columns, rows, "replace")
