"""A shop that talks to the session's real dev server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer


@pytest.fixture
def shop(tmp_path: Path, dev_server: DevServer) -> Iterator[Shop]:
    new_shop = a_shop(tmp_path / "home", temporal_address=dev_server.address, quiet_from_hour=0, quiet_until_hour=0)
    try:
        yield new_shop
    finally:
        new_shop.sink.stop()
        new_shop.engine.dispose()
