"""The codec server of the Temporal UI: operators who are signed in read what is encrypted, from the UI's page alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from keys import PAYLOAD_KEYS, load_payload_keys, make_payload_key, save_payload_keys
from models.actors import Role
from services.team import passwords
from tests.web.auth import staff
from tests.web.conftest import prepare_home
from web.app import create_app

UI = "http://127.0.0.1:8233"
PLAIN = {
    "metadata": {"encoding": base64.b64encode(b"json/plain").decode()},
    "data": base64.b64encode(b'"ann"').decode(),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", staff.QUICK)
        passwords._make_decoy.cache_clear()
        home = tmp_path_factory.mktemp("codec")
        nowhere = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}
        settings = prepare_home(home, **nowhere, api_key="the key", open_pages=False)
        save_payload_keys(settings.home / PAYLOAD_KEYS, [make_payload_key()])
        with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", headers=staff.OURS) as client:
            for role in (Role.OPERATOR, Role.MARKETER):
                staff.add_staff(client, role.value, role)
            yield client


@pytest.fixture(scope="module")
def operator(site: TestClient) -> TestClient:
    return staff.enter(site, Role.OPERATOR.value)


def ask(browser: TestClient, act: str, *payloads: Any, origin: str = UI, **headers: str) -> Any:
    sent = {"origin": origin, "sec-fetch-site": "same-site", "x-namespace": "default", **headers}
    return browser.post(f"/v1/codec/{act}", json={"payloads": list(payloads)}, headers=sent)


def test_an_operator_reads_in_the_ui_what_is_encrypted(operator: TestClient) -> None:
    sealed = ask(operator, "encode", PLAIN)
    assert sealed.status_code == 200
    (payload,) = sealed.json()["payloads"]
    assert payload["data"] != PLAIN["data"]
    opened = ask(operator, "decode", payload, PLAIN)
    assert opened.json() == {"payloads": [PLAIN, PLAIN]}, "what is plain stays as it is"
    assert opened.headers["Access-Control-Allow-Origin"] == UI
    assert opened.headers["Access-Control-Allow-Credentials"] == "true"
    assert opened.headers["Cache-Control"] == "no-store"


def test_a_browser_is_told_which_page_may_ask(site: TestClient) -> None:
    nobody = staff.visit(site)
    for origin, allowed in ((UI, UI), ("https://evil.example", None), (f"{UI}.evil.example", None), ("null", None)):
        before = nobody.options("/v1/codec/decode", headers={"origin": origin, "access-control-request-method": "POST"})
        assert before.headers.get("Access-Control-Allow-Origin") == allowed, origin
        assert before.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8234", "null", ""])
def test_another_page_reads_nothing_even_where_an_operator_is_signed_in(operator: TestClient, origin: str) -> None:
    refused = ask(operator, "decode", PLAIN, origin=origin)
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert PLAIN["data"] not in refused.text


def test_nobody_and_a_marketer_read_nothing_and_a_program_does(site: TestClient) -> None:
    assert ask(staff.visit(site), "decode", PLAIN).status_code == 401
    assert ask(staff.enter(site, Role.MARKETER.value), "decode", PLAIN).status_code == 403
    program = ask(staff.visit(site), "decode", PLAIN, origin="", authorization="Bearer the key")
    assert program.json() == {"payloads": [PLAIN]}


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"payloads": 1}', b'{"payloads": [{"data": "%"}]}', b"[]", b'{"other": []}']
)
def test_what_is_no_list_of_payloads_is_refused(operator: TestClient, body: bytes) -> None:
    answer = operator.post("/v1/codec/decode", content=body, headers={"origin": UI})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "body"


def test_a_payload_of_a_key_that_is_gone_is_named(operator: TestClient) -> None:
    home: Path = staff.get_app_context(operator).settings.home
    (payload,) = ask(operator, "encode", PLAIN).json()["payloads"]
    kept = load_payload_keys(home / PAYLOAD_KEYS)
    save_payload_keys(home / PAYLOAD_KEYS, [make_payload_key()])
    refused = ask(operator, "decode", payload)
    assert refused.status_code == 503
    assert f"the key '{kept[0].id}' of a payload is not here" in refused.text
    assert str(home) not in refused.text
    save_payload_keys(home / PAYLOAD_KEYS, kept)
    assert ask(operator, "decode", payload).json() == {"payloads": [PLAIN]}
