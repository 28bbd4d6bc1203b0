"""What a shop's page asks and sends by itself: from named origins alone, for visits alone, and only as agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.visits import visits
from store.database import read_transaction
from store.tables import activity, visit_events
from web.api.events import outcomes
from web.bulkheads import AREAS, Bulkheads

SHOP = "http://shop.example"


@pytest.fixture
def page(site: TestClient) -> TestClient:
    """A page of a shop that the settings name."""
    settings = site.app.state.context.settings  # type: ignore[attr-defined]
    object.__setattr__(settings, "shop_origins", f"https://other.example, {SHOP}/")
    site.headers["Origin"] = SHOP
    return site


def start(page: TestClient, **body: Any) -> str:
    answer = page.post("/visitor/session", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == SHOP
    return str(answer.json()["session_id"])


def list_stored(page: TestClient) -> list[tuple[str, list[str]]]:
    with read_transaction(page.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        return [
            (row.type, row.items) for row in connection.execute(select(visit_events).order_by(visit_events.c.event_id))
        ]


def test_the_script_is_small_and_anybody_s(site: TestClient) -> None:
    answer = site.get("/s.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert 1_000 < len(answer.content) < 5_000


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_pages_of_other_origins_are_refused(site: TestClient, headers: dict[str, str]) -> None:
    assert site.post("/visitor/session", json={}, headers=headers).status_code in (401, 403)
    assert site.get("/visitor/items", headers=headers).status_code in (401, 403)
    assert site.post("/visitor/events", json=[], headers=headers).status_code in (401, 403)
    assert site.get("/visitor/search", headers=headers).status_code in (401, 403)


def test_our_own_pages_may_ask(site: TestClient) -> None:
    assert site.get("/visitor/items", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_what_a_visitor_does_is_stored_at_our_time(page: TestClient) -> None:
    session = start(page)
    shown = page.get("/visitor/items", params={"session_id": session, "n": 1}).json()["items"]
    assert len(shown) == 1
    assert {"item_id", "title", "price", "currency", "url", "image_url"} == set(shown[0])
    event = {"event_id": "a", "session_id": session, "type": "item_viewed", "item_id": shown[0]["item_id"]}
    answer = page.post("/visitor/events", json=[event, event | {"event_id": "b", "type": "added_to_cart"}])
    assert (answer.status_code, answer.json()["accepted"]) == (202, ["a", "b"])
    assert list_stored(page) == [("item_viewed", [shown[0]["item_id"]]), ("added_to_cart", [shown[0]["item_id"]])]
    late = page.post("/visitor/events", json=[event | {"event_id": "c", "occurred_at": "2020-01-01T00:00:00Z"}])
    assert late.status_code == 422  # nobody says when: it is now


def test_of_who_did_not_agree_nothing_is_stored(page: TestClient) -> None:
    session = start(page, personalisation=False)
    item = page.get("/visitor/items").json()["items"][0]["item_id"]
    event = {"event_id": "a", "session_id": session, "type": "item_viewed", "item_id": item}
    answer = page.post("/visitor/events", json=[event]).json()
    assert (answer["accepted"], len(answer["refused"])) == ([], 1)
    assert list_stored(page) == []


def test_a_visit_without_end_fills_no_table(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_STORED", 3)
    session, other = start(page), start(page)
    item = page.get("/visitor/items").json()["items"][0]["item_id"]

    def send(visit: str, *names: str) -> Any:
        event = {"session_id": visit, "type": "item_viewed", "item_id": item}
        return page.post("/visitor/events", json=[event | {"event_id": name} for name in names]).json()

    assert send(session, "a", "b")["accepted"] == ["a", "b"]
    before = outcomes.labels("refused")._value.get()
    answer = send(session, "b", "c", "d", "e")
    assert (answer["accepted"], answer["duplicates"]) == (["c"], ["b"])
    assert [one["event_id"] for one in answer["refused"]] == ["d", "e"]
    assert "no more are kept" in answer["refused"][0]["reason"]
    assert outcomes.labels("refused")._value.get() == before + 2
    assert send(session, "f", "g")["accepted"] == []
    assert send(other, "a")["accepted"] == ["a"]


def test_the_log_of_changes_has_a_row_where_a_visit_begins_and_none_for_each_page(page: TestClient) -> None:
    session, other = start(page), start(page)
    item = page.get("/visitor/items").json()["items"][0]["item_id"]
    before = list_activities(page)
    for visit, name in ((session, "a"), (session, "b"), (session, "b"), (other, "a"), (session, "c")):
        event = {"event_id": name, "session_id": visit, "type": "item_viewed", "item_id": item}
        assert page.post("/visitor/events", json=[event]).status_code == 202
    written = list_activities(page)[len(before) :]
    assert [row.data for row in written] == [{"accepted": 1, "refused": 0, "visits": 1}] * 2
    assert len(list_stored(page)) >= 4


def list_activities(page: TestClient) -> Sequence[Any]:
    with read_transaction(page.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        return connection.execute(select(activity).order_by(activity.c.id)).all()


async def test_visitors_fill_their_own_places_and_staff_keep_theirs() -> None:
    free, begun = asyncio.Event(), asyncio.Event()

    async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
        begun.set()
        if scope["path"].startswith("/visitor/"):
            await free.wait()
        await PlainTextResponse("done")(scope, _receive, send)

    areas = [replace(area, waiting=min(area.waiting, 1), patience_s=0.05) for area in AREAS]
    transport = httpx.ASGITransport(Bulkheads(serve, areas))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        crowd = [asyncio.create_task(client.get("/visitor/items")) for _ in range(60)]
        await begun.wait()
        for path in ("/clients", "/v1/events", "/v1/recommendations", "/u/token", "/healthz"):
            assert (await client.get(path)).status_code == 200, path
        assert (await client.get("/visitor/items")).status_code == 503
        free.set()
        assert {answer.status_code for answer in await asyncio.gather(*crowd)} == {200, 503}


def test_nothing_is_told_of_clients(page: TestClient) -> None:
    assert page.get("/visitor/items", params={"client_id": "ada"}).status_code == 422
    assert page.get("/visitor/search", params={"client_id": "ada", "q": "coat"}).status_code == 422
    forged = {"event_id": "a", "session_id": "s." + "A" * 22 + "." + "B" * 16, "type": "item_viewed", "item_id": "x"}
    assert page.post("/visitor/events", json=[forged]).json()["accepted"] == []
    assert page.post("/visitor/events", json=[forged] * 51).status_code == 413
    assert page.post("/visitor/events", content=b"[" + b" " * 30_000 + b"]").status_code == 413


def test_a_refusal_can_be_read_by_the_page_that_was_refused(page: TestClient) -> None:
    """Without these headers the script would take a refusal for a lost answer, and try for ever."""
    item = page.get("/visitor/items").json()["items"][0]["item_id"]
    event = {"event_id": "a", "session_id": start(page), "type": "no_such", "item_id": item}
    for answer in (
        page.post("/visitor/events", json=[event]),
        page.post("/visitor/events", json=[event] * 51),
        page.post("/visitor/events", content=b" " * 30_000),
        page.get("/visitor/nowhere"),
    ):
        assert answer.status_code in (404, 413, 422)
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.json()["error"]["message"]
    foreign = page.get("/visitor/items", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    assert foreign.json()["error"]["code"] == "forbidden"
