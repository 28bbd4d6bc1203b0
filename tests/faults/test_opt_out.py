"""After an opt-out is acknowledged no mail to that client arrives, and caps hold, with two workers on one database."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from domain.outreach import SETTLED
from mail.faulty_sink import SmtpFault
from mail.links import Links
from models.clock import Clock
from models.outreach import OutreachInput
from models.states import OutreachState, TouchKind
from store.database import write_transaction
from store.tables import outreaches
from tests.support.forks import ForkedWorkers
from tests.support.seeds import draw_seed
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer
from web.app import create_app
from workflows import handles, ids
from workflows.options import LIFECYCLE_QUEUE
from workflows.outreach import Outreach

CLIENTS = 40


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, dev_server: DevServer) -> Iterator[Shop]:
    url = request.getfixturevalue("postgres_tables_url") if request.param == "postgresql" else ""
    new_shop = a_shop(
        tmp_path / "home",
        database_url=url,
        temporal_address=dev_server.address,
        quiet_from_hour=0,
        quiet_until_hour=0,
        starts_per_second=20.0,
        unsubscribe_wait_s=10.0,
        api_key="key",
    )
    new_shop.sink.faults.always = SmtpFault(
        "data", delay_s=0.2
    )  # so that opt-outs find mails in DATA that are yet to arrive
    try:
        yield new_shop
    finally:
        new_shop.sink.stop()
        new_shop.engine.dispose()


@pytest.fixture
def two_workers(shop: Shop, tmp_path: Path) -> Iterator[None]:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    workers = [ForkedWorkers(shop.settings, folder).start() for folder in folders]
    try:
        for worker in workers:
            worker.wait_until_up()
        yield
    finally:
        for worker in workers:
            worker.stop()


def test_no_mail_arrives_after_an_opt_out_was_acknowledged(
    shop: Shop, two_workers: None, request: pytest.FixtureRequest
) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    prefix = f"out{random.randrange(10**6)}-"  # the server is shared, and so are its workflow ids
    names = [f"{prefix}{k}" for k in range(CLIENTS)]
    for name in names:
        shop.client(name)
    settings = shop.settings.model_copy(update={"smtp_url": shop.settings.smtp})  # no second mailbox of the app's own
    links, acknowledged, answers = Links.from_settings(settings), dict[str, datetime](), Counter[int]()

    def leave(name: str) -> None:
        answer = app.post(links.build_unsubscribe_url(name, 1).removeprefix(settings.base_url))
        answers[answer.status_code] += 1
        if answer.status_code == 200:
            acknowledged[name] = datetime.now(UTC)

    with TestClient(create_app(settings), base_url="http://127.0.0.1") as app:
        leaving = []
        for name in chance.sample(names, CLIENTS // 2):
            time.sleep(chance.uniform(0.0, 0.3))
            # whom a mail is under way to is the interesting one
            under_way = [row.client_id for row in shop.ledger() if row.state == OutreachState.DATA]
            target = next((item for item in under_way if item not in acknowledged), name)
            leaving.append(threading.Thread(target=leave, args=(target,)))
            leaving[-1].start()
        for item in leaving:
            item.join()
    until = time.monotonic() + 240
    while time.monotonic() < until:
        rows = shop.ledger()
        done = {row.client_id for row in rows if row.state in SETTLED}
        if done | set(acknowledged) >= set(names) and all(row.state in SETTLED for row in rows):
            break
        time.sleep(0.5)
    time.sleep(1.0)
    arrived = {mail.recipient.partition("@")[0]: mail.received_at for mail in shop.mails()}
    print(f"{len(acknowledged)} left, {len(arrived)} mails, answers {answers}")
    assert set(answers) == {200}
    late = [name for name, at in acknowledged.items() if name in arrived and arrived[name] > at]
    assert not late
    assert len(shop.mails()) == len(arrived), "nobody is mailed twice"
    assert set(names) - set(acknowledged) <= set(arrived), "whoever stays is mailed"
    sent = {row.client_id for row in shop.ledger() if row.state == OutreachState.SENT}
    assert sent == set(arrived)


def test_a_client_s_cap_holds_when_several_of_their_mails_are_at_the_door_at_once(
    shop: Shop, two_workers: None
) -> None:
    """Made by hand: four mails of one client in the ledger, all due now, each with a workflow of its own."""
    assert shop.settings.max_mails_per_week == 2
    name = f"cap{random.randrange(10**6)}"
    shop.client(name)
    _wait(lambda: [row.state for row in shop.ledger(name)] == ["sent"])
    first = shop.ledger(name)[0]
    with write_transaction(shop.engine) as connection:
        connection.execute(
            update(outreaches).where(outreaches.c.client_id == name).values(sent_at=None, state="expired")
        )
        values = {
            key: value for key, value in first._mapping.items() if key not in ("n", "reason_key", "state", "sent_at")
        }
        for n in range(2, 6):
            connection.execute(outreaches.insert().values(**values, n=n, reason_key=f"by hand {n}", state="scheduled"))
    _start_outreaches(shop, name)
    _wait(lambda: sum(row.state == "sent" for row in shop.ledger(name)) >= 1)
    time.sleep(4)
    rows = Counter(row.state for row in shop.ledger(name) if row.n > 1)
    assert rows == {"sent": 1, "scheduled": 3}, "two days must lie between two mails"
    assert len(shop.mails()) == 2


def _start_outreaches(shop: Shop, name: str) -> None:
    async def start() -> None:
        client = await handles.connect(shop.settings.temporal_address, "default")
        for n in range(2, 6):
            argument = OutreachInput(client_id=name, n=n, kind=TouchKind.WELCOME, composer="house", clock=Clock())
            await client.start_workflow(Outreach.run, argument, id=ids.outreach(name, n), task_queue=LIFECYCLE_QUEUE)

    asyncio.run(start())


def _wait(done: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.2)
