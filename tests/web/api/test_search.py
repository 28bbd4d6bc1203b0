"""`GET /v1/search`, its suggestions, and `context=search` over the real app."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

CLIENT = "client001"


@pytest.fixture
def web(site: TestClient) -> TestClient:
    """A caller with the key of the sample shop, once its catalogue is indexed."""
    site.headers["Authorization"] = f"Bearer {site.app.state.context.settings.keys.api}"  # type: ignore[attr-defined]
    until = time.monotonic() + 20
    while site.get("/v1/search").status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.01)
    return site


def get(web: TestClient, path: str, **parameters: Any) -> dict[str, Any]:
    answer = web.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_search_finds_counts_and_completes(web: TestClient) -> None:
    everything = get(web, "/v1/search", n=100)
    assert everything["total"] == len(everything["items"]) > 0
    first = everything["items"][0]
    word = first["category"]
    found = get(web, "/v1/search", q=word, client_id=CLIENT)
    assert found["items"]
    assert {item["category"] for item in found["items"]} == {word}
    assert found["facets"]["category"] == [{"value": word, "count": found["total"], "low": None, "high": None}]
    assert get(web, "/v1/search", facets="false")["facets"] == {}
    suggested = get(web, "/v1/search/suggest", q=first["title"][:3])
    assert suggested["queries"]


def test_what_cannot_be_asked_is_refused_by_name(web: TestClient) -> None:
    for parameters, field in (
        ({"q": "x", "colr": "red"}, "colr"),
        ({"sort": "best"}, "sort"),
        ({"price_min": "-1"}, "price_min"),
        ({"season": "monsoon"}, "season.0"),
        ({"n": 0}, "n"),
    ):
        answer = web.get("/v1/search", params=parameters)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert web.get("/v1/search", params={"client_id": "nobody"}).status_code == 404
    assert web.get("/v1/search/suggest").json()["error"]["field"] == "q"
    web.headers.pop("Authorization")
    assert web.get("/v1/search").status_code == 401


def test_recommendations_for_a_search_answer_its_words(web: TestClient) -> None:
    word = get(web, "/v1/search", n=1)["items"][0]["category"]
    found = {item["item_id"] for item in get(web, "/v1/search", q=word, n=100)["items"]}
    told = get(web, "/v1/recommendations", client_id=CLIENT, context="search", q=word, n=3)
    assert told["decision"]
    assert {item["item_id"] for item in told["items"]} <= found
    for wrong in ({"context": "search"}, {"q": word}):
        answer = web.get("/v1/recommendations", params={"client_id": CLIENT, **wrong})
        assert answer.status_code == 422
        assert "q: goes with context=search" in answer.text
