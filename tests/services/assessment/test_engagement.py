"""Assessments with an algorithm in the slot `engagement`: it moves a phase, and for a broken one the formula serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from domain.engagement import FORMULA
from models.lifecycle import Assessment, AssessRequest
from models.states import Band, Phase
from services.assessment.assessor import Assessor
from services.assessment.client_scores import score_clients
from services.context import ServiceContext
from services.decisions.decider import Decider
from settings import Settings
from store.database import connect, read_transaction
from store.tables import assessments, decisions, standings
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

LOST = """
slot, version = "engagement", "3"

def answer(question):
    orders = [event for event in question["events"] if event["kind"] == "order_placed"]
    return {"score": min(question["thresholds"]) + 1 if orders else 1.0}
"""
FADES = """
slot, version = "engagement", "1"

def answer(question):
    return {"score": 90.0, "crosses_at": question["now"].replace("2026", "2027")}
"""
RAISES = 'slot, version = "engagement", "1"\n\ndef answer(question):\n    raise KeyError("no")\n'
SLEEPS = 'import time\nslot, version = "engagement", "1"\n\ndef answer(question):\n    time.sleep(60)\n'


class EngagementShop:
    """A shop with one client who ordered lately, and one who only looked."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.settings, self._stack = Settings(home=folder / "home", _env_file=None), stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        create_tables(self.engine)
        shop = StockedShop(self.engine)
        for client_id in ("buyer", "looker"):
            shop.client(client_id, signed_up_at=NOW - timedelta(days=400), consent=True, time_zone="UTC")
        paid = {"item_id": "i1", "value": "80.00", "currency": "USD"}
        shop.event("buyer", "order_placed", 3.0, **paid)
        shop.event("looker", "item_viewed", 3.0, item_id="i1")

    def decider(self, source: str, deadline_ms: int = 5_000, name: str = "lost") -> Decider:
        install_algorithm(self.settings.home / "algorithms", name, source=source)
        write_policy_file(self.settings.home, f'[slots.engagement]\nchampion = "{name}"\ndeadline_ms = {deadline_ms}\n')
        opened = self._stack.enter_context(Decider.serve(self.settings, self.engine))
        assert wait_until(lambda: opened.has_algorithm("engagement"))
        assert opened._registry is not None
        assert opened._registry.is_ready("engagement", 20)
        return opened

    def assess(self, client_id: str, decider: Decider | None = None, at: datetime = NOW) -> Assessment:
        context = ServiceContext(settings=self.settings, engine=self.engine, wall=lambda: at)
        return Assessor(context, decider).assess(AssessRequest(client_id=client_id, at=at))

    def load(self, table: Any, client_id: str) -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(table).where(table.c.client_id == client_id)))


@pytest.fixture
def engagement_shop(tmp_path: Path) -> Iterator[EngagementShop]:
    with ExitStack() as stack:
        yield EngagementShop(tmp_path, stack)


def test_an_algorithm_moves_a_client_s_phase_and_is_on_record(engagement_shop: EngagementShop) -> None:
    before = engagement_shop.assess("buyer")
    assert (before.phase, before.band) == (Phase.ACTIVE, Band.ACTIVE)
    after = engagement_shop.assess("buyer", engagement_shop.decider(LOST))
    assert (after.phase, after.band, after.score) == (Phase.AT_RISK, Band.AT_RISK, 9.0)
    assert after.crosses_at == NOW + timedelta(days=engagement_shop.settings.engagement_recheck_days)
    assert after.start is not None
    assert after.start.kind == "missed"
    row = next(row for row in engagement_shop.load(assessments, "buyer") if row.id == after.id)
    assert (row.algorithm, row.score) == ("lost/3", 9.0)
    (decision,) = engagement_shop.load(decisions, "buyer")
    assert (decision.slot, decision.algorithm, decision.version, decision.answer["score"]) == (
        "engagement", "lost", "3", 9.0,
    )  # fmt: skip
    (standing,) = engagement_shop.load(standings, "buyer")
    assert standing.order_moves


def test_its_crossing_is_the_workflow_s_next_timer(engagement_shop: EngagementShop) -> None:
    result = engagement_shop.assess("looker", engagement_shop.decider(FADES))
    assert result.band is Band.ACTIVE
    assert result.crosses_at == NOW.replace(year=2027)


@pytest.mark.parametrize(("source", "code"), [(RAISES, "raised"), (SLEEPS, "late")])
def test_a_broken_one_is_the_formula_in_time(engagement_shop: EngagementShop, source: str, code: str) -> None:
    plain = engagement_shop.assess("buyer")
    decider = engagement_shop.decider(source, 300)
    began = monotonic()
    result = engagement_shop.assess("buyer", decider)
    assert monotonic() - began < 10
    assert (result.score, result.band, result.crosses_at) == (plain.score, plain.band, plain.crosses_at)
    rows = engagement_shop.load(assessments, "buyer")
    assert {row.algorithm for row in rows} == {FORMULA}
    (decision,) = engagement_shop.load(decisions, "buyer")
    assert (decision.algorithm, decision.variant, decision.faults) == ("decayed-rfv", "lost", [f"lost:{code}"])
    assert decision.answer["score"] == plain.score


def test_without_one_nothing_is_asked_or_read(engagement_shop: EngagementShop) -> None:
    statements: list[str] = []
    event.listen(engagement_shop.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    engagement_shop.assess("buyer", Decider())
    assert not [text for text in statements if "FROM events" in text or "decisions" in text]
    assert engagement_shop.load(decisions, "buyer") == []


def test_a_batch_asks_it_too(engagement_shop: EngagementShop) -> None:
    engine, home = engagement_shop.engine, engagement_shop.settings.home
    plain = score_clients(engine, home, NOW, 90)
    asked = score_clients(engine, home, NOW, 90, decider=engagement_shop.decider(LOST))
    assert plain.algorithm == "decay+recency_rate"
    assert asked.algorithm == "lost/3+decay+recency_rate"
    by_id = dict(zip(asked.ids, zip(asked.scores.engagement, asked.scores.band, strict=True), strict=True))
    assert by_id == {"buyer": (9.0, 2), "looker": (1.0, 3)}
    broken = score_clients(engine, home, NOW, 90, decider=engagement_shop.decider(RAISES, name="broken"))
    assert broken.scores.engagement.tolist() == plain.scores.engagement.tolist()
    assert engagement_shop.load(decisions, "buyer") == []
