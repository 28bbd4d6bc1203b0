"""`/v1/offers` as a shop's systems use it."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.web.api.test_events import web

__all__ = ["web"]


def test_an_offer_is_saved_approved_listed_and_retired(web: TestClient) -> None:
    body = {"name": "Ten", "code": "TEN10", "percent": 10, "most_clients": 500}
    saved = web.put("/v1/offers/ten", json=body).json()
    assert (saved["slug"], saved["state"], saved["created_by"]) == ("ten", "draft", "api")
    assert web.put("/v1/offers/ten/state", json={"state": "live"}).json()["state"] == "live"
    refused = web.put("/v1/offers/ten", json=body | {"percent": 20})
    assert (refused.status_code, "its terms stay" in refused.text) == (422, True)
    assert web.put("/v1/offers/ten/state", json={"state": "retired"}).json()["state"] == "retired"
    assert web.get("/v1/offers/ten").json() == web.get("/v1/offers").json()["offers"][0]
    assert web.get("/v1/offers/none").status_code == 404


def test_a_wrong_term_is_named(web: TestClient) -> None:
    refused = web.put("/v1/offers/ten", json={"name": "Ten", "code": "TEN10", "percent": 10, "amount": 5})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "amount")
