"""The log of clients who changed: in order, never a number twice, and the latest kept."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete

from store.clients import client_changes
from store.database import read_transaction, write_transaction
from store.tables import client_changes as table


def test_changes_are_read_from_where_one_stopped(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        client_changes.note_changes(connection, ["b", "a", "b"])
        client_changes.note_changes(connection, [])
    with read_transaction(engine) as connection:
        latest = client_changes.find_latest(connection)
        assert [change.client_id for change in client_changes.load_changes(connection, 0)] == ["a", "b"]
        assert client_changes.load_changes(connection, latest) == []
    with write_transaction(engine) as connection:
        connection.execute(delete(table))  # as an erasure may
        client_changes.note_changes(connection, ["c"])
    with read_transaction(engine) as connection:
        assert [change.client_id for change in client_changes.load_changes(connection, latest)] == ["c"]


def test_what_may_be_committed_late_is_read_again(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        client_changes.note_changes(connection, ["a"])
        latest = client_changes.find_latest(connection)
        again = [change.client_id for change in client_changes.load_changes(connection, latest, again=True)]
    assert again == ([] if engine.dialect.name == "sqlite" else ["a"])


def test_only_the_latest_are_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_changes, "KEEP", 2)
    with write_transaction(engine) as connection:
        client_changes.note_changes(connection, ["a", "b", "c", "d"])
        assert client_changes.delete_old(connection) == 2
        assert client_changes.find_oldest(connection) == client_changes.find_latest(connection) - 1
