"""Assessments with a risk model: learnt from the store, at risk against one's own rhythm, by whoever the slot names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from activities.assess import Assess
from algorithms.risk.served import FILE
from domain.engagement import FORMULA
from errors import BadInput
from models.lifecycle import Assessment, AssessRequest
from models.states import Band, Phase
from services.assessment.risk import loaded
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.training.risk import train_risk
from settings import Settings
from store.database import connect, read_transaction
from store.learning.artefacts import Artefact
from store.tables import assessments, decisions, metadata
from tests.algorithms.risk.histories import made_up
from tests.support.algorithms import plant, say, until
from tests.support.stocked import NOW, StockedShop

LEFT = """
slot, version = "risk", "7"

def answer(question):
    return {"p_alive": 0.1, "expected_orders": 0.25}
"""
RAISES = 'slot, version = "risk", "1"\n\ndef answer(question):\n    raise KeyError("no")\n'


def order(client_id: str, days_ago: float) -> dict[str, Any]:
    paid = {"item_id": "i1", "value": "40.00", "currency": "USD"}
    return {"client_id": client_id, "type": "order_placed", "days_ago": days_ago, **paid}


def viewed(client_id: str) -> dict[str, Any]:
    return {"client_id": client_id, "type": "item_viewed", "days_ago": 0.0, "item_id": "i1"}


class Place:
    """A shop of clients with rhythms of their own, one who buys weekly and one who buys twice a year."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.settings, self._stack = Settings(home=folder / "home", _env_file=None), stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        metadata.create_all(self.engine)
        self.shop = StockedShop(self.engine)
        orders = made_up(240)
        for client_id in (*orders.ids, "weekly", "yearly", "once"):
            self.shop.client(client_id, signed_up_at=NOW - timedelta(days=800), consent=True)
        ago = int(orders.day.max()) - orders.day + 0.5
        placed = [(orders.ids[client], days) for client, days in zip(orders.client, ago.tolist(), strict=True)]
        placed += [("weekly", 30 + 7 * n) for n in range(10)]
        placed += [("yearly", 40 + 180 * n) for n in range(4)]
        self.shop.events([order(client_id, days_ago) for client_id, days_ago in [*placed, ("once", 50)]])

    def assess(self, client_id: str, at: datetime = NOW, decider: Decider | None = None) -> Assessment:
        context = ServiceContext(settings=self.settings, engine=self.engine, wall=lambda: at)
        return Assess(context, decider).assess(AssessRequest(client_id=client_id, at=at))

    def decider(self, policy: str) -> Decider:
        say(self.settings.home, policy)
        return self._stack.enter_context(Decider.serving(self.settings, self.engine))

    def row(self, assessment_id: str) -> Any:
        with read_transaction(self.engine) as connection:
            return connection.execute(select(assessments).where(assessments.c.id == assessment_id)).one()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        made = Place(tmp_path_factory.mktemp("risk"), stack)
        before = made.row(made.assess("weekly").id)
        assert (before.algorithm, before.risk) == (FORMULA, None)  # until then engagement alone decides
        train_risk(made.engine, made.settings, 60, NOW)
        yield made


def test_training_needs_orders_and_says_how_well_it_foretells(place: Place, tmp_path: Path) -> None:
    empty = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    metadata.create_all(empty)
    with pytest.raises(BadInput, match="no event is an order"):
        train_risk(empty, place.settings.model_copy(update={"home": tmp_path}), 60, NOW)
    empty.dispose()
    made = train_risk(place.engine, place.settings, 60, NOW)
    assert made.metrics["windows"] > 0
    assert made.metrics["auc"] > made.metrics["auc_recency"]
    assert (place.settings.home / made.path / "risk.json").exists()


def test_each_is_at_risk_against_their_own_rhythm(place: Place) -> None:
    weekly, yearly, once = (place.assess(name) for name in ("weekly", "yearly", "once"))
    assert yearly.band in (Band.ACTIVE, Band.COOLING)
    risk = place.row(weekly.id).risk
    assert (risk["algorithm"], risk["orders"]) == ("cadence", 10)
    assert risk["why"] == "10 orders, usually 7 days apart; silent for 30 days, 4.3 times the usual gap"
    assert place.row(once.id).risk["falls_at"] is None
    falls = {name: datetime.fromisoformat(place.row(told.id).risk["falls_at"]) for name, told in
             (("weekly", weekly), ("yearly", yearly))}  # fmt: skip
    silence = {"weekly": timedelta(days=30), "yearly": timedelta(days=40)}
    assert falls["weekly"] + silence["weekly"] < falls["yearly"] + silence["yearly"]


def test_the_moment_is_known_ahead_and_a_timer_finds_it_come(place: Place) -> None:
    falls_at = datetime.fromisoformat(place.row(place.assess("yearly").id).risk["falls_at"])
    assert falls_at > NOW
    before, then = place.assess("yearly", falls_at - timedelta(minutes=5)), place.assess("yearly", falls_at)
    assert before.crosses_at == falls_at
    assert before.wake_at >= falls_at
    assert before.band in (Band.ACTIVE, Band.COOLING)
    assert (then.band, then.phase) == (Band.AT_RISK, Phase.AT_RISK)
    assert then.crosses_at is None or then.crosses_at > falls_at
    assert place.row(then.id).algorithm == f"{FORMULA}, cadence"


def test_an_order_of_a_client_at_risk_wakes_their_workflow_a_look_does_not(place: Place) -> None:
    then = NOW + timedelta(days=300)
    assert place.assess("weekly", then - timedelta(days=1)).band in (Band.AT_RISK, Band.LAPSED)
    later = StockedShop(place.engine, now=then, numbers=place.shop.numbers)
    assert [later.nudged(event) for event in (viewed("weekly"), order("weekly", 0.0))] == [set(), {"weekly"}]
    assert place.assess("weekly", then).phase is Phase.WON_BACK


def test_a_plugged_algorithm_is_honoured_recorded_and_told(place: Place) -> None:
    plant(place.settings.home / "algorithms", "left", source=LEFT)
    decider = place.decider('[slots.risk]\nchampion = "left"\n')
    assert until(lambda: decider.asks("risk"))
    assert until(lambda: place.row(place.assess("yearly", decider=decider).id).risk["algorithm"] == "left")
    told = place.assess("yearly", decider=decider)
    row = place.row(told.id)
    assert (told.band, row.algorithm) == (Band.AT_RISK, f"{FORMULA}, left")
    assert (row.risk["version"], row.risk["p_alive"]) == ("7", 0.1)
    assert "usually 180 days apart" in row.risk["why"]
    with read_transaction(place.engine) as connection:
        kept = connection.execute(
            select(decisions).where(decisions.c.slot == "risk", decisions.c.client_id == "yearly")
        )
        assert {each.algorithm for each in kept} <= {"left", "cadence", "house"}


def test_when_the_plugged_one_fails_the_learnt_model_serves(place: Place) -> None:
    plant(place.settings.home / "algorithms", "raises", source=RAISES)
    decider = place.decider('[slots.risk]\nchampion = "raises"\n')
    assert until(lambda: decider.asks("risk"))
    assert place.row(place.assess("yearly", decider=decider).id).risk["algorithm"] == "cadence"


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"rhythm": []}'])
def test_what_is_no_model_does_not_serve(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    about = {"id": "r", "slot": "risk", "algorithm": "a", "path": ".", "created_at": NOW}
    assert loaded(tmp_path, Artefact.model_validate(about)) is None
