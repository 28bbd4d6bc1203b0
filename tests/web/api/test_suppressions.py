"""`/v1/suppressions`: the list as a shop's systems see and change it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.web.api.test_events import ann, web

__all__ = ["ann", "web"]


def post(web: TestClient, path: str = "", **body: Any) -> Any:
    return web.post(f"/v1/suppressions{path}", json=body)


@pytest.mark.usefixtures("ann")
def test_a_mailbox_is_added_found_listed_and_removed(web: TestClient) -> None:
    added = post(web, email="ann@shop.example", reason="legal", note="a letter").json()
    assert (added["reason"], added["by"], added["clients"]) == ("legal", "api", ["ann"])
    assert post(web, email="ANN@shop.example").json() == added, "repeating it changes nothing"
    assert post(web, "/find", email="ann+tag@shop.example").json() == added
    assert web.get("/v1/suppressions").json() == {"suppressions": [added]}
    assert web.get("/v1/suppressions", params={"reason": "complaint"}).json() == {"suppressions": []}
    assert web.get("/v1/suppressions", params={"after": added["address_hash"]}).json() == {"suppressions": []}
    assert post(web, "/remove", email=added["address_hash"]).json()["lifted_at"]
    assert web.get("/v1/suppressions").json() == {"suppressions": []}
    assert post(web, "/find", email="ann@shop.example").json()["lifted_at"]


def test_a_complaint_is_lifted_with_a_reason_alone(web: TestClient) -> None:
    post(web, email="eve@shop.example", reason="complaint")
    refused = post(web, "/remove", email="eve@shop.example")
    assert refused.status_code == 422
    assert "why" in refused.text
    assert post(web, "/remove", email="eve@shop.example", why="she asked").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"email": "no address"}, 422),
        ("", {"email": "a@b.de", "reason": "Two words"}, 422),
        ("", {"email": "a@b.de", "extra": 1}, 422),
        ("/find", {"email": "nobody@shop.example"}, 404),
        ("/remove", {"email": "nobody@shop.example"}, 404),
    ],
)
def test_what_is_wrong_or_unknown_is_said(web: TestClient, path: str, body: dict[str, Any], status: int) -> None:
    assert post(web, path, **body).status_code == status


def test_a_stranger_sees_nothing(web: TestClient) -> None:
    assert web.get("/v1/suppressions", headers={"Authorization": "Bearer no"}).status_code == 401
