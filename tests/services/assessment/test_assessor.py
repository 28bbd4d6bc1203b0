"""What an assessment costs the database, and that both databases hold it alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from models.lifecycle import AssessRequest
from models.states import HoldSource
from services.assessment.assessor import Assessor
from services.context import ServiceContext
from settings import Settings
from store.clients import holds
from store.database import connect, read_transaction, write_transaction
from store.tables import clients, outreaches, standings
from tests.support.shop_services import NOW, StockedShop
from tests.support.suppressions import suppress_addresses
from tests.support.tables import create_tables

FIRST, IDLE = 10, 7
"""Statements of a newcomer's first assessment, which begins the welcome, and of one that changes nothing; BEGIN apart.
They were 14 and 10 while each fact had a query of its own and the plan was saved apart from the score."""


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    opened = connect(url if request.param == "sqlite" else request.getfixturevalue("postgres_tables_url"))
    create_tables(opened)
    shop = StockedShop(opened)
    for number in range(4):
        shop.client(f"c{number}", signed_up_at=NOW, consent=True, time_zone="UTC", email=f"c{number}@shop.example")
    yield opened
    opened.dispose()


@pytest.fixture
def assessor(engine: Engine, tmp_path: Path) -> Assessor:
    settings = Settings(home=tmp_path, _env_file=None)
    return Assessor(ServiceContext(settings=settings, engine=engine, wall=lambda: NOW))


def ask(client_id: str) -> AssessRequest:
    return AssessRequest(client_id=client_id, at=NOW)


def test_an_assessment_takes_few_statements_and_reads_nothing_twice(engine: Engine, assessor: Assessor) -> None:
    statements: list[str] = []
    assessor.assess(ask("c0"))  # the risk model is looked for once every few seconds

    def note(*arguments: Any) -> None:
        if not arguments[2].startswith("BEGIN"):
            statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    for most in (FIRST, IDLE):
        statements.clear()
        assert assessor.assess(ask("c1")).start is not None
        assert len(statements) <= most
        assert len(set(statements)) == len(statements)


def test_the_first_assessment_takes_the_mark_of_the_new(engine: Engine, assessor: Assessor) -> None:
    assessor.assess(ask("c1"))
    with read_transaction(engine) as connection:
        marked = connection.scalars(select(clients.c.client_id).where(clients.c.unassessed)).all()
    assert sorted(marked) == ["c0", "c2", "c3"]


def test_holds_and_suppressions_are_read_together(engine: Engine, assessor: Assessor, tmp_path: Path) -> None:
    signing_key = Settings(home=tmp_path, _env_file=None).keys.signing
    with write_transaction(engine) as connection:
        for source in (HoldSource.OPERATOR, HoldSource.CLIENT):
            holds.add_hold(connection, "c0", source, "", NOW)
        suppress_addresses(connection, signing_key, {"c1@shop.example": ("complaint", NOW)})
    held, suppressed = assessor.assess(ask("c0")), assessor.assess(ask("c1"))
    assert (held.start, set(held.held)) == (None, {"operator", "client"})
    assert suppressed.start is None
    assert "complaint" in suppressed.why_not


def test_assessments_of_one_client_at_once_begin_one_mail(engine: Engine, assessor: Assessor) -> None:
    def assess(_: int) -> int | None:
        result = assessor.assess(ask("c2"))
        return result.start.n if result.start else None

    assessor.assess(ask("c2"))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(assess, range(8))) == {1}
    with read_transaction(engine) as connection:
        assert list(connection.scalars(select(outreaches.c.n).where(outreaches.c.client_id == "c2"))) == [1]
        assert connection.scalar(select(standings.c.next_n).where(standings.c.client_id == "c2")) == 2
