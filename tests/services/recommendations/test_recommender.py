"""Recommendations from a real store: what may be shown, memory that notices changes, and nothing that breaks them."""

from __future__ import annotations

import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from errors import NotFound
from services.recommendations.recommender import Recommender
from services.training.ranking import train_ranking
from settings import Settings
from store.clients.preferences import fold_preferences
from store.database import connect, read_transaction, write_transaction
from store.learning import artefacts
from store.mail import briefs
from store.tables import tastes
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

CATEGORIES = ("knitwear", "dresses", "shirts", "coats", "shoes", "bags")


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def shop(tmp_path: Path):
    """Twelve items in six categories, and one client."""
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    for n in range(12):
        shop.item(f"i{n:02}", CATEGORIES[n % 6], colour="navy" if n < 6 else "red", added_at=NOW - timedelta(days=400))
    shop.client("c")
    yield shop
    engine.dispose()


def list_ids(shop: StockedShop, recommender: Recommender, client: str = "c", n: int = 6, **more) -> list[str]:
    with read_transaction(shop.engine) as connection:
        return [pick.item_id for pick in recommender.recommend(connection, client, n, NOW, **more).picks]


def build_recommender(shop: StockedShop, home: Settings) -> Recommender:
    return Recommender(shop.engine, home, check_seconds=0.0)


def test_it_serves_from_the_first_minute_without_training(shop, home):
    shop.event("c", "quiz_answered", colours=["red"])
    with read_transaction(shop.engine) as connection:
        answer = build_recommender(shop, home).recommend(connection, "c", 6, NOW)
    assert (answer.algorithm, answer.version) == ("blend+content", "built-in")
    assert all(pick.item_id >= "i06" for pick in answer.picks)
    assert answer.picks[0].why == "in red, a colour you chose"
    assert answer.picks[0].score == pytest.approx(sum(answer.picks[0].parts.values()))


def test_who_refuses_personalisation_is_shown_what_fits_and_nothing_of_theirs(shop, home):
    shop.item("small", "tops", {"S": 5}, sizes=("S",))
    shop.client("stranger", sizes=["M"])
    shop.client("c", sizes=["M"])
    shop.event("c", "order_placed", 5, item_id="i00")
    shop.event("c", "quiz_answered", colours=["red"])
    fold_preferences(shop.engine, NOW)
    assert list_ids(shop, build_recommender(shop, home))[0] >= "i06"
    shop.event("c", "consent_changed", consent=False, purposes=["personalisation"])
    assert list_ids(shop, build_recommender(shop, home)) == list_ids(shop, build_recommender(shop, home), "stranger")
    fold_preferences(shop.engine, NOW)
    with read_transaction(shop.engine) as connection:
        assert connection.scalar(select(tastes.c.client_id)) is None
        assert not briefs.load_records(connection, ["c"])["c"].personal


def test_owned_mailed_lately_out_of_stock_and_out_of_size_never_appear(shop, home):
    shop.event("c", "order_placed", 5, item_id="i00")
    shop.event("c", "order_placed", 200, item_id="i01")
    shop.event("c", "order_returned", 190, item_id="i01")
    shop.stock("i02", "", 0)
    shop.item("small", "tops", {"S": 5}, sizes=("S",))
    shop.item("both", "skirts", {"S": 5, "M": 0}, sizes=("S", "M"))
    shop.item("medium", "gloves", {"M": 1}, sizes=("S", "M"))
    shop.client("c", sizes=("M",))
    shown = list_ids(shop, build_recommender(shop, home), n=20, exclude=["i03"])
    assert {"i01", "medium"} <= set(shown)
    assert not {"i00", "i02", "i03", "small", "both"} & set(shown)


def test_a_change_of_stock_or_catalogue_is_noticed(shop, home):
    recommender = build_recommender(shop, home)
    assert "i04" in list_ids(shop, recommender, n=12)
    shop.stock("i04", "", 0)
    assert "i04" not in list_ids(shop, recommender, n=12)
    shop.item("new", "hats")
    assert "new" in list_ids(shop, recommender, n=12)


