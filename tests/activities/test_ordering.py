"""Pages ordered from a real store: what is named or what the ranking puts up, by what is believed now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.histories import Interaction
from domain.sessions import WITHIN
from errors import BadInput, NotFound
from models.slots import SessionQuestion
from services.decisions.decider import Asked, Decider
from services.recommendations.page_order import Ordering, Page
from services.recommendations.recommender import Recommender
from services.training.session import learn
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.tables import metadata
from tests.support.algorithms import plant, say, until
from tests.support.stocked import NOW, StockedShop

BACKWARDS = """
slot, version = "session", "9"

def answer(question):
    ids = [each["item_id"] for each in question["items"]][::-1]
    return {"items": ids[: question["n"]], "propensity": 0.5}
"""
ITEMS = tuple(f"i{n:02}" for n in range(12))


@dataclass
class Floor:
    """A shop and what orders its pages."""

    shop: StockedShop
    home: Path

    def ordering(self, decider: Decider | None = None, seed: int = 3) -> Ordering:
        asked = decider or Decider()
        recommender = Recommender(self.shop.engine, Settings(home=self.home, _env_file=None), asked)
        return Ordering(self.shop.engine, recommender, asked, check_seconds=0, seed=lambda: seed)

    def asked(self, ordering: Ordering, *items: str, **more: Any) -> Asked:
        with read_transaction(self.shop.engine) as connection:
            return ordering.asked(connection, Page("c", items, **more), NOW)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    metadata.create_all(engine)
    shop = StockedShop(engine)
    for n, item in enumerate(ITEMS):
        shop.item(item, ("dress", "coat", "shoes")[n % 3], colour=("navy", "red")[n % 2])
    shop.client("c")
    yield Floor(shop, tmp_path / "home")
    engine.dispose()


def answered_with(floor: Floor, ordering: Ordering, faults: tuple[str, ...]) -> bool:
    return floor.asked(ordering, *ITEMS).record.faults == faults


def ids(asked: Asked) -> tuple[str, ...]:
    return asked.decision.answer.items  # type: ignore[attr-defined]


def test_what_is_named_is_ordered_sold_out_and_owned_too(floor: Floor) -> None:
    floor.shop.stock("i01", "", 0)
    floor.shop.event("c", "order_placed", item_id="i02")
    made = floor.asked(floor.ordering(), "i02", "i01", "i00")
    assert sorted(ids(made)) == ["i00", "i01", "i02"]
    assert (made.decision.algorithm, made.decision.version) == ("session-bandit", "0")
    assert made.decision.answer.propensity
    assert made.record.answer == {"items": list(ids(made)), "propensity": made.decision.answer.propensity}
    assert len(ids(floor.asked(floor.ordering(), *ITEMS, n=4))) == 4


def test_where_nothing_is_named_the_ranking_puts_items_up(floor: Floor) -> None:
    floor.shop.event("c", "order_placed", item_id="i02")
    made = floor.asked(floor.ordering(), n=3)
    assert isinstance(made.question, SessionQuestion)
    assert len(ids(made)) == 3 < len(made.question.items) <= 9
    assert "i02" not in {item.item_id for item in made.question.items}


def test_what_was_touched_bends_the_order(floor: Floor) -> None:
    plain = [ids(floor.asked(floor.ordering(seed=n), *ITEMS)) for n in range(20)]
    touches = (Interaction("i01", "item_clicked", NOW.timestamp()), Interaction("gone", "item_viewed", NOW.timestamp()))
    bent = [ids(floor.asked(floor.ordering(seed=n), *ITEMS, touches=touches)) for n in range(20)]
    coats = {"i01", "i04", "i07", "i10"}
    assert sum(len(coats & set(each[:4])) for each in bent) > sum(len(coats & set(each[:4])) for each in plain) + 20


def test_the_same_seed_gives_the_same_order_and_what_was_learnt_another_version(floor: Floor) -> None:
    ordering = floor.ordering()
    made = floor.asked(ordering, *ITEMS)
    assert ids(made) == ids(floor.asked(floor.ordering(), *ITEMS))
    with write_transaction(floor.shop.engine) as connection:
        decisions.keep(connection, made.record, NOW, body=made.body)
    floor.shop.now = NOW + timedelta(minutes=1)
    floor.shop.event("c", "added_to_cart", 0, item_id=ids(made)[5])
    assert learn(floor.shop.engine, NOW + WITHIN) == 1
    assert floor.asked(ordering, *ITEMS).decision.version == "1"


def test_unknown_clients_and_items_are_named(floor: Floor) -> None:
    with pytest.raises(BadInput, match="no item has this id") as wrong:
        floor.asked(floor.ordering(), "i00", "strange")
    assert wrong.value.field == "items.1"
    with read_transaction(floor.shop.engine) as connection, pytest.raises(NotFound):
        floor.ordering().asked(connection, Page("nobody", ("i00",)), NOW)


def test_a_plugged_champion_orders_and_what_it_cannot_the_house_does(floor: Floor) -> None:
    plant(floor.home / "algorithms", "backwards", source=BACKWARDS)
    plant(floor.home / "algorithms", "broken", source=BACKWARDS.replace("ids[:", "ids[1:"))
    settings = Settings(home=floor.home, _env_file=None)
    for champion, algorithm in (("backwards", "backwards"), ("broken", "session-bandit")):
        say(floor.home, f'[slots.session]\nchampion = "{champion}"\ndeadline_ms = 2000\n')
        with Decider.serving(settings, floor.shop.engine) as decider:
            ordering = floor.ordering(decider)
            faults = () if champion == "backwards" else ("broken:size",)
            assert until(partial(answered_with, floor, ordering, faults))
            made = floor.asked(ordering, *ITEMS)
        assert (made.decision.algorithm, made.decision.variant) == (algorithm, champion)
        assert sorted(ids(made)) == sorted(ITEMS)
