"""`selvedge web --workers 2`: two processes on one port answer alike; one that is killed takes its own connections with
it and nothing more, and is replaced; all end together."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert

from store.database import connect, write_transaction
from store.tables import stock
from tests.support.ports import free_ports
from tests.support.web_processes import STANDING, Site, ask, wait
from tests.web.conftest import prepare_home

ITEMS = ["bag-1", "knit-1"]
AGENT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a test", "version": "1"}},
}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    web, mailbox = free_ports(2)
    home = tmp_path_factory.mktemp("home")
    settings = prepare_home(home, web_port=web, mailbox_port=mailbox, worker_health_url="none")
    engine = connect(settings.database)
    with write_transaction(engine) as connection:
        connection.execute(insert(stock), [build_row(item) for item in ITEMS])
    engine.dispose()
    site = Site(settings)
    try:
        wait(site.is_up, bool, 120)
        yield site
    finally:
        site.end()


def build_row(item: str) -> dict[str, Any]:
    return {"sku": f"{item}-all", "item_id": item, "size": "ONE SIZE", "on_hand": 5}


def are_equal(wanted: list[str], found: list[str]) -> bool:
    return sorted(found) == wanted


def test_stock_that_came_by_one_shows_in_the_answers_of_both_within_a_second(two: Site) -> None:
    with two.connect_to_each() as held:
        giver, *_ = held.values()
        path = "/v1/recommendations?client_id=ada&n=100"

        def list_items(connection: http.client.HTTPConnection) -> list[str]:
            status, body, _ = ask(connection, path, headers=two.key)
            assert status == 200, body
            return [item["item_id"] for item in json.loads(body)["items"]]

        for connection in held.values():
            assert sorted(list_items(connection)) == ITEMS
        for left in (ITEMS[:1], ITEMS, ITEMS[1:]):
            whole = {"stock": [build_row(item) for item in left], "confirmed": True}
            status, said, _ = ask(giver, "/v1/stock", whole, two.key, "PUT")
            assert status == 200, said
            told = time.monotonic()
            for connection in held.values():
                wait(partial(list_items, connection), partial(are_equal, left), 10)
            assert time.monotonic() - told < 1.0


def test_metrics_add_up_what_both_did(two: Site) -> None:
    with two.connect_to_each() as held:
        name = b"selvedge_recommendations_total"

        def count(connection: http.client.HTTPConnection) -> float:
            _, body, _ = ask(connection, "/metrics")
            return sum(float(line.rpartition(b" ")[2]) for line in body.splitlines() if line.startswith(name))

        first = next(iter(held.values()))
        before = count(first)
        for connection in held.values():
            for _ in range(3):
                assert ask(connection, "/v1/recommendations?client_id=ada&n=1", headers=two.key)[0] == 200
        assert {count(connection) for connection in held.values()} == {before + 6}
        assert STANDING in ask(first, "/metrics")[1]


def test_a_session_of_an_agent_goes_on_whichever_process_takes_its_requests(two: Site) -> None:
    with two.connect_to_each() as held_by:
        held = list(held_by.values())
        headers = two.key | AGENT
        for first in held:
            status, body, answered = ask(first, "/mcp", HELLO, headers)
            assert status == 200, body
            session = {**headers, "Mcp-Session-Id": answered["mcp-session-id"], "MCP-Protocol-Version": "2025-06-18"}
            for place, connection in enumerate([*held, *held]):
                call = {"jsonrpc": "2.0", "id": place + 2, "method": "tools/list"}
                status, body, _ = ask(connection, "/mcp", call, session)
                assert status == 200, body
                assert b"why_not" in body
        assert {ask(connection, "/mcp", HELLO, AGENT)[0] for connection in held} == {401}


def test_a_killed_process_takes_its_own_connections_with_it_and_another_stands_within_five_seconds(two: Site) -> None:
    for _ in range(2):
        with two.connect_to_each() as held:
            (victim, lost), (survivor, kept) = held.items()
            os.kill(victim, signal.SIGKILL)
            began = time.monotonic()
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                ask(lost, "/static/selvedge.svg")
            while len(two.list_processes()) < 2 or STANDING not in ask(kept, "/metrics")[1]:
                assert ask(kept, "/v1/recommendations?client_id=ada&n=1", headers=two.key)[0] == 200
                assert two.ask_anew("/v1/recommendations?client_id=ada&n=1", two.key)[0] == 200
                assert time.monotonic() - began < 5.0
            print(f"another stood after {time.monotonic() - began:.2f} s")
            assert survivor in two.list_processes()
    with two.connect_to_each() as held:
        assert victim not in held
