"""Pages ordered from a real store: named items or those the ranking offers, by the current posterior."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.histories import Interaction
from domain.sessions import CREDIT_WINDOW
from errors import BadInput, NotFound
from models.slots import SessionQuestion
from services.decisions.decider import Decider, PendingDecision
from services.recommendations.page_order import PageOrderService, PageRequest
from services.recommendations.recommender import Recommender
from services.training.session import update_posterior
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

BACKWARDS = """
slot, version = "session", "9"

def answer(question):
    ids = [item["item_id"] for item in question["items"]][::-1]
    return {"items": ids[: question["n"]], "propensity": 0.5}
"""
ITEMS = tuple(f"i{n:02}" for n in range(12))


@dataclass
class PageShop:
    """A shop and what orders its pages."""

    shop: StockedShop
    home: Path

    def build_service(self, decider: Decider | None = None, seed: int = 3) -> PageOrderService:
        pending = decider or Decider()
        recommender = Recommender(self.shop.engine, Settings(home=self.home, _env_file=None), pending)
        return PageOrderService(self.shop.engine, recommender, pending, check_seconds=0, seed=lambda: seed)

    def choose_order(self, ordering: PageOrderService, *items: str, **more: Any) -> PendingDecision:
        with read_transaction(self.shop.engine) as connection:
            return ordering.choose_order(connection, PageRequest("c", items, **more), NOW)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[PageShop]:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    for n, item in enumerate(ITEMS):
        shop.item(item, ("dress", "coat", "shoes")[n % 3], colour=("navy", "red")[n % 2])
    shop.client("c")
    yield PageShop(shop, tmp_path / "home")
    engine.dispose()


def has_faults(floor: PageShop, ordering: PageOrderService, faults: tuple[str, ...]) -> bool:
    return floor.choose_order(ordering, *ITEMS).record.faults == faults


def read_ids(pending: PendingDecision) -> tuple[str, ...]:
    return pending.decision.answer.items  # type: ignore[attr-defined]


def test_what_is_named_is_ordered_sold_out_and_owned_too(floor: PageShop) -> None:
    floor.shop.stock("i01", "", 0)
    floor.shop.event("c", "order_placed", item_id="i02")
    pending = floor.choose_order(floor.build_service(), "i02", "i01", "i00")
    assert sorted(read_ids(pending)) == ["i00", "i01", "i02"]
    assert (pending.decision.algorithm, pending.decision.version) == ("session-bandit", "0")
    assert pending.decision.answer.propensity
    assert pending.record.answer == {"items": list(read_ids(pending)), "propensity": pending.decision.answer.propensity}
    assert len(read_ids(floor.choose_order(floor.build_service(), *ITEMS, n=4))) == 4


def test_where_nothing_is_named_the_ranking_puts_items_up(floor: PageShop) -> None:
    floor.shop.event("c", "order_placed", item_id="i02")
    pending = floor.choose_order(floor.build_service(), n=3)
    assert isinstance(pending.question, SessionQuestion)
    assert len(read_ids(pending)) == 3 < len(pending.question.items) <= 9
    assert "i02" not in {item.item_id for item in pending.question.items}


def test_what_was_touched_bends_the_order(floor: PageShop) -> None:
    plain = [read_ids(floor.choose_order(floor.build_service(seed=n), *ITEMS)) for n in range(20)]
    touches = (Interaction("i01", "item_clicked", NOW.timestamp()), Interaction("gone", "item_viewed", NOW.timestamp()))
    bent = [read_ids(floor.choose_order(floor.build_service(seed=n), *ITEMS, touches=touches)) for n in range(20)]
    coats = {"i01", "i04", "i07", "i10"}
    assert sum(len(coats & set(order[:4])) for order in bent) > sum(len(coats & set(order[:4])) for order in plain) + 20


def test_the_same_seed_gives_the_same_order_and_what_was_learnt_another_version(floor: PageShop) -> None:
    ordering = floor.build_service()
    pending = floor.choose_order(ordering, *ITEMS)
    assert read_ids(pending) == read_ids(floor.choose_order(floor.build_service(), *ITEMS))
    with write_transaction(floor.shop.engine) as connection:
        decisions.save_decision(connection, pending.record, NOW, body=pending.body)
    floor.shop.now = NOW + timedelta(minutes=1)
    floor.shop.event("c", "added_to_cart", 0, item_id=read_ids(pending)[5])
    assert update_posterior(floor.shop.engine, NOW + CREDIT_WINDOW) == 1
    assert floor.choose_order(ordering, *ITEMS).decision.version == "1"


def test_unknown_clients_and_items_are_named(floor: PageShop) -> None:
    with pytest.raises(BadInput, match="no item has this id") as wrong:
        floor.choose_order(floor.build_service(), "i00", "strange")
    assert wrong.value.field == "items.1"
    with read_transaction(floor.shop.engine) as connection, pytest.raises(NotFound):
        floor.build_service().choose_order(connection, PageRequest("nobody", ("i00",)), NOW)


def test_a_plugged_champion_orders_and_what_it_cannot_the_house_does(floor: PageShop) -> None:
    install_algorithm(floor.home / "algorithms", "backwards", source=BACKWARDS)
    install_algorithm(floor.home / "algorithms", "broken", source=BACKWARDS.replace("ids[:", "ids[1:"))
    settings = Settings(home=floor.home, _env_file=None)
    for champion, algorithm in (("backwards", "backwards"), ("broken", "session-bandit")):
        write_policy_file(floor.home, f'[slots.session]\nchampion = "{champion}"\ndeadline_ms = 2000\n')
        with Decider.serve(settings, floor.shop.engine) as decider:
            ordering = floor.build_service(decider)
            faults = () if champion == "backwards" else ("broken:size",)
            assert wait_until(partial(has_faults, floor, ordering, faults))
            pending = floor.choose_order(ordering, *ITEMS)
        assert (pending.decision.algorithm, pending.decision.variant) == (algorithm, champion)
        assert sorted(read_ids(pending)) == sorted(ITEMS)
