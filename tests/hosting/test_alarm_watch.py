"""A worker looks for faults by itself: gauges and notices follow, and certificates are read once an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from hosting import alarm_watch
from hosting.alarm_watch import AlarmWatch
from services.context import ServiceContext
from tests.support.shop import a_shop


async def test_a_look_reads_tells_and_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end, read = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2), list[object]()
    monkeypatch.setattr(alarm_watch, "find_certificate_ends", lambda settings: read.append(settings) or {"site": end})
    shop = a_shop(tmp_path / "home", notice_address="on-call@shop.example")
    moments = [datetime.now(UTC) + k * timedelta(minutes=3) for k in range(3)]
    try:
        clock = moments.copy()
        watch = AlarmWatch(ServiceContext(shop.settings, shop.engine, wall=lambda: clock[0]))
        told = []
        for _ in moments:
            told.append(await watch.look())
            clock.pop(0)
            clock = clock or moments
        assert told == [0, 1, 0]
        assert len(read) == 1
        assert [mail.subject for mail in shop.mails()] == ["A certificate ends soon"]
        labels = {"name": "site"}
        assert REGISTRY.get_sample_value("selvedge_certificate_expiry_timestamp_seconds", labels) == end.timestamp()
    finally:
        shop.sink.stop()
        shop.engine.dispose()
