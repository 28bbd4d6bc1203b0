"""A database with our schema: each test that asks for `engine` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.database import connect
from store.mail.policy import ShopPolicy
from store.tables import metadata

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
REAL = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    else:
        engine = connect(request.getfixturevalue("postgres_url"))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    """A database with our tables."""
    metadata.create_all(empty_engine)
    return empty_engine


@pytest.fixture
def policy() -> ShopPolicy:
    return ShopPolicy(currency="USD", time_zone="Europe/London", signing_key="a key for tests")
