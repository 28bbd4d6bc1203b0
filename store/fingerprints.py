"""Fingerprints of the keys by which this database was written; never the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select

from store.sql.bulk import insert_into
from store.tables import fingerprints


def list_fingerprints(connection: Connection) -> dict[str, str]:
    """List the fingerprint of each key by its name."""
    rows = connection.execute(select(fingerprints.c.name, fingerprints.c.fingerprint))
    return {row.name: row.fingerprint for row in rows}


def save_fingerprints(connection: Connection, prints: Mapping[str, str]) -> None:
    """Save what counts from now on."""
    for name, fingerprint in prints.items():
        values = {"fingerprint": fingerprint}
        statement = insert_into(connection, fingerprints).values(name=name, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def forget_fingerprints(connection: Connection, names: Sequence[str]) -> int:
    """Delete the fingerprints of keys that are no longer used; return how many there were."""
    return connection.execute(delete(fingerprints).where(fingerprints.c.name.in_(names))).rowcount
