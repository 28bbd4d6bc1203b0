"""What Prometheus counts of attempts to send carries the outcomes that the alarms ask for."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from mail.faulty_sink import SmtpFault
from models.states import OutreachState
from tests.support.sending import Post, find_noon, schedule_mail
from tests.support.shop import Shop


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("selvedge_mails_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize(
    ("fault", "state", "code", "outcome"),
    [
        (SmtpFault("text", hang_up=True), OutreachState.UNKNOWN, "smtp_lost", "unknown"),
        (SmtpFault("rcpt", answer="550 5.1.1 nobody"), OutreachState.FAILED, "smtp_550", "smtp_550"),
    ],
)
async def test_a_mail_counts_as_what_became_of_it(
    shop: Shop, fault: SmtpFault, state: OutreachState, code: str, outcome: str
) -> None:
    step = schedule_mail(shop, "c", find_noon())
    shop.sink.faults.plan(fault)
    before = count(outcome), count("sent")
    assert (await Post(shop).send(step)).state == state
    (row,) = shop.ledger("c")
    assert (row.state, row.code) == (state, code)
    assert (count(outcome), count("sent")) == (before[0] + 1, before[1])
