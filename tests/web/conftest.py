"""The real app on a seeded store, with its clock stopped at the sample shop's NOW."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from settings import Settings
from store.clock import start, stop
from store.database import connect, write_transaction
from tests.support.loop_watch import watch_loop
from tests.support.tables import create_tables
from tests.web import sample_shop
from web.app import create_app


def prepare_home(home: Path, **more: object) -> Settings:
    """Settings on a store in `home` that holds the sample shop."""
    # On a busy machine a client may take long to load; tests of the deadline set their own.
    usual = {"recommendation_deadline_ms": 5_000, "open_pages": "web_host" not in more}
    settings = Settings(home=home, _env_file=None, **(usual | more))  # type: ignore[arg-type]
    engine = connect(settings.database)
    create_tables(engine, _fill_shop)
    engine.dispose()
    return settings


def _fill_shop(engine: Engine) -> None:
    sample_shop.seed(engine)
    with write_transaction(engine) as connection:
        start(connection, sample_shop.NOW, 1.0, sample_shop.NOW)
        stop(connection, sample_shop.NOW)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TestClient]:
    """The app; mail goes elsewhere, so that no port is opened, and no Temporal of this machine is asked."""
    nowhere = "127.0.0.1:9"
    settings = prepare_home(tmp_path, smtp_url=f"smtp://{nowhere}", temporal_address=nowhere, worker_health_url="none")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(autouse=True)
def loop_is_free() -> Iterator[None]:
    """No handler asks the database on the event loop."""
    with watch_loop() as places:
        yield
    assert not places
