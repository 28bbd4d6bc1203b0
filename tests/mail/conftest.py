"""Real mail servers on loopback: one that works, one that can be told to misbehave, one with encryption."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from mail.faulty_sink import FaultySink
from mail.mailbox import Mailbox
from mail.smtp_url import parse_smtp_url
from mail.transport import Transport


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FaultySink]:
    """A mail server without faults until it is told of some."""
    with FaultySink(Mailbox(tmp_path / "mailbox.db"), 0) as running:
        yield running


@pytest_asyncio.fixture
async def transport(sink: FaultySink) -> AsyncIterator[Transport]:
    """To that server, with little patience."""
    async with Transport(parse_smtp_url(sink.url), timeout_s=1.0, answer_s=1.0) as pool:
        yield pool
