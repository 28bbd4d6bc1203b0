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

from activities.erase import ErasureSteps
from models.erasures import ErasureState, ErasureStep
from services.context import ServiceContext
from settings import Settings
from store.campaigns import campaigns
from store.database import connect, read_transaction, write_transaction
from store.fixes import reservations
from store.mail.policy import ShopPolicy
from store.privacy import erasure
from store.tables import events
from tests.support.forks import prepare_fork_context
from tests.support.private_data import CANARIES, iterate_all_rows, save_everything_about
from tests.support.seeds import draw_seed
from tests.support.tables import create_tables

WHO = "privy"
BATCH = 7
EVENTS = 60
FEWEST = 3
"""Kills a run has at least: these come early enough that the erasure, of over 20 beginnings and ends, outlives them."""


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
    ActivityEnvironment().run(ErasureSteps(ServiceContext(settings=settings, engine=engine)).erase_client, step)


def seed_store(engine: Engine, terms: ShopPolicy) -> str:
    now = datetime.now(UTC)
    row = {"client_id": WHO, "type": "searched", "occurred_at": now, "data": {"query": CANARIES[0]}}
    with write_transaction(engine) as connection:
        fix_id = save_everything_about(connection, terms, WHO, now)
        connection.execute(insert(events), [row | {"event_id": f"more{k}"} for k in range(EVENTS)])
    return fix_id


def _kill_once(context: Any, settings: Settings, at: int) -> bool:
    """Whether it was killed, and not done before."""
    process = context.Process(target=erases, args=(settings, at))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def test_a_kill_at_any_commit_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    settings = Settings(_env_file=None, home=tmp_path, signing_key="a key")
    engine, terms = connect(settings.database), ShopPolicy.from_settings(settings)
    create_tables(engine)
    fix_id = seed_store(engine, terms)
    with read_transaction(engine) as connection:
        before = campaigns.count_progress(connection, "spring")
    kills = 0
    with prepare_fork_context("tests.faults.test_erasure_kill") as context:
        while _kill_once(context, settings, chance.randint(1, 30 if kills >= FEWEST else 5)):
            kills += 1
            assert kills < 200
    assert kills >= FEWEST
    with read_transaction(engine) as connection:
        assert erasure.load_status(connection, terms.signing_key, WHO).state is ErasureState.ERASED
        words = (*CANARIES, WHO, fix_id)
        assert [(name, word) for name, text in iterate_all_rows(connection) for word in words if word in text] == []
        assert campaigns.count_progress(connection, "spring") == before
        assert reservations.find_faults(connection) == []
    engine.dispose()
    print(f"killed {kills} times")
