"""The steps of an erasure: units are free again, and not a byte is left in the database's files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update
from temporalio.testing import ActivityEnvironment

from activities.erase import ErasureSteps
from errors import NotFound
from models.erasures import ErasureStep
from services.context import ServiceContext
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.fixes import reservations
from store.mail.policy import ShopPolicy
from store.tables import clients, stock
from tests.support.private_data import CANARIES, save_everything_about
from tests.support.tables import create_tables

WHO = "privy"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    settings = Settings(_env_file=None, home=tmp_path)
    engine = connect(settings.database)
    create_tables(engine)
    with write_transaction(engine) as connection:
        save_everything_about(connection, ShopPolicy.from_settings(settings), WHO, datetime.now(UTC))
    yield ServiceContext(settings=settings, engine=engine)
    engine.dispose()


def erase(context: ServiceContext, client_id: str = WHO) -> int:
    step = ErasureStep(client_id=client_id, at=datetime.now(UTC))
    activities = ErasureSteps(context)
    ActivityEnvironment().run(activities.freeze_client, step)
    return ActivityEnvironment().run(activities.erase_client, step).rows


def read_all_bytes(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file())


def test_not_a_byte_is_left_in_the_files(context: ServiceContext) -> None:
    folder = context.settings.home / "artefacts" / "fit-1"
    folder.mkdir(parents=True)
    np.save(folder / "clients.npy", np.array(["ann", WHO], "S8"))
    with write_transaction(context.engine) as connection:  # an address that was changed since
        connection.execute(update(clients).values(email="new@example.org"))
    assert erase(context) > 20
    context.engine.dispose()
    left = read_all_bytes(context.settings.home)
    assert [word for word in (*CANARIES, WHO, "new@example.org") if word.encode() in left] == []
    assert b"knit-1-M" in left, "what it looked through is the database"


def test_units_that_were_held_are_free(context: ServiceContext) -> None:
    erase(context)
    with read_transaction(context.engine) as connection:
        assert reservations.find_faults(connection) == []
        assert connection.execute(select(stock.c.on_hand, stock.c.reserved)).all() == [(3, 0)]


def test_again_is_the_same_and_nobody_is_nobody(context: ServiceContext) -> None:
    erase(context)
    assert erase(context) == 0
    with pytest.raises(NotFound):
        erase(context, "nobody")
