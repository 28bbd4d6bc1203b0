"""Flags over HTTP, as the official OpenFeature client for remote evaluation asks for them."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from fastapi.testclient import TestClient
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from tests.web.api.test_events import ann, web

__all__ = ["ann", "web"]
pytestmark = pytest.mark.usefixtures("ann")

ALL = "/ofrep/v1/evaluate/flags"
ANN = {"context": {"targetingKey": "ann"}}


class AppAdapter(requests.adapters.BaseAdapter):
    """Brings requests of a client to the app in this process."""

    def __init__(self, web: TestClient) -> None:
        super().__init__()
        self._web = web

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        headers: Any = dict(request.headers)
        body: Any = request.body
        got = self._web.request(request.method or "", request.path_url, content=body, headers=headers)
        answer = requests.Response()
        answer.status_code, answer._content, answer.request = got.status_code, got.content, request
        answer.headers.update(got.headers)
        return answer

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def client(web: TestClient) -> OpenFeatureClient:
    """A client of another program, with the shop's key."""
    provider = OFREPProvider("http://shop", headers_factory=lambda: {"Authorization": web.headers["Authorization"]})
    provider.session.mount("http://shop", AppAdapter(web))
    api.set_provider(provider, "remote")
    return api.get_client("remote")


def run_flag(web: TestClient, slug: str, *effects: dict[str, Any], share: float = 1.0) -> None:
    """Run a flag in a namespace of its own, all of whose arms but the last have hardly anybody."""
    shares = [0.1 if share < 1 else 0.0001] * (len(effects) - 1)
    arms = [
        {"name": f"arm{place}", "share": part, "effect": effect}
        for place, (part, effect) in enumerate(zip([*shares, 1 - sum(shares)], effects, strict=True))
    ]
    body = {"name": slug, "namespace": slug, "share": share, "arms": arms}
    assert web.put(f"/v1/flags/{slug}", json=body).status_code == 200
    assert web.put(f"/v1/flags/{slug}/state", json={"state": "running"}).status_code == 200
    until = time.monotonic() + 20
    while web.post(f"{ALL}/{slug}", json=ANN).status_code == 404:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_official_client_reads_values_and_objects_and_what_is_wrong(
    web: TestClient, client: OpenFeatureClient
) -> None:
    about = EvaluationContext("ann", {"plan": "any"})
    run_flag(web, "words", {"value": "old"}, {"value": "new"})
    run_flag(web, "longer", {}, {"count": 3, "delay_ms": 300})
    run_flag(web, "nobody", {"value": 1}, {"value": 2}, share=0.001)
    words = client.get_string_details("words", "none", about)
    assert (words.value, words.variant, words.reason) == ("new", "arm1", Reason.SPLIT)
    assert client.get_object_value("longer", {}, about) == {"count": 3, "delay_ms": 300}
    nobody = client.get_integer_details("nobody", 7, about)
    assert (nobody.value, nobody.reason) == (7, Reason.DEFAULT), "who is in no arm has the code's own default"
    unknown = client.get_string_details("none", "default", about)
    assert (unknown.value, unknown.error_code) == ("default", ErrorCode.FLAG_NOT_FOUND)
    assert client.get_boolean_details("words", True, about).error_code == ErrorCode.TYPE_MISMATCH
    assert client.get_string_details("words", "x").error_code == ErrorCode.TARGETING_KEY_MISSING
    stranger = client.get_string_details("words", "x", EvaluationContext("stranger"))
    assert (stranger.value, stranger.error_code) == ("x", ErrorCode.INVALID_CONTEXT)
    assert web.get("/v1/clients/ann/experiments").status_code == 200


def test_all_flags_come_at_once_and_only_when_they_changed(web: TestClient) -> None:
    run_flag(web, "words", {"value": "old"}, {"value": "new"})
    run_flag(web, "longer", {}, {"count": 3})
    told = web.post(ALL, json=ANN)
    assert told.json() == {
        "flags": [
            {"key": "longer", "reason": "SPLIT", "variant": "arm1", "value": {"count": 3}},
            {"key": "words", "reason": "SPLIT", "variant": "arm1", "value": "new"},
        ]
    }
    same = {"If-None-Match": told.headers["ETag"]}
    assert (web.post(ALL, json=ANN, headers=same).status_code, web.post(ALL, json=ANN).status_code) == (304, 200)
    assert web.put("/v1/flags/longer/state", json={"state": "stopped"}).status_code == 200
    until = time.monotonic() + 20
    while web.post(ALL, json=ANN, headers=same).status_code == 304:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_visits_are_evaluated_by_their_signed_id_and_strangers_are_refused(web: TestClient) -> None:
    run_flag(web, "words", {"value": "old"}, {"value": "new"})
    session = web.post("/v1/sessions").json()["session_id"]
    told = web.post(f"{ALL}/words", json={"context": {"targetingKey": session}}).json()
    assert told == {"key": "words", "reason": "SPLIT", "variant": "arm1", "value": "new"}
    assert web.post(f"{ALL}/words", json=ANN, headers={"Authorization": "Bearer wrong"}).status_code == 401
    for body, code in (("{", "PARSE_ERROR"), ("[]", "PARSE_ERROR"), ("{}", "TARGETING_KEY_MISSING")):
        refused = web.post(f"{ALL}/words", content=body)
        assert (refused.status_code, refused.json()["errorCode"]) == (400, code), body


@pytest.mark.parametrize("key", ["jürgen", "a\0b", "a" * 65, "visit." + "a" * 22, "s." + "é" * 22 + ".x", "nobody"])
def test_a_key_that_is_no_client_s_is_refused(web: TestClient, key: str) -> None:
    run_flag(web, "button", {"value": "plain"}, {"value": "wide"})
    assert web.post(ALL, json={"context": {"targetingKey": key}}).status_code == 400


def test_who_is_in_an_arm_counts_as_having_seen_it(web: TestClient) -> None:
    run_flag(web, "words", {"value": "old"}, {"value": "new"})
    until = time.monotonic() + 20
    while not (seen := web.get("/v1/clients/ann/experiments").json()["assignments"]):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert (seen[0]["experiment"], seen[0]["arm"], seen[0]["exposed_at"] is None) == ("words", "arm1", False)
