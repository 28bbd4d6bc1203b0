"""The contract of the API: checked in, complete, kept by the real app, and usable by a generated client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from httpx import ASGITransport

from store.database import connect
from tests.support.shop_services import StockedShop
from tests.web.conftest import prepare_home
from tests.web.sample_shop import NOW
from web.api.document import build_document, render_document
from web.app import create_app
from web.bodies import LIMITS, find_limit

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.json"
OPEN = ("/v1/slots", "/v1/slots/{name}/schema", "/v1/returns/{provider}")
"""Operations that need no API key."""
KEY = {"Authorization": "Bearer key"}
ANN = {"email": "ann@shop.example", "consent": True}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}
    settings = prepare_home(tmp_path_factory.mktemp("api"), api_key="key", **nowhere)
    engine = connect(settings.database)
    shop = StockedShop(engine, now=NOW - timedelta(days=9))
    shop.client("new")
    shop.item("piece", "knit")
    engine.dispose()
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", headers=KEY) as client:
        yield client


@cache
def load_document() -> dict[str, Any]:
    """The document as the code has it, written once."""
    return build_document()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of the whole document."""
    for path, methods in load_document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_as_checked_in() -> None:
    assert render_document() == DOCUMENT.read_text(), "the API has changed: say so in CHANGELOG.md and `make openapi`"


def test_the_app_serves_the_same_document_and_no_route_is_left_out(site: TestClient) -> None:
    assert site.get("/openapi.json").json() == load_document()
    assert len(list(operations())) == 109


@pytest.mark.parametrize(("path", "method", "operation"), list(operations()), ids=lambda value: str(value)[:60])
def test_every_operation_declares_body_answers_and_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["operationId"].isidentifier()
    assert (method in ("post", "put")) == ("requestBody" in operation)
    responses = operation["responses"]
    for code, answer in responses.items():
        schema = answer["content"]["application/json"]["schema"]
        assert schema or code == "304", code
        fault = "RemoteFault" if path.startswith("/ofrep/") and code in ("400", "404") else "ErrorAnswer"
        assert code < "400" or schema == {"$ref": f"#/components/schemas/{fault}"}
    assert {"422", "503"} <= set(responses)
    assert ("security" in operation) == (path not in OPEN)
    assert ("401" in responses) == ("security" in operation or path == "/v1/returns/{provider}")
    assert ("413" in responses) == ("requestBody" in operation)
    assert (
        "404" in responses
        or "{" not in path
        or operation["operationId"] in ("put_client", "save_flag", "save_offer", "save_segment", "declare_attribute")
    )


NAMES = {"slug": "x", "letter_id": "1" * 32, "version": 1, "session_id": "s.x.y", "step_id": "x"}
REQUESTS = [
    ("PUT", "/v1/clients/ann", ANN, 201),
    ("PUT", "/v1/clients/ann", ANN, 200),
    ("PUT", "/v1/clients/ann", {"email": 7}, 422),
    ("GET", "/v1/clients/ann", None, 200),
    ("GET", "/v1/clients/nobody", None, 404),
    ("GET", "/v1/clients/ada/profile", None, 200),
    ("GET", "/v1/clients/ada/export", None, 200),
    ("GET", "/v1/clients/ada/erasure", None, 404),
    ("DELETE", "/v1/clients/client001", None, 202),
    ("GET", "/v1/clients/client001/erasure", None, 200),
    ("POST", "/v1/clients/client001/fixes", {}, 410),
    ("POST", "/v1/clients/new/fixes", {}, 503),
    ("GET", "/v1/fixes/nothing", None, 404),
    ("DELETE", "/v1/fixes/nothing", None, 404),
    ("POST", "/v1/fixes/nothing/decision", {"verdict": "approve"}, 404),
    ("POST", "/v1/events", [{"event_id": "e1"}], 202),
    ("POST", "/v1/events", {"events": 1}, 422),
    ("GET", "/v1/calls", None, 200),
    ("GET", "/v1/drafts", None, 200),
    ("GET", "/v1/drafts/nothing", None, 404),
    ("POST", "/v1/drafts/ada:99/claim", {}, 404),
    ("DELETE", "/v1/drafts/ada:99/claim", None, 404),
    ("POST", "/v1/drafts/ada:99/check", {}, 404),
    ("POST", "/v1/drafts/ada:99/edit", {"changes": []}, 422),
    ("POST", "/v1/drafts/ada:99/decision", {"verdict": "reject"}, 422),
    ("POST", "/v1/calls/nothing", {"verdict": "drop"}, 404),
    ("GET", "/v1/recommendations?client_id=new", None, 200),
    ("POST", "/v1/session/rank", {"client_id": "ada"}, 200),
    ("GET", "/v1/slots", None, 200),
    ("GET", "/v1/slots/risk/schema", None, 200),
    ("GET", "/v1/slots/risk", None, 200),
    ("PUT", "/v1/slots/risk", {"by": "ann"}, 200),
]


