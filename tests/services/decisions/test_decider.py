"""Slots asked by services: by policy, recorded once, with shadows; the built-in where no algorithm answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from algorithms.slots.built_in import BuiltIn
from algorithms.slots.slot_decisions import SlotDecision
from models.slots import RankingAnswer, RankingQuestion
from services.decisions.decider import Decider
from services.recommendations.recommender import ItemsRequest, Recommender
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.tables import decisions as table
from tests.algorithms.slots.questions import build_ranking_question
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

LAST = """
slot, version = "ranking", "3"

def answer(question):
    last = [item["item_id"] for item in question["candidates"]][::-1][: question["n"]]
    return {"items": [{"item_id": item, "score": 1} for item in last], "propensity": 0.25}
"""
RAISES = 'slot, version = "ranking", "1"\n\ndef answer(question):\n    raise KeyError("words of a client")\n'


class DecisionShop:
    """A home with algorithms, and a database."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.home, self._stack = folder / "home", stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        create_tables(self.engine)
        for name, source in (("first", None), ("last", LAST), ("raises", RAISES)):
            install_algorithm(self.home / "algorithms", name, source=source)

    def decider(self, policy: str) -> Decider:
        write_policy_file(self.home, policy)
        settings = Settings(home=self.home, _env_file=None)
        return self._stack.enter_context(Decider.serve(settings, self.engine))

    def decide_and_record(self, decider: Decider, question: RankingQuestion, n: int) -> SlotDecision:
        """Ask for the decision on a mail and record it."""
        pending = decider.ask("ranking", question)
        with write_transaction(self.engine) as connection:
            decider.record(connection, pending, question.now, n=n)
        return pending.decision

    def rows(self, role: str) -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(table).where(table.c.role == role)))


@pytest.fixture
def decision_shop(tmp_path: Path) -> Iterator[DecisionShop]:
    with ExitStack() as stack:
        yield DecisionShop(tmp_path, stack)


def wait_for_algorithm(decider: Decider, name: str) -> bool:
    return wait_until(lambda: decider.ask("ranking", build_ranking_question()).decision.algorithm == name)


def test_the_house_alone_is_asked_nothing_and_answers(decision_shop: DecisionShop) -> None:
    decider = decision_shop.decider("")
    assert not decider.has_algorithm("ranking")
    decision = decision_shop.decide_and_record(decider, build_ranking_question(), 4)
    (row,) = decision_shop.rows("live")
    assert (decision.algorithm, row.algorithm, row.variant, row.n) == ("house", "house", "house", 4)


def test_an_answer_is_recorded_with_its_question_and_the_shadow_beside_it(decision_shop: DecisionShop) -> None:
    decider = decision_shop.decider('[slots.ranking]\nchampion = "last"\nshadows = ["first", "raises"]\n')
    assert decider.has_algorithm("ranking")
    assert wait_for_algorithm(decider, "last")
    decision = decision_shop.decide_and_record(decider, build_ranking_question("c7"), 2)
    (live,) = decision_shop.rows("live")
    assert (live.algorithm, live.version, live.propensity, live.client_id, live.n) == ("last", "3", 0.25, "c7", 2)
    assert live.answer["items"][0]["item_id"] == "item-49"
    with read_transaction(decision_shop.engine) as connection:
        body = decisions.load_question(connection, live.question)
    assert body is not None
    assert type(build_ranking_question()).model_validate_json(body) == build_ranking_question("c7")

    def beside() -> dict[str, Any]:
        return {row.variant: row for row in decision_shop.rows("shadow") if row.question == live.question}

    assert wait_until(lambda: set(beside()) == {"first", "raises"})
    assert beside()["first"].answer["items"][0]["item_id"] == "item-0"
    assert (beside()["raises"].answer, beside()["raises"].faults) == (None, ["raises:raised"])
    assert decision.variant == "last"


def test_recommendations_follow_the_policy_and_the_blend_answers_for_a_fault(decision_shop: DecisionShop) -> None:
    shop = StockedShop(decision_shop.engine)
    for n in range(12):
        shop.item(f"i{n:02}", ("dress", "shirt", "coat", "shoes")[n % 4])
    shop.client("c")
    settings = Settings(home=decision_shop.home, _env_file=None)
    alone = Recommender(decision_shop.engine, settings)
    decider = decision_shop.decider('[slots.ranking]\nchampion = "last"\n')
    assert wait_for_algorithm(decider, "last")
    plugged = Recommender(decision_shop.engine, settings, decider)
    with read_transaction(decision_shop.engine) as connection:
        bare, other = (recommender.recommend(connection, "c", 4, NOW) for recommender in (alone, plugged))
        for recommender, recommendation in ((alone, bare), (plugged, other)):
            (listed,) = recommender.rank_items(connection, [ItemsRequest("c", 4)], NOW)
            assert [(pick.item_id, pick.score) for pick in listed.picks] == [
                (pick.item_id, pick.score) for pick in recommendation.picks
            ]
            assert (listed.algorithm, listed.version) == (recommendation.algorithm, recommendation.version)
    assert (bare.algorithm, bare.record.variant, other.algorithm, other.version) == (
        "blend+content",
        "house",
        "last",
        "3",
    )
    assert {pick.item_id for pick in other.picks} != {pick.item_id for pick in bare.picks}
    assert all(pick.parts for pick in other.picks)
    assert other.record.answer == {"items": [pick.model_dump(mode="json") for pick in other.picks]}

    faulty = decision_shop.decider('[slots.ranking]\nchampion = "raises"\n')
    assert wait_until(lambda: faulty.ask("ranking", build_ranking_question()).decision.faults[0].code == "raised")
    with read_transaction(decision_shop.engine) as connection:
        answer = Recommender(decision_shop.engine, settings, faulty).recommend(connection, "c", 4, NOW)
    assert answer.picks == bare.picks
    assert (answer.algorithm, answer.record.variant, answer.record.faults) == (
        "blend+content",
        "raises",
        ("raises:raised",),
    )


def test_a_bound_built_in_is_the_last_member_and_is_called_only_when_reached(decision_shop: DecisionShop) -> None:
    called: list[str] = []

    def answer(question: RankingQuestion) -> RankingAnswer:
        called.append(question.client_id)
        return RankingAnswer(items=())

    blend, question = BuiltIn(answer, "blend", "m7"), build_ranking_question()
    decision = Decider().ask("ranking", question, blend).decision
    assert (decision.algorithm, decision.version, decision.by_built_in) == ("blend", "m7", True)
    failing = decision_shop.decider('[slots.ranking]\nchampion = "raises"\ndeadline_ms = 5000\n')
    wait_until(lambda: bool(failing.ask("ranking", question).decision.faults[0].code == "raised"))
    decision = failing.ask("ranking", question, blend).decision
    assert (decision.algorithm, decision.variant, decision.faults[0].algorithm) == ("blend", "raises", "raises")
    assert len(called) == 2
    serving = decision_shop.decider('[slots.ranking]\nchampion = "last"\ndeadline_ms = 5000\n')
    assert wait_for_algorithm(serving, "last")
    assert serving.ask("ranking", question, blend).decision.algorithm == "last"
    assert len(called) == 2
