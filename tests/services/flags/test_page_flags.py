"""What flags say of a page holds on the page, is counted once, and comes by OpenFeature from whoever provides it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
from sqlalchemy import select

from domain.visit_ids import find_visit_key
from errors import BadInput, ConfigError, NotAllowed
from models.actors import Actor, Channel, Role
from models.flags import FlagOrder, FlagState
from models.recommendation_requests import RecommendationQuery
from models.visits import VisitEvent
from services.decisions.decider import Decider
from services.flags.lifecycle import save_flag, start_flag, stop_flag
from services.flags.page_flags import PageFlags
from services.flags.provider import SelvedgeProvider
from services.flags.views import list_client_arms
from services.recommendations.recommender import Recommender
from services.serving.item_server import ItemServer, ServedItems
from services.visits.visits import join_visit, start_visit, take_visit_events
from settings import Settings
from store.database import read_transaction, write_transaction
from store.experiments.assignments import list_assignments
from store.experiments.visit_tallies import add_old, load_tallies
from store.tables import assignments, decisions
from tests.services.serving.conftest import ask, list_shown, serve, shop
from tests.services.serving.test_item_server import wait_until
from tests.support.algorithms import install_algorithm, write_policy_file
from tests.support.shop_services import NOW, TERMS, StockedShop

__all__ = ["serve", "shop"]

Serve = Callable[..., ItemServer]
SCIENTIST = Actor(who="dana", role=Role.DATA_SCIENTIST, channel=Channel.API)


def build_order(*effects: dict[str, Any], **more: Any) -> FlagOrder:
    arms = [
        {"name": f"arm{index}", "share": 1 / len(effects), "effect": effect} for index, effect in enumerate(effects)
    ]
    return FlagOrder.model_validate({"name": "A test", "arms": arms} | more)


def start(shop: StockedShop, slug: str, order: FlagOrder) -> None:
    save_flag(shop.engine, SCIENTIST, slug, order, NOW, NOW)
    settings = Settings(_env_file=None, home=Path("/nowhere"))
    start_flag(shop.engine, SCIENTIST, settings, slug, NOW, NOW)


async def ask_until(
    server: ItemServer, holds: Callable[[ServedItems], bool], client_id: str = "c", **more: Any
) -> None:
    async def look() -> bool:
        return holds(await ask(server, client_id, **more))

    assert await wait_until(look)


def list_stored(shop: StockedShop, subject: str) -> list[tuple[str, str, bool]]:
    with read_transaction(shop.engine) as connection:
        rows = list_assignments(connection, subject)
    return [(row.experiment, row.arm, row.exposed_at is not None) for row in rows]


BOTH: dict[str, Any] = {"count": 2, "delay_ms": 800}
"""Both arms change the same, so that each client shows it, whatever their arm."""


async def test_a_flag_holds_within_a_second_and_no_longer_than_it_runs(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    assert (await ask(server)).flags.arms == {}
    start(shop, "short", build_order(BOTH, BOTH, contexts=["home"]))
    begun = time.monotonic()
    await ask_until(server, lambda served: bool(served.flags.arms))
    assert time.monotonic() - begun < 5  # a second on an idle machine
    served = await ask(server)
    assert (len(served.items), served.flags.effect.delay_ms, list(served.flags.arms)) == (2, 800, ["short"])
    assert len((await ask(server, context="email")).items) == 4  # it holds at home alone
    stop_flag(shop.engine, SCIENTIST, "short", NOW, NOW)
    await ask_until(server, lambda served: not served.flags.arms and len(served.items) == 4)
    server.close()
    assert [arm.experiment for arm in list_client_arms(shop.engine, "c").assignments] == ["short"], "it can be read"


async def test_an_exposure_is_counted_once_and_stands_in_the_decision(shop: StockedShop, serve: Serve) -> None:
    servers = [serve("one"), serve("two")]
    start(shop, "short", build_order(BOTH, BOTH))
    for server in servers:
        await ask_until(server, lambda served: bool(served.flags.arms))
        for _ in range(3):
            arm = (await ask(server)).flags.arms["short"]

    async def is_stored() -> bool:
        return list_stored(shop, "c") == [("short", arm, True)]

    assert await wait_until(is_stored)
    for server in servers:
        server.close()  # all that is on its way is saved
    with read_transaction(shop.engine) as connection:
        first = list_assignments(connection, "c")
        answers = connection.scalars(select(decisions.c.answer).where(decisions.c.client_id == "c")).all()
    assert [row.exposed_at for row in first] == [NOW]
    assert sum(answer.get("flags") == {"short": arm} for answer in answers) >= 6


async def test_a_placement_that_is_not_shown_stays_empty(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    start(shop, "none", build_order({"shown": False}, {"shown": False}, placements=["side"]))
    await ask_until(server, lambda served: not served.items, placement="side")
    served = await ask(server, placement="side")
    assert (served.decision, served.flags.effect.shown) == (None, False)
    assert len(await list_shown(server)) == 4


async def test_weights_change_the_order_and_only_for_who_is_in_the_arm(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    for number in range(20):
        shop.client(f"p{number}")
    before = await list_shown(server, n=8)
    fresh = {"weights": {"freshness": 1, "match": 0, "trend": 0, "inventory": 0, "margin": 0, "season": 0}}
    start(shop, "fresh", build_order({}, fresh))
    await ask_until(server, lambda served: bool(served.flags.arms))
    orders: dict[str, set[tuple[str, ...]]] = {"arm0": set(), "arm1": set()}
    for number in range(20):
        served = await ask(server, f"p{number}", n=8)
        orders[served.flags.arms["fresh"]].add(tuple(item_id for item_id, _ in served.items))
        score = dict(served.items)["navy_shirt"]
        assert (score < 0.01) == (served.flags.arms["fresh"] == "arm1")  # it is not new
    assert orders["arm0"] == {tuple(before)}
    assert all(order[0] == "long_coat" for order in orders["arm1"])
    # An event ranks such a list again too.
    arms = {f"p{number}": (await ask(server, f"p{number}")).flags.arms["fresh"] for number in range(20)}
    who = next(client for client, arm in arms.items() if arm == "arm1")
    shop.event(who, "order_placed", 0, item_id="long_coat")
    await ask_until(server, lambda served: "long_coat" not in dict(served.items), who, n=8)


BACKWARDS = """
slot, version = "ranking", "1"

