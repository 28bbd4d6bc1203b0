"""`/v1/webhooks` and its page, as other systems' people use them."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from tests.web.api.test_events import web
from tests.web.conftest import site

__all__ = ["site", "web"]
BODY = {"name": "erp", "url": "https://erp.shop.example/hook", "types": ["mail.sent", "fix.state_changed"]}


def test_an_endpoint_is_added_steered_and_removed(web: TestClient) -> None:
    made = web.post("/v1/webhooks", json=BODY)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made.json()["endpoint"]["types"] == ["fix.state_changed", "mail.sent"]
    assert web.post("/v1/webhooks", json=BODY).status_code == 409
    listed = web.get("/v1/webhooks")
    assert [one["name"] for one in listed.json()["endpoints"]] == ["erp"]
    assert made.json()["secret"] not in listed.text
    off = web.put("/v1/webhooks/erp/state", json={"state": "disabled"}).json()
    assert (off["state"], off["why"]) == ("disabled", "api disabled it")
    assert web.put("/v1/webhooks/erp/state", json={"state": "enabled"}).json()["why"] == ""
    assert web.post("/v1/webhooks/erp/secret").json()["secret"] != made.json()["secret"]
    replayed = web.post("/v1/webhooks/erp/replay", json={"since": "2026-01-01T00:00:00Z"})
    assert replayed.json() == {"messages": 0}
    assert web.get("/v1/webhooks/erp").json()["messages"] == []
    assert web.delete("/v1/webhooks/erp").json() == {"endpoints": []}
    assert web.get("/v1/webhooks/erp").status_code == 404


def test_what_cannot_be_meant_is_refused(web: TestClient) -> None:
    for change, field in (
        ({"url": "https://10.0.0.8/hook"}, "url"),
        ({"url": "http://erp.shop.example/hook"}, "url"),
        ({"types": ["mail.opened"]}, "types"),
        ({"types": ["webhook.test"]}, "types"),
        ({"name": "a b"}, "name"),
    ):
        refused = web.post("/v1/webhooks", json=BODY | change)
        assert refused.status_code == 422, change
        assert refused.json()["error"]["field"].startswith(field), refused.text
    assert web.get("/v1/webhooks").json() == {"endpoints": []}


def test_the_page_shows_what_was_sent_and_sends_it_again(site: TestClient) -> None:
    shown = site.get("/webhooks/warehouse").text
    assert "no answer in time" in shown or "503" in shown
    token = re.findall(r'name="token" value="([^"]+)"', shown)[-1]
    again = site.post("/webhooks/warehouse/replay", data={"token": token, "days": "7"}, follow_redirects=False)
    assert again.status_code == 303, again.text
    messages = site.get("/webhooks/warehouse?state=waiting").text
    assert messages.count("<time datetime") == 3, "the held and the failed one beside the one that waits"
    wrong = site.post("/webhooks/warehouse/replay", data={"token": token, "days": "no"})
    assert (wrong.status_code, "give a number from 1 to 365" in wrong.text) == (422, True)
    form = {"token": token, "name": "crm", "url": "https://crm.shop.example/hook", "tells:mail.sent": "on"}
    made = site.post("/webhooks", data=form)
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret not in site.get("/webhooks/crm").text
    assert "Switch off" in made.text
