"""A shop that is open for imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from ingest.files import ImportSummary, import_file
from models.actors import SYSTEM
from store.database import connect
from store.mail.policy import ShopPolicy
from tests.store.conftest import NOW, REAL
from tests.support.tables import create_tables

TERMS = ShopPolicy(currency="USD", time_zone="Europe/London", signing_key="a key for tests")

Import = Callable[..., ImportSummary]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine_made = connect(f"sqlite:///{tmp_path / 'store.db'}")
    create_tables(engine_made)
    yield engine_made
    engine_made.dispose()


@pytest.fixture
def load(engine: Engine, tmp_path: Path) -> Import:
    """Import bytes, text or an existing file."""

    def load(kind: str, name: str, content: str | bytes | None = None, **options: Any) -> ImportSummary:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_file(kind, path, engine, SYSTEM, TERMS, NOW, REAL, **options)

    return load


def list_rejects(summary: ImportSummary) -> list[tuple[int, str]]:
    """(line, field) of the reject file."""
    if summary.rejects is None:
        return []
    lines = Path(summary.rejects).read_bytes().splitlines()
    return [(entry["line"], entry["field"]) for entry in map(orjson.loads, lines)]
