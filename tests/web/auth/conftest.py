"""The sample shop behind a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.actors import Role
from services.team import passwords
from tests.web.auth import staff
from tests.web.conftest import prepare_home
from web.app import create_app


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords._make_decoy.cache_clear()
    monkeypatch.setattr(passwords, "_HASHER", staff.QUICK)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TestClient]:
    """The site; Eve is its owner."""
    nowhere = "127.0.0.1:9"
    settings = prepare_home(
        tmp_path,
        smtp_url=f"smtp://{nowhere}",
        temporal_address=nowhere,
        worker_health_url="none",
        api_key="the key",
        open_pages=False,
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", headers=staff.OURS) as client:
        staff.add_staff(client, "Eve", Role.OWNER)
        yield client
