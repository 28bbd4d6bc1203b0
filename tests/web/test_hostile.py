"""What comes in is hostile: no address, body or name breaks the web process, on either database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from store.database import connect, write_transaction
from store.tables import clients, items
from tests.support.postgres import Cluster
from tests.web.conftest import prepare_home
from web.app import create_app

KEY = {"Authorization": "Bearer key"}


DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(scope="module", params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One site for all that it must refuse."""
    with open_site(request, tmp_path_factory.mktemp("hostile")) as client:
        yield client


@pytest.fixture(params=DATABASES)
def own_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """A site of the test's own."""
    with open_site(request, tmp_path) as client:
        yield client


@contextmanager
def open_site(request: pytest.FixtureRequest, home: Path) -> Iterator[TestClient]:
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "worker_health_url": "none"}
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            cluster: Cluster = request.getfixturevalue("postgres")
            url = stack.enter_context(cluster.create_database(cluster.template))
        app = create_app(prepare_home(home, database_url=url, api_key="key", **nowhere))
        yield stack.enter_context(TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False))


ADDRESSES = [
    *(
        "/clients/a%00b",
        "/clients/%ff",
        "/clients/" + "a" * 65,
        "/clients?q=%00",
        "/clients?q=%25%5c%27",
        "/clients?page=-1",
    ),
    *("/mailbox?to=%00", "/mailbox/99999999999999999999", "/mailbox/-1", "/mailbox.json?after=99999999999999999999"),
    *("/mailbox.json?limit=-1", "/campaigns/%00", "/pictures/..%2f..%2fx.png", "/pictures/%00.png", "/shop/%00"),
    *("/static/..%2f..%2fsettings.py", "/u/" + "a" * 5_000, "/u/%00", "/go/" + "." * 300, "/go/%F0%9F%98%80"),
    *("/v1/clients/a%00b", "/v1/clients/%ff", "/v1/clients/" + "a" * 65),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_breaks_it(site: TestClient, address: str) -> None:
    answer = site.get(address, headers=KEY)
    assert answer.status_code in (200, 404, 422)
    assert "root:" not in answer.text
    assert "class Settings" not in answer.text
    if ".json" in address or address.startswith("/v1/"):
        json.loads(answer.text)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"signed_up_at": "0001-01-01T00:00:00+14:00"}, "signed_up_at"),
        ({"signed_up_at": "9999-12-31T23:59:59-12:00"}, "signed_up_at"),
        ({"signed_up_at": "1900-01-01T00:00:00+14:00"}, "signed_up_at"),
        ({"locale": "en-aaaaaaaa-bbbbbbbb-cccccccc"}, "locale"),
        ({"first_name": "a\x00b"}, "first_name"),
        ({"first_name": "<script>"}, "first_name"),
        ({"email": '"a@b\r\nRCPT TO:<x>"@c.com'}, "email"),
        ({"email": "a@c.com,b@c.com"}, "email"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"tags": ["\x00"]}, "tags.0"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_client_that_cannot_be_is_refused_by_field(site: TestClient, fields: dict[str, Any], field: str) -> None:
    answer = site.put("/v1/clients/new", headers=KEY, content=json.dumps({"email": "a@example.com", **fields}))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert site.get("/v1/clients/new", headers=KEY).status_code == 404, "nothing half done"


@pytest.mark.parametrize("due", ["1900-01-01T00:00:00+14:00", "2199-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_fix_is_not_due_outside_the_calendar(site: TestClient, due: str) -> None:
    answer = site.post("/v1/clients/ada/fixes", headers=KEY, json={"when": "wave", "due": due})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "due")


@pytest.mark.parametrize(
    "fields",
    [
        {"occurred_at": "0001-01-01T00:00:00+14:00"},
        {"occurred_at": "9999-12-31T23:59:59-12:00"},
        {"value": "1E-999999999"},
        {"value": "NaN"},
        {"quantity": 10**30},
        {"type": ["x"]},
        {"client_id": {"a": 1}},
        {"type": "searched", "query": "a\x00b"},
    ],
)
def test_one_event_that_cannot_be_does_not_keep_the_others_out(site: TestClient, fields: dict[str, Any]) -> None:
    good = {"client_id": "ada", "type": "order_placed", "occurred_at": "2026-01-05T00:00:00Z"}
    event_id = uuid4().hex
    batch = [{**good, "event_id": event_id}, {**good, "event_id": "bad", **fields}]
    answer = site.post("/v1/events", headers=KEY, content=json.dumps(batch)).json()
    assert answer["accepted"] == [event_id]
    assert [refusal["index"] for refusal in answer["refused"]] == [1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b'{"value": NaN}',
        b"[" * 100_000,
        b'{"a":' * 5_000,
        b"\xff\xfe",
        b'{"a": "\\ud800"}',
        b" " * 6_000_000,
    ],
    ids=range(8),
)
def test_a_body_that_cannot_be_is_refused_whole(site: TestClient, body: bytes) -> None:
    answer = site.post("/v1/events", headers=KEY, content=body)
    assert answer.status_code in (413, 422)
    assert answer.json()["error"]["message"]


HOSTILE = "<script>alert(1)</script>{{7*7}}\u202e\"'"


def test_hostile_words_that_are_stored_stay_words_on_every_page(own_site: TestClient) -> None:
    context = own_site.app.state.context  # type: ignore[attr-defined]
    engine = connect(context.settings.database)
    with write_transaction(engine) as connection:
        connection.execute(update(clients).values(first_name=HOSTILE, tags=[HOSTILE], sizes=[HOSTILE]))
        connection.execute(update(items).values(title=HOSTILE, brand=HOSTILE, colour="<svg/onload=x>"))
    engine.dispose()
    for address in ("/", "/clients", "/clients/ada", "/shop", "/shop/coat-1", "/campaigns", "/pictures/coat-1.png"):
        answer = own_site.get(address)
        assert answer.status_code == 200, address
        assert b"<script>alert" not in answer.content, address
        assert b"<svg/onload" not in answer.content, address
        assert b"49" + "\u202e".encode() not in answer.content, address
