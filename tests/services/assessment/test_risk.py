"""Assessments with a risk model: learnt from the store, at risk against one's own rhythm, by whoever the slot names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from algorithms.risk.risk_model import FILE
from domain.engagement import FORMULA
from errors import BadInput
from models.lifecycle import Assessment, AssessRequest
from models.states import Band, Phase
from services.assessment.assessor import Assessor
from services.assessment.scoring import load_model
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.training.risk import train_risk
from settings import Settings
from store.database import connect, read_transaction
from store.learning.artefacts import Artefact
from store.tables import assessments, decisions
from tests.algorithms.risk.histories import make_orders
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

LEFT = """
slot, version = "risk", "7"

def answer(question):
    return {"p_alive": 0.1, "expected_orders": 0.25}
"""
RAISES = 'slot, version = "risk", "1"\n\ndef answer(question):\n    raise KeyError("no")\n'


def build_order(client_id: str, days_ago: float) -> dict[str, Any]:
    paid = {"item_id": "i1", "value": "40.00", "currency": "USD"}
    return {"client_id": client_id, "type": "order_placed", "days_ago": days_ago, **paid}


def build_view(client_id: str) -> dict[str, Any]:
    return {"client_id": client_id, "type": "item_viewed", "days_ago": 0.0, "item_id": "i1"}


class RiskShop:
    """A shop of clients with rhythms of their own, one who buys weekly and one who buys twice a year."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.settings, self._stack = Settings(home=folder / "home", _env_file=None), stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        create_tables(self.engine)
        self.shop = StockedShop(self.engine)
        orders = make_orders(240)
        for client_id in (*orders.ids, "weekly", "yearly", "once"):
            self.shop.client(client_id, signed_up_at=NOW - timedelta(days=800), consent=True)
        ago = int(orders.day.max()) - orders.day + 0.5
        placed = [(orders.ids[client], days) for client, days in zip(orders.client, ago.tolist(), strict=True)]
        placed += [("weekly", 30 + 7 * n) for n in range(10)]
        placed += [("yearly", 40 + 180 * n) for n in range(4)]
        self.shop.events([build_order(client_id, days_ago) for client_id, days_ago in [*placed, ("once", 50)]])

    def assess(self, client_id: str, at: datetime = NOW, decider: Decider | None = None) -> Assessment:
        context = ServiceContext(settings=self.settings, engine=self.engine, wall=lambda: at)
        return Assessor(context, decider).assess(AssessRequest(client_id=client_id, at=at))

    def decider(self, policy: str) -> Decider:
        write_policy_file(self.settings.home, policy)
        return self._stack.enter_context(Decider.serve(self.settings, self.engine))

    def load_row(self, assessment_id: str) -> Any:
        with read_transaction(self.engine) as connection:
            return connection.execute(select(assessments).where(assessments.c.id == assessment_id)).one()


@pytest.fixture(scope="module")
def risk_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiskShop]:
    with ExitStack() as stack:
        risk_shop = RiskShop(tmp_path_factory.mktemp("risk"), stack)
        before = risk_shop.load_row(risk_shop.assess("weekly").id)
        assert (before.algorithm, before.risk) == (FORMULA, None)  # until then engagement alone decides
        train_risk(risk_shop.engine, risk_shop.settings, 60, NOW)
        yield risk_shop


def test_training_needs_orders_and_says_how_well_it_foretells(risk_shop: RiskShop, tmp_path: Path) -> None:
    empty = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    create_tables(empty)
    with pytest.raises(BadInput, match="no event is an order"):
        train_risk(empty, risk_shop.settings.model_copy(update={"home": tmp_path}), 60, NOW)
    empty.dispose()
    artefact = train_risk(risk_shop.engine, risk_shop.settings, 60, NOW)
    assert artefact.metrics["windows"] > 0
    assert artefact.metrics["auc"] > artefact.metrics["auc_recency"]
    assert (risk_shop.settings.home / artefact.path / "risk.json").exists()


