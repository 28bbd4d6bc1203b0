"""The real app on a seeded store, its clock standing at the story's NOW."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from settings import Settings
from store.clock import start, stop
from store.database import connect, write_transaction
from store.tables import metadata
from tests.web import story
from web.app import create_app


def prepared(home: Path, **more: object) -> Settings:
    """Settings on a store in `home` that holds the story."""
    given = Settings(home=home, _env_file=None, **more)  # type: ignore[arg-type]
    engine = connect(given.database)
    metadata.create_all(engine)
    story.seed(engine)
    with write_transaction(engine) as connection:
        start(connection, story.NOW, 1.0, story.NOW)
        stop(connection, story.NOW)
    engine.dispose()
    return given


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TestClient]:
    """The app; mail goes elsewhere, so that no port is opened, and no Temporal of this machine is asked."""
    nowhere = "127.0.0.1:9"
    given = prepared(tmp_path, smtp_url=f"smtp://{nowhere}", temporal_address=nowhere, worker_health_url="none")
    with TestClient(create_app(given), base_url="http://127.0.0.1:8000") as client:
        yield client
