"""What an assessment costs the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event

from models.lifecycle import AssessRequest
from services.assessment.assessor import Assessor
from services.context import ServiceContext
from settings import Settings
from store.database import connect
from store.tables import metadata
from tests.support.shop_services import NOW, StockedShop

FIRST, IDLE = 9, 7
"""Statements of a newcomer's first assessment, which begins the welcome, and of one that changes nothing; BEGIN apart.
They were 14 and 10 while each fact had a query of its own and the plan was saved apart from the score."""


def test_an_assessment_takes_few_statements_and_reads_nothing_twice(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    metadata.create_all(engine)
    shop = StockedShop(engine)
    statements: list[str] = []
    shop.client("c0", signed_up_at=NOW, consent=True, time_zone="UTC")
    shop.client("c1", signed_up_at=NOW, consent=True, time_zone="UTC")
    context = ServiceContext(settings=Settings(home=tmp_path, _env_file=None), engine=engine, wall=lambda: NOW)
    assessor = Assessor(context)
    assessor.assess(AssessRequest(client_id="c0", at=NOW))  # the risk model is looked for once every few seconds

    def note(*arguments: Any) -> None:
        if not arguments[2].startswith("BEGIN"):
            statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    for most in (FIRST, IDLE):
        statements.clear()
        assert assessor.assess(AssessRequest(client_id="c1", at=NOW)).start is not None
        assert len(statements) <= most
        assert len(set(statements)) == len(statements)
    engine.dispose()
