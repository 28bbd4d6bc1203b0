"""`PUT /v1/items` and `PUT /v1/stock`: wholes, all or nothing, guarded; what is absent is retired or out of stock."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

ITEMS = [{"item_id": f"k-{n}", "title": f"Jumper {n}", "category": "knit", "price": 40 + n} for n in range(6)]
STOCK = [{"sku": f"k-{n}", "item_id": f"k-{n}", "on_hand": 3} for n in range(6)]


@pytest.fixture
def web(site: TestClient) -> TestClient:
    """A caller with the key of the sample shop."""
    site.headers["Authorization"] = f"Bearer {site.app.state.context.settings.keys.api}"  # type: ignore[attr-defined]
    return site


def put(web: TestClient, path: str, name: str, rows: list[dict[str, Any]], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = web.put(path, json={name: rows, **more})
    return answer.status_code, answer.json()


def test_a_whole_catalogue(web: TestClient) -> None:
    status, body = put(web, "/v1/items", "items", ITEMS, confirmed=True)
    assert (status, body["new"], body["changed"]) == (200, 6, 0)
    assert body["absent"] > 0, "the sample shop sold other things"
    assert put(web, "/v1/items", "items", ITEMS)[1] == {"new": 0, "changed": 0, "same": 6, "absent": 0, "notes": {}}
    status, body = put(web, "/v1/items", "items", ITEMS[:3])
    assert (status, body["error"]["field"]) == (422, "confirmed")
    assert body["error"]["message"] == (
        "confirmed: needed, since this would retire 3 of 6 items (50%); nothing was retired"
    )
    assert put(web, "/v1/items", "items", ITEMS[:5])[1]["absent"] == 1
    assert put(web, "/v1/items", "items", ITEMS)[1]["changed"] == 1, "it is sold again"


def test_a_wrong_row_changes_nothing(web: TestClient) -> None:
    put(web, "/v1/items", "items", ITEMS, confirmed=True)
    wrong = [*ITEMS[:4], {**ITEMS[4], "image_url": "ftp://shop.example/a.jpg"}]
    status, body = put(web, "/v1/items", "items", wrong)
    assert (status, body["error"]["field"]) == (422, "items.4.image_url")
    dear = [*ITEMS[:5], {**ITEMS[5], "currency": "NOK"}]
    assert put(web, "/v1/items", "items", dear)[1]["error"]["field"] == "items.5.currency"
    assert put(web, "/v1/items", "items", ITEMS)[1]["same"] == 6


def test_a_whole_stock(web: TestClient) -> None:
    put(web, "/v1/items", "items", ITEMS, confirmed=True)
    assert put(web, "/v1/stock", "stock", STOCK, confirmed=True)[1]["new"] == 6
    assert put(web, "/v1/stock", "stock", STOCK[1:])[1]["absent"] == 1
    unknown = [*STOCK[1:], {"sku": "x", "item_id": "nothing", "on_hand": 1}]
    assert put(web, "/v1/stock", "stock", unknown)[1]["error"]["field"] == "stock.5.item_id"
    assert put(web, "/v1/stock", "stock", [])[1]["error"]["field"] == "confirmed"


def test_goods_need_the_key(web: TestClient) -> None:
    assert web.put("/v1/items", json={"items": []}, headers={"Authorization": "Bearer no"}).status_code == 401
