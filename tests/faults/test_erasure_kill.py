"""Killing whoever erases, before and after every commit: the next goes on, nothing is left, and all is counted once."""

from __future__ import annotations

import os
import random
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy import event as hooks
from temporalio.testing import ActivityEnvironment

from activities.erase import Erase
from models.erasures import ErasureState, ErasureStep
from services.context import ServiceContext
from settings import Settings
from store.campaigns import campaigns
from store.database import connect, read_transaction, write_transaction
from store.fixes import reservations
from store.mail.policy import Terms
from store.migrate import upgrade
from store.privacy import erasure
from store.tables import events
from tests.support.forked import prepared
from tests.support.told import CANARIES, everything, tell

WHO = "privy"
BATCH = 7
EVENTS = 60


def erases(settings: Settings, at: int) -> None:
    """In a process of its own: erase, and die at the `at`-th beginning or end of a transaction."""
    left = at

    def fall(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    erasure.BATCH = BATCH  # type: ignore[misc]
    engine = connect(settings.database)
    for moment in ("begin", "commit"):  # the latter comes before what it is named after
        hooks.listen(engine, moment, fall)
    step = ErasureStep(client_id=WHO, at=datetime.now(UTC))
    ActivityEnvironment().run(Erase(ServiceContext(settings=settings, engine=engine)).erase_client, step)


def seeded(engine: Engine, terms: Terms) -> str:
    now = datetime.now(UTC)
    row = {"client_id": WHO, "type": "searched", "occurred_at": now, "data": {"query": CANARIES[0]}}
    with write_transaction(engine) as connection:
        fix_id = tell(connection, terms, WHO, now)
        connection.execute(insert(events), [row | {"event_id": f"more{k}"} for k in range(EVENTS)])
    return fix_id


def _killed(context: Any, settings: Settings, at: int) -> bool:
    """Whether it was killed, and not done before."""
    process = context.Process(target=erases, args=(settings, at))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def test_a_kill_at_any_commit_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    settings = Settings(_env_file=None, home=tmp_path, signing_key="a key")
    engine, terms = connect(settings.database), Terms.of(settings)
    upgrade(engine)
    fix_id = seeded(engine, terms)
    with read_transaction(engine) as connection:
        before = campaigns.progress(connection, "spring")
    kills = 0
    with prepared("tests.faults.test_erasure_kill") as context:
        while _killed(context, settings, chance.randint(1, 30)):
            kills += 1
            assert kills < 200
    assert kills >= 3
    with read_transaction(engine) as connection:
        assert erasure.status(connection, terms.signing_key, WHO).state is ErasureState.ERASED
        words = (*CANARIES, WHO, fix_id)
        assert [(name, word) for name, told in everything(connection) for word in words if word in told] == []
        assert campaigns.progress(connection, "spring") == before
        assert reservations.faults(connection) == []
    engine.dispose()
    print(f"killed {kills} times")