def test_memory_is_trusted_for_a_few_seconds_only(shop, home):
    clock = [100.0]
    recommender = Recommender(shop.engine, home, check_seconds=3.0, monotonic=lambda: clock[0])
    assert "i04" in list_ids(shop, recommender, n=12)
    shop.stock("i04", "", 0)
    clock[0] += 2.9
    assert "i04" in list_ids(shop, recommender, n=12)
    clock[0] += 0.2
    assert "i04" not in list_ids(shop, recommender, n=12)


def test_what_becomes_popular_rises(shop, home):
    recommender = build_recommender(shop, home)
    before = list_ids(shop, recommender, n=12).index("i11")
    for n in range(20):
        shop.client(f"x{n}")
        shop.event(f"x{n}", "order_placed", 1, item_id="i11")
    time.sleep(0.1)
    assert list_ids(shop, build_recommender(shop, home), n=12).index("i11") == 0 < before


def test_two_statements_a_request_once_warm(shop, home):
    recommender = Recommender(shop.engine, home, check_seconds=3_600)
    list_ids(shop, recommender)
    statements: list[str] = []
    event.listen(shop.engine, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql))
    list_ids(shop, recommender)
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 2


def test_nobody_by_that_id(shop, home):
    with read_transaction(shop.engine) as connection, pytest.raises(NotFound):
        build_recommender(shop, home).recommend(connection, "stranger", 3, NOW)


def test_an_empty_shop_recommends_nothing(tmp_path, home):
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    shop.client("c")
    assert list_ids(shop, build_recommender(shop, home)) == []


def add_purchases(shop: StockedShop) -> None:
    """Add ten clients with two preferences and their orders."""
    for n in range(10):
        shop.client(f"b{n}", tags=("vip",))
        for place in range(4):
            shop.event(f"b{n}", "order_placed", 3 + place, item_id=f"i{(n % 2) * 6 + (n + place) % 6:02}")


def test_a_trained_model_takes_over_and_says_so(shop, home):
    add_purchases(shop)
    recommender = build_recommender(shop, home)
    list_ids(shop, recommender)
    artefact = train_ranking(shop.engine, home, "hybrid", seed=1, now=NOW)
    with read_transaction(shop.engine) as connection:
        answer = recommender.recommend(connection, "b0", 5, NOW)
        again = recommender.recommend(connection, "b0", 5, NOW)
        other = recommender.recommend(connection, "b1", 5, NOW)
    assert (answer.algorithm, answer.version) == ("blend+hybrid", artefact.id)
    assert answer.picks == again.picks
    assert answer.record.question == again.record.question != other.record.question


def test_a_broken_artefact_leaves_the_built_in_ranking(shop, home, caplog):
    add_purchases(shop)
    artefact = train_ranking(shop.engine, home, "hybrid", seed=1, now=NOW)
    shutil.rmtree(home.home / artefact.path)
    with read_transaction(shop.engine) as connection:
        answer = build_recommender(shop, home).recommend(connection, "c", 5, NOW)
    assert answer.algorithm == "blend+content"
    assert answer.picks
    assert "cannot be read" in caplog.text


def test_an_unknown_algorithm_of_another_release_does_not_break_it(shop, home):
    with write_transaction(shop.engine) as connection:
        later = artefacts.Artefact(
            id="x", slot="ranking", algorithm="two_tower", path="artefacts/x", created_at=NOW, live=True
        )
        artefacts.add_artefact(connection, later)
    with read_transaction(shop.engine) as connection:
        assert build_recommender(shop, home).recommend(connection, "c", 5, NOW).algorithm == "blend+content"


def test_many_threads_at_once_get_whole_answers(shop, home):
    recommender = build_recommender(shop, home)
    failed: list[BaseException] = []
    counts: list[int] = []

    def ask() -> None:
        try:
            for _ in range(20):
                counts.append(len(list_ids(shop, recommender, n=12)))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(10):
        shop.stock("i05", "", n % 2)
    for thread in threads:
        thread.join(timeout=60)
    assert not failed
    assert len(counts) == 80
    assert set(counts) <= {11, 12}
