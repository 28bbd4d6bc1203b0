"""Health writes: what can only be read is down. And the shop's files are its owner's alone."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from errors import Unavailable
from private_files import keep_private, warn_of_open_files
from services.write_probe import probe_database, probe_home
from store.database import connect
from store.sql.patience import PROBE, Patience
from tests.support.tables import create_tables


def test_a_locked_database_is_down(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'one.db'}", Patience(lock_s=0.1))
    create_tables(engine)
    probe_database(engine)
    holder = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            probe_database(engine)
    finally:
        holder.close()
        engine.dispose()


def test_a_full_or_read_only_database_is_down(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'one.db'}", PROBE)
    create_tables(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(Unavailable, match="readonly"):
        probe_database(engine)
    engine.dispose()


def test_a_folder_that_cannot_be_written_or_is_nearly_full_is_down(tmp_path: Path) -> None:
    probe_home(tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing stays"
    with pytest.raises(Unavailable, match="cannot be written"):
        probe_home(tmp_path / "gone")
    with pytest.raises(Unavailable, match="MB are left"):
        probe_home(tmp_path, least_free=2**62)


def test_files_are_closed_to_other_accounts_at_the_start(tmp_path: Path) -> None:
    home, before = tmp_path / "home", os.umask(0o022)
    try:
        home.mkdir(mode=0o755)
        (home / "selvedge.db").write_text("")
        (home / "link").symlink_to("/etc/hostname")
        assert keep_private(home) == []
        (home / "later").write_text("")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home, home / "selvedge.db", home / "later")}
        assert modes == {"home": 0o700, "selvedge.db": 0o600, "later": 0o600}
        assert warn_of_open_files(home) == ""
    finally:
        os.umask(before)
