"""Slots asked from activities: by policy, recorded once, shadows beside; the house where nobody else answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from algorithms.slots.guard import Decision
from models.slots import RankingQuestion
from services.decisions.decider import Decider
from services.recommendations.recommender import Recommender, Wanted
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.tables import decisions as table
from store.tables import metadata
from tests.algorithms.slots.questions import ranking
from tests.support.algorithms import plant, say, until
from tests.support.stocked import NOW, StockedShop

LAST = """
slot, version = "ranking", "3"

def answer(question):
    last = [each["item_id"] for each in question["candidates"]][::-1][: question["n"]]
    return {"items": [{"item_id": each, "score": 1} for each in last], "propensity": 0.25}
"""
RAISES = 'slot, version = "ranking", "1"\n\ndef answer(question):\n    raise KeyError("words of a client")\n'


class Place:
    """A home with algorithms, and a database."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.home, self._stack = folder / "home", stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        metadata.create_all(self.engine)
        for name, source in (("first", None), ("last", LAST), ("raises", RAISES)):
            plant(self.home / "algorithms", name, source=source)

    def decider(self, policy: str) -> Decider:
        say(self.home, policy)
        settings = Settings(home=self.home, _env_file=None)
        return self._stack.enter_context(Decider.serving(settings, self.engine))

    def kept(self, decider: Decider, question: RankingQuestion, n: int) -> Decision:
        """The decision on a mail, asked and recorded."""
        asked = decider.ask("ranking", question)
        with write_transaction(self.engine) as connection:
            decider.keep(connection, asked, question.now, n=n)
        return asked.decision

    def rows(self, role: str) -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(table).where(table.c.role == role)))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(tmp_path, stack)


def answering(decider: Decider, name: str) -> bool:
    return until(lambda: decider.ask("ranking", ranking()).decision.algorithm == name)


def test_the_house_alone_is_asked_nothing_and_answers(place: Place) -> None:
    decider = place.decider("")
    assert not decider.asks("ranking")
    decision = place.kept(decider, ranking(), 4)
    (row,) = place.rows("live")
    assert (decision.algorithm, row.algorithm, row.variant, row.n) == ("house", "house", "house", 4)


def test_an_answer_is_recorded_with_its_question_and_the_shadow_beside_it(place: Place) -> None:
    decider = place.decider('[slots.ranking]\nchampion = "last"\nshadows = ["first", "raises"]\n')
    assert decider.asks("ranking")
    assert answering(decider, "last")
    decision = place.kept(decider, ranking("c7"), 2)
    (live,) = place.rows("live")
    assert (live.algorithm, live.version, live.propensity, live.client_id, live.n) == ("last", "3", 0.25, "c7", 2)
    assert live.answer["items"][0]["item_id"] == "item-49"
    with read_transaction(place.engine) as connection:
        body = decisions.question(connection, live.question)
    assert body is not None
    assert type(ranking()).model_validate_json(body) == ranking("c7")

    def beside() -> dict[str, Any]:
        return {row.variant: row for row in place.rows("shadow") if row.question == live.question}

    assert until(lambda: set(beside()) == {"first", "raises"})
    assert beside()["first"].answer["items"][0]["item_id"] == "item-0"
    assert (beside()["raises"].answer, beside()["raises"].faults) == (None, ["raises:raised"])
    assert decision.variant == "last"


def test_recommendations_follow_the_policy_and_the_blend_answers_for_a_fault(place: Place) -> None:
    shop = StockedShop(place.engine)
    for n in range(12):
        shop.item(f"i{n:02}", ("dress", "shirt", "coat", "shoes")[n % 4])
    shop.client("c")
    settings = Settings(home=place.home, _env_file=None)
    alone = Recommender(place.engine, settings)
    decider = place.decider('[slots.ranking]\nchampion = "last"\n')
    assert answering(decider, "last")
    plugged = Recommender(place.engine, settings, decider)
    with read_transaction(place.engine) as connection:
        bare, said = (each.recommend(connection, "c", 4, NOW) for each in (alone, plugged))
        for recommender, made in ((alone, bare), (plugged, said)):
            (listed,) = recommender.lists(connection, [Wanted("c", 4)], NOW)
            assert [(pick.item_id, pick.score) for pick in listed.picks] == [
                (pick.item_id, pick.score) for pick in made.picks
            ]
            assert (listed.algorithm, listed.version) == (made.algorithm, made.version)
    assert (bare.algorithm, bare.record.variant, said.algorithm, said.version) == (
        "blend+content",
        "house",
        "last",
        "3",
    )
    assert {pick.item_id for pick in said.picks} != {pick.item_id for pick in bare.picks}
    assert all(pick.parts for pick in said.picks)
    assert said.record.answer == {"items": [pick.model_dump(mode="json") for pick in said.picks]}

    faulty = place.decider('[slots.ranking]\nchampion = "raises"\n')
    assert until(lambda: faulty.ask("ranking", ranking()).decision.faults[0].code == "raised")
    with read_transaction(place.engine) as connection:
        answer = Recommender(place.engine, settings, faulty).recommend(connection, "c", 4, NOW)
    assert answer.picks == bare.picks
    assert (answer.algorithm, answer.record.variant, answer.record.faults) == (
        "blend+content",
        "raises",
        ("raises:raised",),
    )