def answer(question):
    ids = sorted((each["item_id"] for each in question["candidates"]), reverse=True)[: question["n"]]
    return {"items": [{"item_id": each, "score": 1} for each in ids]}
"""


async def test_another_algorithm_answers_for_who_is_in_its_arm(shop: StockedShop, tmp_path: Path) -> None:
    home = tmp_path / "home"
    install_algorithm(home / "algorithms", "backwards", source=BACKWARDS)
    write_policy_file(home, '[slots.ranking]\nshadows = ["backwards"]\n')
    settings = Settings(_env_file=None, home=home, recommendation_deadline_ms=5_000)
    save_flag(shop.engine, SCIENTIST, "who", build_order({}, {"algorithm": "backwards"}), NOW, NOW)
    start_flag(shop.engine, SCIENTIST, settings, "who", NOW, NOW)  # it passes the suite
    with ExitStack() as opened:
        decider = opened.enter_context(Decider.serve(settings, shop.engine))
        recommender = Recommender(shop.engine, settings, decider, check_seconds=0.02)
        server = ItemServer(shop.engine, recommender, settings)
        server.start()
        opened.callback(server.close)
        arms = {}
        for number in range(12):
            shop.client(f"q{number}")
            arms[f"q{number}"] = (await ask(server, f"q{number}")).flags.arms["who"]
        assert set(arms.values()) == {"arm0", "arm1"}
        for client, arm in arms.items():
            wanted = "backwards" if arm == "arm1" else "house"

            async def is_ranked(client: str = client, wanted: str = wanted) -> bool:
                return (await ask(server, client)).source.origin.record.variant == wanted

            assert await wait_until(is_ranked)
            served = await ask(server, client, n=3)
            record = served.source.origin.record
            assert (record.algorithm == "backwards", record.experiment) == (arm == "arm1", None)
            assert (served.items[0][0] == "wool_coat") == (arm == "arm1")


async def test_who_refuses_personalisation_and_nobody_are_in_no_flag(shop: StockedShop, serve: Serve) -> None:
    server = serve()
    start(shop, "short", build_order(BOTH, BOTH))
    await ask_until(server, lambda served: bool(served.flags.arms))
    shop.event("b1", "consent_changed", 0, purposes=["personalisation"], consent=False)
    await ask_until(server, lambda served: not served.flags.arms, "b1")
    nobody = start_visit(server._signing_key, personalisation=False)
    served = await server.serve(RecommendationQuery(session_id=nobody, n=4))
    assert (len(served.items), served.flags.arms) == (4, {})
    server.close()
    assert list_stored(shop, find_visit_key(nobody)) == []


async def test_a_visitor_who_signs_in_stays_in_their_arm(shop: StockedShop, serve: Serve) -> None:
    server = serve(signing_key="a key for tests")
    start(shop, "short", build_order({"count": 2}, {"count": 3}))
    await ask_until(server, lambda served: bool(served.flags.arms))
    for number in range(8):  # with one alone the hash might say the same by chance
        shop.client(f"new{number}")
        visit = start_visit("a key for tests", personalisation=True)
        served = await server.serve(RecommendationQuery(session_id=visit, n=4))
        arm = served.flags.arms["short"]

        async def is_stored(visit: str = visit, arm: str = arm) -> bool:
            return list_stored(shop, find_visit_key(visit)) == [("short", arm, True)]

        assert await wait_until(is_stored)
        join_visit(shop.engine, SYSTEM, visit, f"new{number}", TERMS, 12.0, NOW, NOW)
        assert list_stored(shop, find_visit_key(visit)) == []
        assert list_stored(shop, f"new{number}") == [("short", arm, True)]
        assert (await ask(server, f"new{number}")).flags.arms == {"short": arm}


async def test_what_came_of_visits_stays_as_sums(shop: StockedShop, serve: Serve) -> None:
    server = serve(signing_key="a key for tests")
    start(shop, "short", build_order({"count": 2}, {"count": 3}))
    await ask_until(server, lambda served: bool(served.flags.arms))
    arms = []
    for number in range(4):
        visit = start_visit("a key for tests", personalisation=True)
        arms.append((await server.serve(RecommendationQuery(session_id=visit, n=4))).flags.arms["short"])
        events = [
            VisitEvent(
                event_id=f"e{number}{k}",
                session_id=visit,
                occurred_at=NOW + timedelta(minutes=k),
                type="item_clicked" if k and number % 2 else "item_viewed",
                item_id="wool_coat",
            )
            for k in (0, 4)
        ]
        take_visit_events(shop.engine, SYSTEM, events, TERMS, server.find_event_items, NOW + timedelta(minutes=5), NOW)
    server.close()
    with write_transaction(shop.engine) as connection:
        assert add_old(connection, NOW - timedelta(minutes=1)) == 0, "they still run"
        assert add_old(connection, NOW + timedelta(hours=12)) == 4
        assert add_old(connection, NOW + timedelta(hours=12)) == 0
        tallies = load_tallies(connection, "short")
        assert not connection.execute(select(assignments).where(assignments.c.subject.like("visit.%"))).all()
    assert sum(one.visits for one in tallies) == 4
    assert sum(one.clicked for one in tallies) == 2
    assert sum(one.minutes for one in tallies) == pytest.approx(16)
    assert sum(one.minutes_squared for one in tallies) == pytest.approx(64)
    assert {one.arm for one in tallies} == set(arms)


def test_what_may_not_run_together_is_refused(shop: StockedShop) -> None:
    start(shop, "half", build_order(BOTH, BOTH, share=0.6))
    with pytest.raises(BadInput, match=r"40.00% free; half"):
        start(shop, "more", build_order(BOTH, BOTH, share=0.5))
    with pytest.raises(BadInput, match="half runs in another namespace"):
        start(shop, "far", build_order(BOTH, BOTH, namespace="far"))
    with pytest.raises(BadInput, match="has no part in the ranking"):
        start(shop, "who", build_order({}, {"algorithm": "somebody"}, namespace="who"))
    with pytest.raises(BadInput, match="only its name and shares"):
        save_flag(shop.engine, SCIENTIST, "half", build_order(BOTH, {}), NOW, NOW)
    viewer = SCIENTIST.model_copy(update={"role": Role.MARKETER})
    with pytest.raises(NotAllowed):
        save_flag(shop.engine, viewer, "half", build_order({}, {}), NOW, NOW)
    with pytest.raises(NotAllowed):
        stop_flag(shop.engine, viewer, "half", NOW, NOW)
    stopped = stop_flag(shop.engine, SCIENTIST, "half", NOW, NOW)
    assert stopped.state is FlagState.STOPPED
    with pytest.raises(BadInput, match="is stopped"):
        start(shop, "half", build_order(BOTH, BOTH, share=0.6))
    start(shop, "more2", build_order(BOTH, BOTH, share=1.0))


def test_any_code_evaluates_a_flag_with_the_standard_client(shop: StockedShop) -> None:
    start(shop, "banner", build_order({"value": "old"}, {"value": "new", "count": 3}))
    flags = PageFlags(Settings(_env_file=None))
    with read_transaction(shop.engine) as connection:
        flags.running.load(connection)
    api.set_provider_and_wait(SelvedgeProvider(flags.running), "a shop's code")
    client = api.get_client("a shop's code")
    for number in range(20):
        about = EvaluationContext(f"c{number}")
        details = client.get_string_details("banner", "none", about)
        assert {"arm0": "old", "arm1": "new"}[str(details.variant)] == details.value
        whole = client.get_object_details("banner", {}, about)
        assert whole.value == ({"value": "new", "count": 3} if details.variant == "arm1" else {"value": "old"})
    assert client.get_boolean_details("banner", True, about).error_code is ErrorCode.TYPE_MISMATCH
    assert client.get_string_details("nothing", "none", about).error_code is ErrorCode.FLAG_NOT_FOUND
    assert client.get_string_details("banner", "none").error_code is ErrorCode.TARGETING_KEY_MISSING


def build_other_provider() -> InMemoryProvider:
    """Another provider: half of the clients, by their last letter."""

    def evaluate(flag: InMemoryFlag[Any], about: EvaluationContext) -> FlagResolutionDetails[Any]:
        variant = "on" if (about.targeting_key or "").endswith("1") else "off"
        return FlagResolutionDetails(flag.variants[variant], variant=variant)

    count = {"on": {"count": 1}, "off": {}}
    wrong = {"on": {"colour": "red"}, "off": {}}
    return InMemoryProvider(
        {
            "theirs": InMemoryFlag("off", count, context_evaluator=evaluate),
            "wrong": InMemoryFlag("on", wrong),
        }
    )


def build_slow_provider() -> InMemoryProvider:
    """One that does not answer in time."""

    def wait(flag: InMemoryFlag[Any], _: EvaluationContext) -> FlagResolutionDetails[Any]:
        time.sleep(0.5)
        return FlagResolutionDetails(flag.variants["on"], variant="on")

    return InMemoryProvider({"theirs": InMemoryFlag("on", {"on": {"count": 1}}, context_evaluator=wait)})


async def test_another_provider_takes_the_place_of_ours_by_a_setting(shop: StockedShop, serve: Serve) -> None:
    other = {"flag_provider": f"{__name__}:build_other_provider", "flag_keys": "theirs, wrong"}
    server = serve(**other)
    start(shop, "short", build_order(BOTH, BOTH))
    await ask_until(server, lambda served: len(served.items) == 1, "b1")
    assert (await ask(server, "b1")).flags.arms == {"theirs": "on"}
    assert ((await ask(server, "b2")).flags.arms, len((await ask(server, "b2")).items)) == ({"theirs": "off"}, 4)
    server.close()
    assert list_stored(shop, "b1") == [("theirs", "on", True)]


async def test_a_provider_that_is_late_changes_nothing_and_the_answer_says_so(shop: StockedShop, serve: Serve) -> None:
    slow = {"flag_provider": f"{__name__}:build_slow_provider", "flag_keys": "theirs"}
    server = serve(**slow, recommendation_deadline_ms=100)

    async def is_late() -> bool:
        served = await ask(server)
        return served.degraded == ("flags",) and len(served.items) == 4 and not served.flags.arms

    assert await wait_until(is_late)


@pytest.mark.parametrize("where", ["nowhere:build", "json:nothing", "json:dumps", "services.flags.page_flags:log"])
def test_a_provider_that_cannot_be_loaded_is_named(where: str) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_FLAG_PROVIDER"):
        PageFlags(Settings(_env_file=None, flag_provider=where))


SYSTEM = SCIENTIST.model_copy(update={"role": Role.OPERATOR})