@pytest.mark.parametrize(("method", "url", "body", "status"), REQUESTS, ids=lambda value: str(value)[:40])
def test_the_app_answers_as_the_document_says(site: TestClient, method: str, url: str, body: Any, status: int) -> None:
    answer = site.request(method, url, json=body)
    assert answer.status_code == status, answer.text
    document = load_document()
    path = url.partition("?")[0]
    pattern = max((p for p in document["paths"] if _fits(p, path)), key=lambda p: -p.count("{"))
    declared = document["paths"][pattern][method.lower()]["responses"][str(status)]
    schema = declared["content"]["application/json"]["schema"]
    jsonschema.validate(answer.json(), {**schema, "components": document["components"]})


def _fits(pattern: str, path: str) -> bool:
    parts, names = path.split("/"), pattern.split("/")
    return len(parts) == len(names) and all(n.startswith("{") or n == p for n, p in zip(names, parts, strict=True))


@pytest.mark.parametrize(("path", "method", "operation"), list(operations()), ids=lambda value: str(value)[:60])
def test_an_unknown_parameter_is_refused_by_name(
    site: TestClient, path: str, method: str, operation: dict[str, Any]
) -> None:
    url = path.format(
        client_id="ada", fix_id="x", call_id="x", draft_id="ada:1", name="risk", provider="ses", account_id="p", **NAMES
    )
    answer = site.request(
        method, url, params={"client_id": "ada", "weather": "wet"} if "recomm" in url else {"weather": 1}
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["field"] == "weather"


@pytest.mark.parametrize("path", ["/v1/events", "/v1/session/rank", "/v1/slots/risk", "/v1/calls/x", "/v1/clients/ada"])
def test_a_body_over_the_limit_of_its_route_is_413(site: TestClient, path: str) -> None:
    method = "PUT" if "slots" in path or "clients" in path else "POST"
    largest = find_limit(path)
    over = site.request(method, path, content=b" " * (largest + 1))
    assert (over.status_code, over.json()["error"]["code"]) == (413, "too_large")
    assert site.request(method, path, content=b" " * largest).status_code == 422
    anybody = site.request(method, path, content=b" " * (largest + 1), headers={"Authorization": "Bearer x"})
    assert anybody.status_code == 401


def test_limits_are_found_by_the_first_prefix() -> None:
    assert [find_limit(path) for path, _ in LIMITS] == [limit for _, limit in LIMITS]


def test_a_form_of_a_page_is_limited_too(site: TestClient) -> None:
    assert site.post("/sign-in", content=b"a" * 20_001).status_code == 413


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The package that openapi-python-client makes of the checked-in document, importable."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yml").write_text("post_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    places = [
        "--path",
        str(DOCUMENT),
        "--output-path",
        str(folder / "shop_client"),
        "--config",
        str(folder / "config.yml"),
    ]
    subprocess.run([*command, *places], check=True, capture_output=True, timeout=120)
    sys.path.insert(0, str(folder))
    yield "shop_client"
    sys.path.remove(str(folder))


async def test_a_generated_client_makes_typed_calls(site: TestClient, generated: str) -> None:
    models, api = import_module(f"{generated}.models"), f"{generated}.api"
    transport = {"transport": ASGITransport(site.app)}
    client = import_module(generated).AuthenticatedClient("http://127.0.0.1:8000", "key", httpx_args=transport)

    body = models.ClientBody(email="gen@shop.example", consent=True)
    saved = await import_module(f"{api}.clients.put_client").asyncio("gen", client=client, body=body)
    assert isinstance(saved, models.ClientAnswer)
    assert (saved.client_id, saved.consent, saved.notes) == ("gen", True, ["time_zone_assumed"])

    event = models.CatalogueSearched.from_dict(
        {"event_id": "g1", "client_id": "gen", "type": "searched", "occurred_at": "2026-01-05T00:00:00Z"}
    )
    stored = await import_module(f"{api}.events.accept_events").asyncio(client=client, body=[event])
    assert isinstance(stored, models.EventsAnswer)
    assert (stored.accepted, stored.refused) == (["g1"], [])

    recommend = import_module(f"{api}.recommendations.recommend_items")
    chosen = await recommend.asyncio(client=client, client_id="new", n=1)
    assert isinstance(chosen, models.RecommendationsAnswer)
    assert isinstance(chosen.items[0], models.RecommendedItem)

    refused = await recommend.asyncio(client=client, client_id="nobody")
    assert isinstance(refused, models.ErrorAnswer)
    assert (refused.error.code, refused.error.field) == ("not_found", "client_id")