def test_each_is_at_risk_against_their_own_rhythm(risk_shop: RiskShop) -> None:
    weekly, yearly, once = (risk_shop.assess(name) for name in ("weekly", "yearly", "once"))
    assert yearly.band in (Band.ACTIVE, Band.COOLING)
    risk = risk_shop.load_row(weekly.id).risk
    assert (risk["algorithm"], risk["orders"]) == ("cadence", 10)
    assert risk["why"] == "10 orders, usually 7 days apart; silent for 30 days, 4.3 times the usual gap"
    assert risk_shop.load_row(once.id).risk["falls_at"] is None
    falls = {name: datetime.fromisoformat(risk_shop.load_row(assessment.id).risk["falls_at"]) for name, assessment in
             (("weekly", weekly), ("yearly", yearly))}  # fmt: skip
    silence = {"weekly": timedelta(days=30), "yearly": timedelta(days=40)}
    assert falls["weekly"] + silence["weekly"] < falls["yearly"] + silence["yearly"]


def test_the_moment_is_known_ahead_and_a_timer_finds_it_come(risk_shop: RiskShop) -> None:
    falls_at = datetime.fromisoformat(risk_shop.load_row(risk_shop.assess("yearly").id).risk["falls_at"])
    assert falls_at > NOW
    before, then = risk_shop.assess("yearly", falls_at - timedelta(minutes=5)), risk_shop.assess("yearly", falls_at)
    assert before.crosses_at == falls_at
    assert before.wake_at >= falls_at
    assert before.band in (Band.ACTIVE, Band.COOLING)
    assert (then.band, then.phase) == (Band.AT_RISK, Phase.AT_RISK)
    assert then.crosses_at is None or then.crosses_at > falls_at
    assert risk_shop.load_row(then.id).algorithm == f"{FORMULA}, cadence"


def test_an_order_of_a_client_at_risk_wakes_their_workflow_a_look_does_not(risk_shop: RiskShop) -> None:
    then = NOW + timedelta(days=300)
    assert risk_shop.assess("weekly", then - timedelta(days=1)).band in (Band.AT_RISK, Band.LAPSED)
    later = StockedShop(risk_shop.engine, now=then, numbers=risk_shop.shop.numbers)
    assert [later.accept_event(event) for event in (build_view("weekly"), build_order("weekly", 0.0))] == [
        set(),
        {"weekly"},
    ]
    assert risk_shop.assess("weekly", then).phase is Phase.WON_BACK


def test_a_plugged_algorithm_is_honoured_recorded_and_told(risk_shop: RiskShop) -> None:
    install_algorithm(risk_shop.settings.home / "algorithms", "left", source=LEFT)
    decider = risk_shop.decider('[slots.risk]\nchampion = "left"\n')
    assert wait_until(lambda: decider.has_algorithm("risk"))
    assert wait_until(
        lambda: risk_shop.load_row(risk_shop.assess("yearly", decider=decider).id).risk["algorithm"] == "left"
    )
    assessment = risk_shop.assess("yearly", decider=decider)
    row = risk_shop.load_row(assessment.id)
    assert (assessment.band, row.algorithm) == (Band.AT_RISK, f"{FORMULA}, left")
    assert (row.risk["version"], row.risk["p_alive"]) == ("7", 0.1)
    assert "usually 180 days apart" in row.risk["why"]
    with read_transaction(risk_shop.engine) as connection:
        recorded = connection.execute(
            select(decisions).where(decisions.c.slot == "risk", decisions.c.client_id == "yearly")
        )
        assert {row.algorithm for row in recorded} <= {"left", "cadence", "house"}


def test_when_the_plugged_one_fails_the_learnt_model_serves(risk_shop: RiskShop) -> None:
    install_algorithm(risk_shop.settings.home / "algorithms", "raises", source=RAISES)
    decider = risk_shop.decider('[slots.risk]\nchampion = "raises"\n')
    assert wait_until(lambda: decider.has_algorithm("risk"))
    assert risk_shop.load_row(risk_shop.assess("yearly", decider=decider).id).risk["algorithm"] == "cadence"


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"rhythm": []}'])
def test_what_is_no_model_does_not_serve(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    about = {"id": "r", "slot": "risk", "algorithm": "a", "path": ".", "created_at": NOW}
    assert load_model(tmp_path, Artefact.model_validate(about)) is None
