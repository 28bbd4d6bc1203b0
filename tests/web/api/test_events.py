"""The machine API: who may call it, what it takes, and what it says of what it does not take."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, insert, select

from settings import Settings
from store.database import read_transaction, write_transaction
from store.mail.suppressions import hash_client_id
from store.tables import clients, events, outbox, tombstones
from tests.support.tables import create_tables
from web.app import create_app

NOW = datetime.now(UTC).isoformat()
ANN = {"email": "Ann@Shop.example", "first_name": "Ann", "time_zone": "Asia/Tokyo", "consent": True, "tags": ["vip"]}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[TestClient]:
    """A caller with the right key, of an app on a database of its own."""
    settings = Settings(home=tmp_path, api_key="the key", signing_key="another", smtp_url="smtp://127.0.0.1:9")
    app = create_app(settings)
    create_tables(app.state.context.engine)
    caller = TestClient(app, base_url=settings.base_url, headers={"Authorization": "Bearer the key"})
    with caller:
        yield caller


@pytest.fixture
def engine(web: TestClient) -> Engine:
    engine_found: Engine = web.app.state.context.engine  # type: ignore[attr-defined]
    return engine_found


@pytest.fixture
def ann(web: TestClient) -> None:
    assert web.put("/v1/clients/ann", json=ANN).status_code == 201


def event(event_id: Any = "e1", kind: str = "searched", **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "client_id": "ann", "type": kind, "occurred_at": NOW, **fields}


def count(engine: Engine, table: Any) -> int:
    with read_transaction(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("shape", [lambda e: e, lambda e: [e], lambda e: {"events": [e]}])
def test_one_a_list_or_an_object_of_events(web: TestClient, ann: None, engine: Engine, shape: Any) -> None:
    answer = web.post("/v1/events", json=shape(event()))
    assert (answer.status_code, answer.json()) == (202, {"accepted": ["e1"], "duplicates": [], "refused": []})
    assert count(engine, events) == 1


def test_again_is_a_duplicate_and_changes_nothing(web: TestClient, ann: None, engine: Engine) -> None:
    web.post("/v1/events", json=event("e1", "order_placed", value=12.5, currency="USD"))
    answer = web.post("/v1/events", json=event("e1", "order_placed", value=99))
    assert answer.json() == {"accepted": [], "duplicates": ["e1"], "refused": []}
    with read_transaction(engine) as connection:
        assert connection.scalar(select(events.c.value_cents)) == 1250


def test_an_id_of_another_clients_event_is_refused_by_name(web: TestClient, ann: None, engine: Engine) -> None:
    web.put("/v1/clients/bob", json={"email": "bob@example.com"})
    web.post("/v1/events", json=event("e1", "order_placed", value=12.5))
    batch = [event("e1", client_id="bob"), event("e2"), event("e2", client_id="bob")]
    answer = web.post("/v1/events", json=batch).json()
    assert (answer["accepted"], answer["duplicates"]) == (["e2"], [])
    assert [(refusal["index"], refusal["field"]) for refusal in answer["refused"]] == [(0, "event_id"), (2, "event_id")]
    assert count(engine, events) == 2


def test_a_body_may_come_as_gzip(web: TestClient, ann: None) -> None:
    packed = gzip.compress(orjson.dumps(event()))
    answer = web.post("/v1/events", content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.json()["accepted"] == ["e1"]
    assert web.post("/v1/events", content=packed).json()["duplicates"] == ["e1"], "and without saying so"


@pytest.mark.parametrize(
    ("body", "encoding", "status", "hint"),
    [
        (gzip.compress(b" " * 6_000_000), "gzip", 413, "is over 5,000,000 bytes"),
        (b"{}", "gzip", 422, "is not gzip"),
        (gzip.compress(b"[]")[:-3], "gzip", 422, "breaks off"),
        (b"{}", "br", 422, "send the body plain"),
        (b"\xff\xfe[]", "identity", 422, "body: is not JSON, which is text in UTF-8"),
    ],
    ids=[
        "too large",
        "not gzip",
        "cut off",
        "another encoding",
        "no text",
    ],  # gzip holds the time, and ids must be the same always
)
def test_a_packed_body_that_cannot_be_read_is_named(
    web: TestClient, ann: None, body: bytes, encoding: str, status: int, hint: str
) -> None:
    answer = web.post("/v1/events", content=body, headers={"Content-Encoding": encoding})
    assert answer.status_code == status
    assert hint in answer.text


@pytest.mark.parametrize(
    ("bad", "field", "hint"),
    [
        (event(client_id="nobody"), "client_id", "unknown client"),
        (event(client_id="a b"), "client_id", "letters"),
        (event(event_id=7), "event_id", "text"),
        (event(occurred_at="2026-03-01T09:30:00"), "occurred_at", "offset"),
        (event(occurred_at=1_700_000_000), "occurred_at", "ISO 8601"),
        (event(occurred_at="2199-01-01T00:00:00Z"), "occurred_at", "future"),
        (event(kind="bought"), "type", "bought"),
        ({"event_id": "x"}, "type", "missing"),
        (event(kind="item_viewed"), "item_id", "missing"),
        (event(kind="order_placed", value=-1), "value", "must be greater than or equal to 0"),
        (event(kind="order_placed", value="1.005"), "value", "two decimals"),
        (event(kind="order_placed", value=1, currency="EUR"), "currency", "SELVEDGE_SHOP_CURRENCY"),
        (event(kind="order_placed", value=1, currency="usd"), "currency", ""),
        (event(colour="red"), "colour", "not a field"),
        (event(query="a\x00b"), "query", ""),
        (event(kind="quiz_answered", styles=["ok", "a\r\nBcc: x"]), "styles.1", "control"),
        ("searched", "", ""),
        (None, "", ""),
    ],
)
def test_a_bad_event_is_refused_by_field_and_its_neighbours_go_in(
    web: TestClient, ann: None, bad: Any, field: str, hint: str
) -> None:
    answer = web.post("/v1/events", json=[event("good-1"), bad, event("good-2")])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == ["good-1", "good-2"]
    (refused,) = answer.json()["refused"]
    assert (refused["index"], refused["field"]) == (1, field)
    assert hint in refused["reason"]


def test_null_means_absent(web: TestClient, ann: None) -> None:
    assert web.post("/v1/events", json=event(item_id=None, query=None)).json()["accepted"] == ["e1"]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic the key"}])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/clients/ann"])
def test_without_the_key_nothing_is_taken(web: TestClient, engine: Engine, header: dict[str, str], path: str) -> None:
    del web.headers["Authorization"]
    method = "POST" if path.endswith("events") else "PUT"
    answer = web.request(method, path, json=event() if method == "POST" else ANN, headers=header)
    assert answer.status_code == 401
    assert "the key" not in answer.text
    assert (count(engine, events), count(engine, clients)) == (0, 0)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'"a\xff"', "JSON"),
        (b"7", "list of events"),
        (b'{"events": 7}', "list of events"),
        (b'{"events": [], "more": 1}', "beside"),
        (orjson.dumps([event(f"e{i}") for i in range(1001)]), "1,001"),
    ],
)
def test_a_body_that_cannot_be_read_is_422_and_takes_nothing(
    web: TestClient, ann: None, engine: Engine, body: bytes, hint: str
) -> None:
    answer = web.post("/v1/events", content=body)
    assert answer.status_code == 422
    assert hint in answer.json()["error"]["message"]
    assert count(engine, events) == 0


def test_a_thousand_at_once_are_taken(web: TestClient, ann: None, engine: Engine) -> None:
    answer = web.post("/v1/events", json=[event(f"e{i}") for i in range(1000)])
    assert (answer.status_code, len(answer.json()["accepted"]), count(engine, events)) == (202, 1000, 1000)


def test_ten_megabytes_are_413_before_they_are_read(web: TestClient, engine: Engine) -> None:
    answer = web.post("/v1/events", content=b" " * 10_000_000)
    assert (answer.status_code, answer.json()["error"]["field"]) == (413, "body")

    def endless() -> Iterator[bytes]:  # no Content-Length: it must stop by counting
        for _ in range(200):
            yield b" " * 100_000

    assert web.post("/v1/events", content=endless()).status_code == 413
    assert count(engine, events) == 0


def test_a_client_is_made_changed_and_read(web: TestClient, engine: Engine) -> None:
    created = web.put("/v1/clients/ann", json=ANN)
    assert (created.status_code, created.json()["email"], created.json()["tags"]) == (201, "Ann@shop.example", ["vip"])
    changed = web.put("/v1/clients/ann", json={"email": "ann@shop.example", "client_id": "ann", "locale": "ja"})
    assert (changed.status_code, changed.json()["locale"], changed.json()["consent"]) == (200, "ja", True)
    stored = web.get("/v1/clients/ann").json()
    assert {**stored, "notes": [], "sharing_mailbox": 0, "shares_mailbox_with": []} == changed.json()
    with read_transaction(engine) as connection:
        assert connection.execute(select(outbox.c.target, outbox.c.version)).all() == [("ann", 1)]


def test_a_profile_shows_an_event_at_once(web: TestClient, ann: None) -> None:
    answered = {"styles": ["classic"], "budget": "80.00"}
    assert web.post("/v1/events", json=event(kind="quiz_answered", **answered)).json()["accepted"]
    profile = web.get("/v1/clients/ann/profile").json()
    assert profile["style_tags"] == [{"name": "classic", "strength": 0.6667, "source": "said"}]
    assert (profile["budget_cents"], profile["counts"]) == (8_000, {"quiz_answered": 1})
    assert "email" not in json.dumps(profile["demographics"])


@pytest.mark.parametrize(
    ("client_id", "body", "field"),
    [
        ("ann", {**ANN, "email": "ann@shop.example, bob@shop.example"}, "email"),
        ("ann", {**ANN, "email": "ann@shop.example\r\nBcc: x@y.example"}, "email"),
        ("ann", {**ANN, "time_zone": "Mars/Olympus"}, "time_zone"),
        ("ann", {**ANN, "first_name": "<b>"}, "first_name"),
        ("ann", {**ANN, "client_id": "bob"}, "client_id"),
        ("a b", ANN, "client_id"),
        ("ann", {"first_name": "Ann"}, "email"),
        ("ann", {**ANN, "age": 7}, "age"),
        ("ann", [ANN], "body"),
    ],
)
def test_a_bad_client_is_422_by_field_and_nothing_is_kept(
    web: TestClient, engine: Engine, client_id: str, body: Any, field: str
) -> None:
    answer = web.put(f"/v1/clients/{client_id}", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert count(engine, clients) == 0


def test_unknown_and_erased_clients(web: TestClient, engine: Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(
            insert(tombstones).values(client_hash=hash_client_id("another", "gone"), at=datetime.now(UTC))
        )
    assert web.get("/v1/clients/nobody").status_code == 404
    assert web.get("/v1/clients/gone").status_code == 410
    assert web.get("/v1/clients/nobody/profile").status_code == 404
    assert web.get("/v1/clients/gone/profile").status_code == 410
    assert web.put("/v1/clients/gone", json=ANN).status_code == 410
    assert count(engine, clients) == 0


def test_a_withdrawal_is_not_undone_by_a_put_and_the_answer_says_so(web: TestClient, ann: None) -> None:
    web.post("/v1/events", json=event(kind="unsubscribed"))
    answer = web.put("/v1/clients/ann", json=ANN).json()
    assert (answer["consent"], answer["notes"]) == (False, ["withdrawal_kept"])
