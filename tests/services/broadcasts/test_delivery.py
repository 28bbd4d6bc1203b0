"""The pace of a part: no mail begins early, and those of a moment begin together."""

from __future__ import annotations

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from mail.transport import DeliveryOutcome
from services.broadcasts.delivery import PartSender

EARLY_S = 0.002
"""A sleep may end so much early."""


class RecordingTransport:
    """Takes no mail; notes when each began."""

    def __init__(self) -> None:
        self.begun: list[float] = []

    async def deliver(self, envelope: Any, before_data: Any) -> DeliveryOutcome:
        self.begun.append(monotonic())
        return DeliveryOutcome.WITHHELD


async def send(mails: int, per_second: float, ago_s: float = 0.0) -> list[float]:
    """Send these mails of a part that began so long ago; return when each began, in seconds since the part did."""
    transport: Any = RecordingTransport()
    context: Any = SimpleNamespace(settings=SimpleNamespace(smtp_timeout_s=2.0), engine=None)
    attempt: Any = SimpleNamespace(claim=SimpleNamespace(envelope=None))
    begun = monotonic() - ago_s
    await PartSender(context, transport).send([attempt] * mails, per_second, begun)
    return [at - begun for at in transport.begun]


@pytest.mark.parametrize(("per_second", "together"), [(100.0, 10), (35.0, 3), (4.0, 1)])
async def test_no_mail_begins_before_its_share_of_the_pace(per_second: float, together: int) -> None:
    mails = min(25, int(per_second))
    begun = await send(mails, per_second)
    assert len(begun) == mails
    assert all(at >= k // together * together / per_second - EARLY_S for k, at in enumerate(begun))


async def test_a_part_that_is_behind_makes_good_what_it_may_have_sent() -> None:
    """It began a minute ago, and 40 mails a minute may begin: all of them may now, in one turn of the loop."""
    begun = await asyncio.wait_for(send(40, 40 / 60, ago_s=60.0), 30)
    assert len(begun) == 40
