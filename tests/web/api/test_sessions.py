"""`POST /v1/session/rank` over the real app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from store.database import read_transaction
from store.tables import decisions, items
from tests.web import sample_shop
from web.context import WebContext

CLIENT = "client001"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def context(site: TestClient) -> WebContext:
    app_context: WebContext = site.app.state.context  # type: ignore[attr-defined]
    return app_context


def call(site: TestClient, body: dict[str, Any], key: str | None = None) -> Any:
    secret = context(site).settings.keys.api if key is None else key
    return site.post("/v1/session/rank", json=body, headers={"Authorization": f"Bearer {secret}"})


def rows(site: TestClient, table: Any) -> list[Any]:
    with read_transaction(context(site).engine) as connection:
        return list(connection.execute(select(table)))


@pytest.fixture
def known(site: TestClient) -> list[str]:
    return [row.item_id for row in rows(site, items)]


def sessions(site: TestClient) -> list[Any]:
    return [row for row in rows(site, decisions) if row.slot == "session"]


def test_a_page_is_ordered_and_the_decision_is_on_record(site: TestClient, known: list[str]) -> None:
    touch = {"item_id": known[0], "kind": "item_clicked", "at": sample_shop.NOW.isoformat()}
    body = {"client_id": CLIENT, "items": known, "n": 2, "touches": [touch], "user_agent": BROWSER}
    said = call(site, body)
    assert said.status_code == 200, said.text
    told = said.json()
    assert told["algorithm"] == "session-bandit"
    assert len(told["items"]) == 2
    assert set(told["items"]) <= set(known)
    (row,) = sessions(site)
    assert (row.id, row.client_id, row.answer["items"]) == (told["decision"], CLIENT, told["items"])
    assert row.propensity == row.answer["propensity"] > 0


def test_without_items_the_ranking_puts_them_up(site: TestClient) -> None:
    body = call(site, {"client_id": CLIENT}).json()
    assert body["items"]
    assert len(sessions(site)) == 1


def test_a_program_gets_the_order_as_it_is_and_nothing_is_recorded(site: TestClient, known: list[str]) -> None:
    body = call(site, {"client_id": CLIENT, "items": known, "user_agent": "Googlebot/2.1"}).json()
    assert (body["items"], body["decision"], body["algorithm"]) == (known, None, "house")
    assert sessions(site) == []


def test_what_is_wrong_is_named_and_changes_nothing(site: TestClient, known: list[str]) -> None:
    late = (sample_shop.NOW + timedelta(hours=1)).isoformat()
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"client_id": "nobody"}, 404, "client_id"),
        ({"client_id": CLIENT, "items": [known[0], "strange"]}, 422, "items.1"),
        ({"client_id": CLIENT, "items": [known[0], known[0]]}, 422, "items"),
        ({"client_id": CLIENT, "n": 0}, 422, "n"),
        ({"client_id": CLIENT, "sort": "price"}, 422, "sort"),
        ({"client_id": CLIENT, "touches": [{"item_id": known[0], "kind": "stolen", "at": late}]}, 422, "touches"),
        ({"client_id": CLIENT, "touches": [{"item_id": "i", "kind": "item_viewed", "at": late}]}, 422, "touches"),
    ]
    for body, status, field in wrong:
        answer = call(site, body)
        assert answer.status_code == status, answer.text
        assert field in f"{answer.json()['error']}"
    assert call(site, {"client_id": CLIENT}, key="no").status_code == 401
    assert sessions(site) == []
