"""A process beside the web process ranks lists and saves decisions; without it, nothing is lost and all goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from sqlalchemy import select

from errors import Unavailable
from services.recommendations.ranking_state import read_items_part
from services.recommendations.recommender import Recommender
from services.serving import helper_process
from services.serving.client_lists import RankingChoice
from services.serving.helper_process import HelpedWork
from services.serving.item_server import ItemServer
from services.serving.serving_helper import HelperGone, OrderChannel, ServingHelper, SharedTrend
from settings import Settings
from store.database import read_transaction
from store.tables import decisions
from tests.services.serving.conftest import ask, list_shown
from tests.services.serving.test_item_server import wait_until
from tests.support.shop_services import NOW, StockedShop


@pytest.fixture
def settings(shop: StockedShop, tmp_path: Path) -> Settings:
    database = shop.engine.url.render_as_string(hide_password=False)
    return Settings(_env_file=None, home=tmp_path / "home", database_url=database, recommendation_deadline_ms=5_000)


@pytest.fixture
def helper(settings: Settings) -> Iterator[ServingHelper]:
    """A helper that stands."""
    helper = ServingHelper(settings)
    helper.start()
    wait_for(lambda: helper.is_standing)
    yield helper
    helper.close()


@pytest.fixture
def server(shop: StockedShop, settings: Settings, helper: ServingHelper) -> Iterator[ItemServer]:
    recommender = Recommender(shop.engine, settings, check_seconds=0.02, trends=SharedTrend(helper))
    server = ItemServer(shop.engine, recommender, settings, helper)
    server.start()
    yield server
    server.close()


def wait_for(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def refuse(*_: object) -> NoReturn:
    raise AssertionError("this is work for the process beside this one")


async def test_it_ranks_and_saves_until_it_is_killed_and_then_the_web_process_does(
    shop: StockedShop, server: ItemServer, helper: ServingHelper
) -> None:
    own = await ask(server, n=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.follower.builder, "build", refuse)
        patch.setattr(server, "_save", refuse)
        shop.event("c", "order_placed", 0, item_id="wool_coat")

        async def is_hidden() -> bool:
            return "wool_coat" not in await list_shown(server, n=8)

        assert await wait_until(is_hidden)
        ranked = await ask(server, n=8)
        assert ranked.source.generation == own.source.generation
        assert ranked.source.catalogue.items is own.source.catalogue.items
        wait_for(lambda: ranked.decision in list_saved(shop))
    pid = find_pid(helper)
    os.kill(pid, signal.SIGKILL)
    shop.event("c", "order_placed", 0, item_id="red_shoes")

    async def is_gone() -> bool:
        return "red_shoes" not in await list_shown(server, n=8)

    assert await wait_until(is_gone, 5)
    last = await ask(server)
    wait_for(lambda: last.decision in list_saved(shop), 5)
    wait_for(lambda: helper.is_standing and find_pid(helper) != pid)


def test_its_lists_and_its_trend_are_those_that_the_web_process_would_make(
    shop: StockedShop, settings: Settings, helper: ServingHelper
) -> None:
    recommender = Recommender(shop.engine, settings)
    state = recommender.load_current(NOW)
    items = read_items_part(state.fingerprint)
    shared = SharedTrend(helper)
    trend = shared.load(items, NOW, needed=True)
    assert trend is not None
    np.testing.assert_array_equal(trend.everybody, state.blend.trend.everybody)
    assert trend.everybody.max() == 1
    assert shared.load(items, NOW, needed=False) is None  # it has not changed
    assert shared.load("another catalogue", NOW, needed=True) is None
    ranked = helper.rank_lists(["c", "nobody", "b1"], NOW)
    assert ranked is not None
    assert (ranked.items, ranked.version) == (items, state.version)
    assert {one.client_id for one in ranked.lists} == {"c", "b1"}
    (bought,) = (one for one in ranked.lists if one.client_id == "b1")
    assert bought.hidden == {"navy_shirt", "grey_trousers"}
    own = ItemServer(shop.engine, recommender, settings)
    fresh = RankingChoice(None, (("freshness", 1.0), ("match", 0.0), ("trend", 0.0)))
    with read_transaction(shop.engine) as connection:
        (built,) = own.follower.builder.build(connection, ["c"], NOW)
        (weighed,) = own.follower.builder.build(connection, ["c"], NOW, fresh)
    own.close()
    by_flag = helper.rank_lists(["c"], NOW, fresh)
    assert by_flag is not None
    assert list(by_flag.lists[0].scores) == list(weighed.scores) != list(built.scores)
    (one,) = (one for one in ranked.lists if one.client_id == "c")
    assert (list(one.indices), list(one.scores)) == (list(built.indices), list(built.scores))


def test_it_ends_with_the_web_process(helper: ServingHelper) -> None:
    pid = find_pid(helper)
    helper.close()
    assert not Path(f"/proc/{pid}").exists()
    assert helper.rank_lists(["c"], datetime.now(UTC)) is None
    assert not helper.save_decisions([b"{}"])


def test_whoever_waits_for_an_answer_hears_of_the_end_before_the_channel_is_closed() -> None:
    channel, heard = OrderChannel(), []

    def wait_for_answer() -> None:
        with pytest.raises(HelperGone) as gone:
            channel.ask("an order", 60)
        heard.append(str(gone.value))

    with channel.theirs, Connection(os.dup(channel.theirs.fileno())) as theirs:
        asking = threading.Thread(target=wait_for_answer, daemon=True)
        asking.start()
        assert theirs.recv() == "an order"
        closing = threading.Thread(target=channel.close, daemon=True)
        closing.start()
        for thread in (asking, closing):
            thread.join(5)
            assert not thread.is_alive()
    assert heard == ["ended"]
    channel.close()
    with pytest.raises(HelperGone):
        channel.ask("another", 1)


def test_a_fault_of_its_own_closes_the_channel() -> None:
    class Broken(HelpedWork):
        def __init__(self) -> None:
            pass

        def do(self, _order: object) -> NoReturn:
            raise KeyError("a fault")

    ours, theirs = Pipe()
    ours.send("an order")
    with pytest.raises(KeyError):
        helper_process.serve(Broken(), theirs)
    with pytest.raises(EOFError):
        ours.recv()


def test_it_waits_for_a_database_that_is_away_and_ends_with_who_started_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Settings] = []

    class Away:
        def __init__(self, settings: Settings) -> None:
            tries.append(settings)
            if len(tries) != 2:
                raise Unavailable("away")

    monkeypatch.setattr(helper_process, "HelpedWork", Away)
    monkeypatch.setattr(helper_process, "AWAY_S", 0.01)
    ours, theirs = Pipe()
    ours.send(settings)
    assert isinstance(helper_process.begin(theirs), Away)
    assert tries == [settings, settings]
    ours.send(settings)
    ours.close()
    with pytest.raises(EOFError):
        helper_process.begin(theirs)


def find_pid(helper: ServingHelper) -> int:
    standing = helper._standing
    assert standing is not None
    return standing._process.pid


def list_saved(shop: StockedShop) -> set[str]:
    with read_transaction(shop.engine) as connection:
        return set(connection.scalars(select(decisions.c.id)))
