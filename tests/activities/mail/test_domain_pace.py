"""Mail to one domain keeps to its warm-up and to its rests, over restarts; other domains go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from errors import MailFault
from mail import domain_turns
from mail.faulty_sink import SmtpFault
from services.clients.why_not import explain_no_mail
from store.database import read_transaction
from store.mail.policy import build_mail_rules
from tests.support.sending import Post, find_noon, schedule_mail
from tests.support.shop import Shop, a_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that takes its sink for a real mail server."""
    made = a_shop(tmp_path / "home", warm_up="2,3", public_url="https://style.shop.example")
    made.settings = made.settings.model_copy(update={"smtp_url": made.settings.smtp})
    made.context = type(made.context)(settings=made.settings, engine=made.engine)
    yield made
    made.sink.stop()
    made.engine.dispose()


async def test_a_warm_up_holds_the_third_mail_until_tomorrow_even_after_a_restart(shop: Shop) -> None:
    now = find_noon()
    for k in range(2):
        assert (await Post(shop).send(schedule_mail(shop, f"c{k}", now))).state == "sent"
    held = schedule_mail(shop, "c2", now)
    done = await Post(shop).send(held)
    assert (done.state, done.code) == ("scheduled", "warm_up")
    assert done.next_at is not None
    assert done.next_at > now
    with read_transaction(shop.engine) as connection:
        why = explain_no_mail(connection, "c2", build_mail_rules(shop.settings), shop.settings.keys.signing, now)
    assert "grows day by day" in why
    other = schedule_mail(shop, "d", now, email="d@elsewhere.example")
    assert (await Post(shop).send(other)).state == "sent"
    tomorrow = held.model_copy(update={"at": now + timedelta(days=1)})
    assert (await Post(shop).send(tomorrow)).state == "sent"


@pytest.mark.parametrize("answer", ["421 4.3.2 too many", "451 4.7.1 slow down"])
async def test_a_domain_that_asks_for_less_rests_and_is_tried_again(shop: Shop, answer: str) -> None:
    now = find_noon()
    first, second = (schedule_mail(shop, f"c{k}", now) for k in range(2))
    shop.sink.faults.plan(SmtpFault("rcpt", answer=answer))
    with pytest.raises(MailFault):
        await Post(shop).send(first)
    tries = shop.sink.faults.step_counts["rcpt"]
    done = await Post(shop).send(second)
    assert (done.state, done.code) == ("scheduled", "domain_rests")
    assert shop.sink.faults.step_counts["rcpt"] == tries, "nobody of that domain was tried"
    later = timedelta(minutes=2)
    for step in (first, second):
        assert (await Post(shop).send(step.model_copy(update={"at": now + later}))).state == "sent"


async def test_one_domain_has_its_number_at_once_and_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def rest(seconds: float) -> None:
        waits.append(round(seconds, 6))
        await asyncio.sleep(0)

    monkeypatch.setattr(domain_turns, "monotonic", lambda: 0.0)
    monkeypatch.setattr(domain_turns, "asyncio", SimpleNamespace(Semaphore=asyncio.Semaphore, sleep=rest))
    turns, under_way, most = domain_turns.DomainTurns(2, 100.0), 0, 0

    async def send(address: str) -> None:
        nonlocal under_way, most
        async with turns.take(address):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(send("a@one.example") for _ in range(8)), send("b@two.example"))
    assert most == 3, "two of one domain, and one of another"
    assert sorted(waits) == [0.0, 0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07], "a hundred a second, by domain"
