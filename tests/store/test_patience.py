"""A lock that is never given up, and a PostgreSQL that stands still, cost a set time and no more."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from errors import Unavailable
from store.database import connect, read_transaction, write_transaction
from store.sql.patience import Patience

SHORT = Patience(lock_s=0.2, statement_s=5.0, answer_s=0.5, pool_s=0.2)


def test_a_frozen_postgresql_is_given_up_and_the_next_connection_works(postgres_url: str) -> None:
    engine = connect(postgres_url, SHORT)
    try:
        with pytest.raises(Unavailable, match="no answer within"):
            _ask_frozen(engine)
        with read_transaction(engine) as connection:
            assert connection.scalar(text("SELECT 1")) == 1
    finally:
        engine.dispose()


def _ask_frozen(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
        os.kill(backend, signal.SIGSTOP)
        try:
            connection.execute(text("SELECT 1"))
        finally:
            os.kill(backend, signal.SIGCONT)


def test_a_lock_is_waited_for_no_longer_than_set(postgres_url: str) -> None:
    engine = connect(postgres_url, SHORT)
    try:
        with write_transaction(engine) as connection:
            connection.execute(text("CREATE TABLE things (id integer)"))
        with write_transaction(engine) as holder:
            holder.execute(text("LOCK TABLE things"))
            with pytest.raises(Unavailable, match="lock timeout"), read_transaction(engine) as connection:
                connection.execute(text("SELECT * FROM things"))
    finally:
        engine.dispose()


def test_a_locked_sqlite_is_waited_for_no_longer_than_set(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'one.db'}", SHORT)
    with write_transaction(engine) as connection:
        connection.execute(text("CREATE TABLE things (id integer)"))
    holder = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"), write_transaction(engine):
            pytest.fail("the lock was passed")
        with read_transaction(engine) as connection:
            assert connection.scalar(text("SELECT count(*) FROM things")) == 0
    finally:
        holder.close()
        engine.dispose()


def test_a_process_that_writes_without_a_pause_lets_others_write(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    engine = connect(f"sqlite:///{path}")
    with write_transaction(engine) as connection:
        connection.execute(text("CREATE TABLE things (id integer)"))
    with subprocess.Popen([sys.executable, "-c", WRITE_ON, path], stdout=subprocess.PIPE, text=True) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        with write_transaction(engine) as connection:
            before = connection.scalar(text("SELECT count(*) FROM things"))
        for _ in range(5):
            time.sleep(0.15)  # it has its turn again
            with write_transaction(engine) as connection:
                after = connection.scalar(text("SELECT count(*) FROM things"))
        busy.kill()
    engine.dispose()
    assert after - before < 5 * 45, "it wrote thirty times before each of ours, beside what it wrote in our sleep"


WRITE_ON = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
while True:
    held.execute("BEGIN IMMEDIATE")
    held.execute("INSERT INTO things VALUES (1)")
    time.sleep(0.01)
    held.execute("COMMIT")
    print("written", flush=True)
    time.sleep(0.0005)
"""


def test_what_is_said_outside_names_no_host(tmp_path: Path) -> None:
    engine = connect("postgresql+psycopg://selvedge@127.0.0.1:9/none", SHORT)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1") as away, read_transaction(engine):
        pytest.fail("there is no server")
    assert "127.0.0.1" not in away.value.public
