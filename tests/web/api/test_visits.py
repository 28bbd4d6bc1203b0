"""Anonymous visits over the real app: remembered while they last, the client's own after sign-in, else nobody's."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from store.database import read_transaction
from store.tables import decisions, events, visit_events
from tests.web import sample_shop

CLIENT = "client001"
NUMBERS = itertools.count()
KINDS = ("Coats", "Dresses", "Shirts", "Knitwear")
ITEMS = [{"item_id": f"i{n}", "title": f"Piece {n}", "category": KINDS[n % 4], "price": 40 + n} for n in range(8)]
STOCK = [{"sku": f"i{n}", "item_id": f"i{n}", "on_hand": 3 + n} for n in range(8)]


@pytest.fixture
def web(site: TestClient) -> TestClient:
    """A caller with the key of a shop of eight items, once they are indexed."""
    site.headers["Authorization"] = f"Bearer {site.app.state.context.settings.keys.api}"  # type: ignore[attr-defined]
    assert site.put("/v1/items", json={"items": ITEMS, "confirmed": True}).status_code == 200
    assert site.put("/v1/stock", json={"stock": STOCK, "confirmed": True}).status_code == 200
    assert wait_until(lambda: site.get("/v1/search").json().get("total") == len(ITEMS))
    return site


def start(web: TestClient, **body: Any) -> str:
    answer = web.post("/v1/sessions", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session_id"])


def show(web: TestClient, session_id: str, **more: Any) -> list[str]:
    answer = web.get("/v1/recommendations", params={"session_id": session_id, "n": 8, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json()["client_id"] is None
    return [item["item_id"] for item in answer.json()["items"]]


def send(web: TestClient, session_id: str, **event: Any) -> dict[str, Any]:
    number = next(NUMBERS)
    whole = {"event_id": f"v{number}", "session_id": session_id, "occurred_at": sample_shop.NOW.isoformat(), **event}
    answer = web.post("/v1/events", json=[whole])
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def rows(web: TestClient, table: Any) -> list[Any]:
    with read_transaction(web.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        return list(connection.execute(select(table)))


def wait_until(holds: Any) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_a_visit_changes_what_is_shown_by_the_second_view(web: TestClient) -> None:
    visit, other = start(web), start(web)
    before = show(web, visit)
    assert show(web, other) == before
    assert send(web, visit, type="item_viewed", item_id=before[-1])["accepted"]
    assert send(web, visit, type="added_to_cart", item_id=before[-1])["accepted"]
    assert wait_until(lambda: show(web, visit) != before), "the visit changes nothing"
    assert show(web, other) == before, "one visit changes another"
    assert not [row for row in rows(web, decisions) if visit.split(".")[1] in str(row)], "a visit is on record"


def test_words_of_a_search_are_remembered_as_items_alone(web: TestClient) -> None:
    visit = start(web)
    word = web.get("/v1/search").json()["items"][0]["category"]
    assert send(web, visit, type="searched", query=f"{word} ann@shop.example")["accepted"]
    (row,) = rows(web, visit_events)
    assert row.items
    assert "ann@" not in json.dumps([str(value) for value in row])
    assert visit not in str(row)


def test_what_was_done_becomes_the_client_s_own_at_sign_in(web: TestClient) -> None:
    visit = start(web)
    item = show(web, visit)[0]
    for kind in ("item_viewed", "added_to_cart"):
        assert send(web, visit, type=kind, item_id=item)["accepted"]
    assert send(web, visit, type="searched", query="anything")["accepted"]
    earlier = len([row for row in rows(web, events) if row.client_id == CLIENT])
    answer = web.post(f"/v1/sessions/{visit}/join", json={"client_id": CLIENT})
    assert answer.json() == {"client_id": CLIENT, "joined": 3, "dropped": 0}
    assert len([row for row in rows(web, events) if row.client_id == CLIENT]) == earlier + 3
    assert rows(web, visit_events) == []
    assert web.post(f"/v1/sessions/{visit}/join", json={"client_id": CLIENT}).json()["joined"] == 0
    assert web.post(f"/v1/sessions/{visit}/join", json={"client_id": "nobody"}).status_code == 404


def test_who_refuses_personalisation_joins_nothing(web: TestClient) -> None:
    refusal = {"event_id": "no", "client_id": CLIENT, "type": "consent_changed", "consent": False}
    refusal |= {"purposes": ["personalisation"], "occurred_at": sample_shop.NOW.isoformat()}
    assert web.post("/v1/events", json=[refusal]).json()["accepted"] == ["no"]
    visit = start(web)
    assert send(web, visit, type="item_viewed", item_id=show(web, visit)[0])["accepted"]
    answer = web.post(f"/v1/sessions/{visit}/join", json={"client_id": CLIENT}).json()
    assert (answer["joined"], answer["dropped"]) == (0, 1)
    assert rows(web, visit_events) == []


def test_a_visit_without_consent_leaves_nothing_and_is_shown_what_everybody_is(web: TestClient) -> None:
    visit = start(web, personalisation=False)
    before = show(web, visit)
    refused = send(web, visit, type="item_viewed", item_id=before[-1])["refused"]
    assert [one["field"] for one in refused] == ["session_id"]
    assert rows(web, visit_events) == []
    assert show(web, visit) == before
    assert visit.split(".")[1] not in str(rows(web, decisions))


def test_what_is_no_visit_is_refused_by_name(web: TestClient) -> None:
    visit = start(web)
    forged = visit[:-1] + ("A" if visit[-1] != "A" else "B")
    assert [one["field"] for one in send(web, forged, type="searched", query="x")["refused"]] == ["session_id"]
    assert [one["field"] for one in send(web, visit, type="item_viewed", item_id="nothing")["refused"]] == ["item_id"]
    assert send(web, visit, type="item_viewed", query="x")["refused"]
    answer = web.get("/v1/recommendations", params={"session_id": forged})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "session_id")
    for wrong in ({}, {"session_id": visit, "client_id": CLIENT}, {"session_id": visit, "explain": "true"}):
        assert web.get("/v1/recommendations", params=wrong).status_code == 422
