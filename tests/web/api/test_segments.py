"""`/v1/segments` as a shop's systems use it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.web.api.test_events import ann, web

__all__ = ["ann", "web"]


@pytest.mark.usefixtures("ann")
def test_a_filter_is_counted_saved_shown_and_deleted(web: TestClient) -> None:
    counted = web.post("/v1/segments/count", json={"filter": "consent and never ordered"}).json()
    assert (counted["clients"], counted["everyone"]) == (1, 1)
    assert counted["sentence"] == "Clients who agreed to mail and who did not order at any time."
    saved = web.put("/v1/segments/new-ones", json={"name": "New ones", "filter": counted["filter"]}).json()
    assert (saved["slug"], saved["owner"], saved["clients"], saved["text"]) == ("new-ones", "api", 1, counted["text"])
    assert web.get("/v1/segments/new-ones").json() == saved
    assert [one["slug"] for one in web.get("/v1/segments").json()["segments"]] == ["new-ones"]
    drawn = web.post("/v1/segments/sample", json={"segment": "new-ones"}).json()
    assert [member["client_id"] for member in drawn["members"]] == ["ann"]
    assert "ann@" not in str(drawn)
    assert web.post("/v1/segments/explain", json={"segment": "new-ones"}).json()["plan"]
    assert web.delete("/v1/segments/new-ones").json() == {"slug": "new-ones"}
    assert web.get("/v1/segments/new-ones").status_code == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"filter": "phse = x"}, "did you mean phase"),
        ({"filter": {"kind": "flag", "field": "nothing"}}, "flag.field"),
        ({"filter": {"kind": "all", "parts": []}}, "parts"),
        ({"filter": "tag = vip"}, "nobody has the tag"),
        ({"filter": "consent", "segment": "s"}, "not both"),
        ({"filter": 5}, "filter: must be the filter as text"),
        ({"filter": "(" * 20_000}, "10,000"),
    ],
    ids=range(7),
)
def test_what_cannot_be_meant_is_refused(web: TestClient, body: dict[str, object], message: str) -> None:
    refused = web.post("/v1/segments/count", json=body)
    assert refused.status_code in (413, 422)
    assert message in refused.json()["error"]["message"]


def test_json_that_nests_deep_is_refused(web: TestClient) -> None:
    deep = '{"filter":' + '{"kind":"not","part":' * 900 + '{"kind":"everyone"}' + "}" * 901
    assert web.post("/v1/segments/count", content=deep).status_code in (413, 422)
    assert web.post("/v1/segments/count", content=deep * 3).status_code == 422
