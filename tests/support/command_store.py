"""A store of their own for commands that are called in the test's own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import load
from store.database import connect
from tests.support.tables import create_tables


@pytest.fixture
def command_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty store at SELVEDGE_HOME, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    create_tables(connect(load().database))
