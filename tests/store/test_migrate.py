"""The migrated schema is the schema of the tables, on both databases."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, String, event, inspect, text

from errors import ConfigError, Unavailable
from store import migrate, revision_writer
from store.database import connect, read_transaction, write_transaction
from store.tables import clients, metadata


def test_migrations_make_exactly_the_tables(empty_engine: Engine) -> None:
    assert migrate.upgrade(empty_engine)
    with read_transaction(empty_engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert migrate.load_version(connection) == migrate.find_head()


def test_a_table_that_no_migration_makes_is_noticed(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    with write_transaction(empty_engine) as connection:
        connection.execute(text("DROP TABLE outbox"))
    with read_transaction(empty_engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata)


def test_the_head_read_from_the_files_is_alembics(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    with write_transaction(engine) as connection:
        assert ScriptDirectory.from_config(migrate.build_config(connection)).get_heads() == [migrate.find_head()]
    engine.dispose()


def test_an_upgrade_of_what_is_up_to_date_only_looks(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    statements: list[str] = []
    event.listen(empty_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert not migrate.upgrade(empty_engine)
    assert len(statements) <= 3, "what every command pays at its start"
    assert all(statement.lstrip().upper().startswith(("BEGIN", "SELECT", "PRAGMA")) for statement in statements)


def test_several_processes_may_upgrade_at_once(empty_engine: Engine) -> None:
    did: list[bool] = []
    threads = [threading.Thread(target=lambda: did.append(migrate.upgrade(empty_engine))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(did) == [False, False, False, True]


def test_a_failed_upgrade_leaves_nothing_half_done(empty_engine: Engine) -> None:
    with write_transaction(empty_engine) as connection:
        connection.execute(text("CREATE TABLE suppressions (x INTEGER)"))  # in the way of a later statement
    with pytest.raises(Exception, match="suppressions"):
        migrate.upgrade(empty_engine)
    assert inspect(empty_engine).get_table_names() == ["suppressions"]


def test_a_database_of_an_unknown_revision_is_refused(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    with write_transaction(empty_engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(ConfigError, match=r"SELVEDGE_DATABASE_URL: .*0099"):
        migrate.upgrade(empty_engine)


def test_tables_that_no_migration_made_are_refused(empty_engine: Engine) -> None:
    metadata.create_all(empty_engine)
    with pytest.raises(ConfigError, match="no migration made"):
        migrate.upgrade(empty_engine)


def test_a_database_that_does_not_answer_is_said_in_one_line() -> None:
    engine = connect("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(Unavailable, match="the database does not answer"):
        migrate.upgrade(engine)


def test_a_revision_is_written_for_a_column_that_no_revision_makes(tmp_path: Path) -> None:
    for file in migrate.VERSIONS.glob("[0-9]*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    column: Column[str] = Column("nickname", String(16), nullable=True)
    clients.append_column(column)
    try:
        written = revision_writer.write_revision("nicknames", tmp_path).read_text()
    finally:
        clients._columns.remove(column)  # SQLAlchemy offers no public way back
    assert '"nickname"' in written
    assert f'down_revision: str | None = "{migrate.find_head()}"' in written
