"""`/v1/flags` as a shop's systems use it, and what a page is answered while one runs."""

from __future__ import annotations

import time
from typing import Any

from fastapi.testclient import TestClient

from tests.web.api.test_events import web

__all__ = ["web"]

BODY: dict[str, Any] = {
    "name": "More items",
    "arms": [
        {"name": "as-now", "share": 0.5, "effect": {"delay_ms": 300}},
        {"name": "longer", "share": 0.5, "effect": {"delay_ms": 300, "count": 2}},
    ],
}


def test_a_flag_is_saved_started_listed_read_and_stopped(web: TestClient) -> None:
    assert web.put("/v1/flags/longer", json=BODY).json()["state"] == "draft"
    assert web.put("/v1/flags/longer/state", json={"state": "running"}).json()["state"] == "running"
    refused = web.put("/v1/flags/longer", json=BODY | {"namespace": "other"})
    assert (refused.status_code, "only its name and shares" in refused.text) == (422, True)
    assert web.get("/v1/flags/longer").json() == web.get("/v1/flags").json()["flags"][0]
    read = web.get("/v1/flags/longer/result", params={"within_days": 3}).json()
    assert (read["within_days"], [arm["clients"] for arm in read["arms"]]) == (3, [0, 0])
    assert web.put("/v1/flags/longer/state", json={"state": "stopped"}).json()["state"] == "stopped"
    for path in (
        "/v1/flags/none",
        "/v1/flags/none/result",
        "/v1/clients/nobody/experiments",
        "/v1/slots/ranking/result",
        "/v1/campaigns/none/steps/hello/result",
    ):
        assert web.get(path).status_code == 404


def test_a_page_says_what_flags_say(web: TestClient) -> None:
    session = web.post("/v1/sessions").json()["session_id"]
    before = web.get("/v1/recommendations", params={"session_id": session}).json()
    assert (before["flags"], before["shown"], before["delay_ms"]) == ({}, True, 0)
    web.put("/v1/flags/longer", json=BODY)
    web.put("/v1/flags/longer/state", json={"state": "running"})
    until = time.monotonic() + 20
    while not (answer := web.get("/v1/recommendations", params={"session_id": session}).json())["flags"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert (answer["flags"]["longer"] in ("as-now", "longer"), answer["delay_ms"]) == (True, 300)
