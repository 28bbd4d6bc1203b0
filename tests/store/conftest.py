"""A database with our schema: each test that asks for `engine` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.database import connect
from store.mail.policy import ShopPolicy
from tests.support.tables import create_tables

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
REAL = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_engine(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    sqlite = f"sqlite:///{tmp_path / 'store.db'}"
    engine = connect(sqlite if database == "sqlite" else request.getfixturevalue("postgres_url"))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with our tables."""
    if database == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
        create_tables(engine)
    else:
        engine = connect(request.getfixturevalue("postgres_tables_url"))
    yield engine
    engine.dispose()


@pytest.fixture
def policy() -> ShopPolicy:
    return ShopPolicy(currency="USD", time_zone="Europe/London", signing_key="a key for tests")
