"""`PUT /v1/items` and `PUT /v1/stock`: wholes, all or nothing, guarded; what is absent is retired or out of stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from store import tables as t
from store.activity import list_activities
from store.database import read_transaction, write_transaction

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


def change(web: TestClient, *changes: tuple[str, str, int]) -> dict[str, Any]:
    body = {"changes": [{"key": key, "sku": sku, "by": by} for key, sku, by in changes]}
    answer = web.post("/v1/stock/changes", json=body)
    assert answer.status_code == 200, answer.text
    counts: dict[str, Any] = answer.json()
    return counts


def count_units(web: TestClient) -> dict[str, int]:
    with read_transaction(web.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        rows = connection.execute(select(t.stock.c.sku, t.stock.c.on_hand).where(t.stock.c.sku.startswith("k-")))
        return {row.sku: row.on_hand for row in rows}


def test_differences_of_stock_count_once_each(web: TestClient) -> None:
    put(web, "/v1/items", "items", ITEMS, confirmed=True)
    put(web, "/v1/stock", "stock", STOCK, confirmed=True)
    first = change(web, ("a", "k-0", -1), ("b", "k-0", -1), ("a", "k-0", -1), ("c", "k-1", 5), ("d", "nowhere", 1))
    assert (first["applied"], first["duplicates"], first["short"]) == (["a", "b", "c"], ["a"], [])
    (refusal,) = first["refused"]
    assert (refusal["index"], refusal["key"], refusal["field"]) == (4, "d", "sku")
    assert "PUT /v1/stock" in refusal["reason"]
    assert (count_units(web)["k-0"], count_units(web)["k-1"]) == (1, 8)
    again = change(web, ("a", "k-0", -1), ("c", "k-2", 5), ("e", "k-0", -4), ("f", "k-0", 2))
    assert (again["applied"], again["duplicates"], again["short"]) == (["e", "f"], ["a", "c"], ["k-0"])
    units = count_units(web)
    assert (units["k-0"], units["k-1"], units["k-2"]) == (2, 8, 3)
    assert change(web, ("d", "k-3", 1))["applied"] == ["d"], "what was refused may come again"
    with read_transaction(web.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        latest = list_activities(connection, limit=4)
    assert [row.data for row in latest[:3]] == [
        {"changed": 1, "changes": 1},
        {"changed": 1, "changes": 2},
        {"changed": 2, "changes": 3},
    ]


def test_keys_are_forgotten_after_their_days(web: TestClient) -> None:
    put(web, "/v1/items", "items", ITEMS, confirmed=True)
    put(web, "/v1/stock", "stock", STOCK, confirmed=True)
    change(web, ("a", "k-0", -1))
    with write_transaction(web.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        connection.execute(t.stock_changes.update().values(real_at=datetime.now(UTC) - timedelta(days=31)))
    change(web, ("b", "k-0", -1))
    assert change(web, ("a", "k-0", -1))["applied"] == ["a"]


@pytest.mark.parametrize("wrong", [{"by": "much"}, {"by": 1.5}, {"sku": "a b"}, {"key": ""}, {"on_hand": 3}])
def test_a_wrong_difference_changes_nothing(web: TestClient, wrong: dict[str, Any]) -> None:
    good = {"key": "a", "sku": "coat-1-M", "by": -1}
    answer = web.post("/v1/stock/changes", json={"changes": [good, {**good, "key": "b", **wrong}]})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"].startswith("changes.1.")
    assert change(web, ("a", "coat-1-M", -1))["applied"] == ["a"]


def test_goods_need_the_key(web: TestClient) -> None:
    assert web.put("/v1/items", json={"items": []}, headers={"Authorization": "Bearer no"}).status_code == 401
