"""Pages are answered from memory: right for each context, changed within a second, and honest about what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from algorithms.blending.catalogue import Catalogue
from errors import NotFound, Unavailable
from services.serving import list_builder
from services.serving.item_server import ItemServer
from store.clients import interactions
from store.clients.clients import find_existing
from store.database import read_transaction, write_transaction
from store.privacy.erasure import erase_batch, replace_with_tombstone
from store.tables import decisions, questions
from tests.services.serving.conftest import LOOKS, ask, list_shown
from tests.support.shop_services import NOW, StockedShop

Serve = Callable[..., ItemServer]


async def wait_until(holds: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if await holds():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_each_context_has_its_own_answer(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    assert set(await list_shown(server, n=8)) == set(LOOKS)

    async def is_counted() -> bool:
        return (await list_shown(server, context="product", item_id="navy_shirt"))[1] == "grey_trousers"

    assert await wait_until(is_counted)  # what is bought together is counted off the path of requests
    beside = await list_shown(server, context="product", item_id="navy_shirt", n=2)
    assert beside == ["white_shirt", "grey_trousers"]  # what is like it, and what is worn with it
    cart = await list_shown(server, context="cart", cart=["navy_shirt", "brown_shoes"], n=3)
    assert cart[0] == "grey_trousers"
    assert not {"navy_shirt", "brown_shoes"} & set(cart)
    assert "long_coat" in await list_shown(server, context="home", n=5)  # a fifth is new


async def test_what_is_excluded_owned_or_of_another_category_is_not_shown(shop: StockedShop, serve: Serve) -> None:
    shop.event("c", "order_placed", 1, item_id="wool_coat")
    server = serve()
    assert await list_shown(server, category="Coats") == ["long_coat"]
    assert not {"red_shoes", "wool_coat"} & set(await list_shown(server, n=8, exclude=["red_shoes"]))
    with pytest.raises(NotFound, match="category"):
        await ask(server, category="hats")
    with pytest.raises(NotFound, match="item_id"):
        await ask(server, context="product", item_id="nothing")
    with pytest.raises(NotFound, match="client_id"):
        await ask(server, "nobody")


async def test_an_event_changes_the_next_answers_in_every_process(shop: StockedShop, serve: Serve) -> None:
    servers = [serve("one"), serve("two")]
    for server in servers:
        assert "wool_coat" in await list_shown(server, n=8)
    shop.event("c", "order_placed", 0, item_id="wool_coat")
    for server in servers:

        async def is_hidden(server: ItemServer = server) -> bool:
            return "wool_coat" not in await list_shown(server, n=8)

        assert await wait_until(is_hidden)


async def test_what_sells_out_vanishes_in_every_process(shop: StockedShop, serve: Serve) -> None:
    servers = [serve("one"), serve("two")]
    first = (await list_shown(servers[0]))[0]
    await list_shown(servers[1])
    shop.stock(first, "", 0)
    for server in servers:

        async def is_gone(server: ItemServer = server) -> bool:
            return first not in await list_shown(server)

        assert await wait_until(is_gone)


async def test_what_comes_back_into_stock_shows_again(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    first = (await list_shown(server))[0]
    shop.stock(first, "", 0)
    server.follower.refresh_soon("c")  # so that the list in memory is ranked without it

    async def is_gone() -> bool:
        kept = server.lists.find("c")
        assert kept is not None
        return first not in await list_shown(server) and first not in kept.find_liking_by_id()

    assert await wait_until(is_gone)
    shop.stock(first, "", 3)

    async def is_back() -> bool:
        return first in await list_shown(server)

    assert await wait_until(is_back)


async def test_an_erased_client_is_dropped_and_leaves_no_decision(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    await ask(server)
    with write_transaction(shop.engine) as connection:
        while erase_batch(connection, "c"):
            pass
        replace_with_tombstone(connection, "key", "c", NOW)
        assert not find_existing(connection, ["c"])

    async def is_unknown() -> bool:
        try:
            await ask(server)
        except NotFound:
            return True
        return False

    assert await wait_until(is_unknown)
    server.close()
    with read_transaction(shop.engine) as connection:
        assert connection.execute(select(decisions.c.id).where(decisions.c.client_id == "c")).all() == []


async def test_every_answer_is_on_record_with_one_question_for_a_list(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    served = [await ask(server, placement="top") for _ in range(3)]
    at_once = await ask(server, recorded="sync")
    with read_transaction(shop.engine) as connection:
        assert connection.scalar(select(decisions.c.id)) is not None
        assert at_once.decision in set(connection.scalars(select(decisions.c.id)))
    server.close()
    with read_transaction(shop.engine) as connection:
        rows = {row.id: row for row in connection.execute(select(decisions))}
        assert set(rows) == {one.decision for one in (*served, at_once)}
        shown = rows[served[0].decision or ""].answer
        assert [item["item_id"] for item in shown["items"]] == [item_id for item_id, _ in served[0].items]
        assert (shown["context"], shown["placement"]) == ("home", "top")
        assert list(connection.scalars(select(questions.c.digest))) == [rows[served[0].decision or ""].question]


async def test_without_the_client_in_time_what_is_popular_is_shown(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise Unavailable("the database is away")

    server = serve()
    with monkeypatch.context() as patched:
        patched.setattr(list_builder, "load_many_signals", fail)
        served = await ask(server)
        assert served.degraded == ("client",)
        assert served.source.origin.record.algorithm == "popularity"
        assert {item_id for item_id, _ in served.items[:2]} == {"navy_shirt", "grey_trousers"}
    assert (await ask(server)).degraded == ()


async def test_reasons_come_on_request(shop: StockedShop, serve: Serve) -> None:
    shop.event("c", "quiz_answered", colours=["camel"])
    server = serve()
    served = await ask(server)
    whys = await server.explain(served)
    assert set(whys) == {item_id for item_id, _ in served.items}
    assert "camel" in whys["wool_coat"]


async def test_a_change_that_could_not_be_ranked_is_ranked_later(
    shop: StockedShop, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    failures: list[str] = []
    assert "wool_coat" in await list_shown(server, n=8)
    load = interactions.load_many_signals

    def fail_twice(*given: Any) -> Any:
        if len(failures) < 2:
            failures.append("away")
            raise Unavailable("the database is away")
        return load(*given)

    monkeypatch.setattr(list_builder, "load_many_signals", fail_twice)
    shop.event("c", "order_placed", 0, item_id="wool_coat")

    async def is_hidden() -> bool:
        return "wool_coat" not in await list_shown(server, n=8)

    assert await wait_until(is_hidden)
    assert len(failures) == 2


async def test_a_list_over_an_older_catalogue_keeps_each_item_its_score(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    old = (await ask(server, n=8)).source
    before = dict(zip((old.catalogue.items[index].item_id for index in old.indices), old.scores, strict=True))
    gone = next(iter(before))
    later = Catalogue.of([item for item in reversed(old.catalogue.items) if item.item_id != gone], [])
    rebased = old.rebase(later)
    after = dict(zip((later.items[index].item_id for index in rebased.indices), rebased.scores, strict=True))
    assert list(after) == [item_id for item_id in before if item_id != gone]
    assert after == {item_id: score for item_id, score in before.items() if item_id != gone}


async def test_a_new_item_is_taken_up_by_lists_in_memory(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    await list_shown(server)
    shop.item("new_scarf", "scarves", colour="red", added_at=NOW)

    async def is_shown() -> bool:
        return "new_scarf" in await list_shown(server, n=9)

    assert await wait_until(is_shown)
