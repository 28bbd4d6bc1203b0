"""Calls on the stylists' page and over HTTP: whom to call and why, and a word that ends one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.states import TouchKind
from settings import Settings
from store.clients import calls
from store.database import connect, read_transaction, write_transaction
from tests.web.conftest import prepare_home
from tests.web.console.test_fixes_pages import OURS
from tests.web.sample_shop import HOSTILE, NOW
from web.app import create_app

NOWHERE = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return add_calls(prepare_home(tmp_path, **NOWHERE, api_key="the key"))


def add_calls(settings: Settings) -> Settings:
    """Ada and somebody of an evil name are to be called."""
    engine = connect(settings.database)
    with write_transaction(engine) as connection:
        for client_id in ("ada", "evil"):
            opened = calls.open_call(
                connection, client_id, "missed:1", TouchKind.MISSED, assessment_id=f"{client_id}-a1", day="2026-06-01",
                most=5, now=NOW - timedelta(hours=5), until=NOW + timedelta(days=2),
            )  # fmt: skip
            assert opened
    engine.dispose()
    return settings


@pytest.fixture
def site(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


def find_call(settings: Settings, client_id: str) -> Any:
    engine = connect(settings.database)
    with read_transaction(engine) as connection:
        [row] = [call for call in calls.list_calls(connection) if call.client_id == client_id]
    engine.dispose()
    return row


def find_token(page: str, call_id: str) -> str:
    match = re.search(rf'action="/calls/{call_id}/decision">\s*<input type="hidden" name="token" value="([^"]+)"', page)
    assert match is not None
    return match.group(1)


def test_the_page_says_whom_to_call_why_and_by_when(site: TestClient) -> None:
    page = site.get("/calls").text
    assert 'href="/clients/ada"' in page
    assert "usually 20 days apart" in page  # of Ada a risk model says why
    assert "in place of the mail “Missed you”" in page
    assert 'href="/calls"' in page.partition("<main")[0]
    assert HOSTILE not in page


def test_a_word_ends_the_call_and_the_page_says_how(site: TestClient, settings: Settings) -> None:
    call = find_call(settings, "ada")
    form = {"token": find_token(site.get("/calls").text, call.call_id), "verdict": "no_answer"}
    answer = site.post(f"/calls/{call.call_id}/decision", data=form, headers=OURS, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/calls")
    row = find_call(settings, "ada")
    assert (row.state, row.outcome, row.by) == ("done", "no_answer", "demo")
    assert call.call_id not in site.get("/calls").text
    assert "No answer, demo" in site.get("/calls?state=done").text


def test_a_form_that_is_not_ours_ends_nothing(site: TestClient, settings: Settings) -> None:
    ada, evil = find_call(settings, "ada"), find_call(settings, "evil")
    other = find_token(site.get("/calls").text, evil.call_id)
    for token, status in (("", 401), ("made-up", 401), (other, 422)):
        form = {"token": token, "verdict": "drop"}
        assert site.post(f"/calls/{ada.call_id}/decision", data=form, headers=OURS).status_code == status
    right = {"token": find_token(site.get("/calls").text, ada.call_id), "verdict": "drop"}
    assert site.post(f"/calls/{ada.call_id}/decision", data=right, headers={"sec-fetch-site": "cross-site"}).is_error
    burnt = site.post(f"/calls/{ada.call_id}/decision", data=right | {"verdict": "burn"}, headers=OURS)
    assert burnt.status_code == 422
    assert "verdict" in burnt.text
    assert find_call(settings, "ada").state == "open"


def test_a_call_that_another_ended_meanwhile_is_told_as_such(site: TestClient, settings: Settings) -> None:
    call = find_call(settings, "ada")
    form = {"token": find_token(site.get("/calls").text, call.call_id), "verdict": "reached"}
    assert site.post(f"/calls/{call.call_id}/decision", data=form, headers=OURS).status_code == 200
    again = site.post(f"/calls/{call.call_id}/decision", data=form | {"verdict": "drop"}, headers=OURS)
    assert again.status_code == 422
    assert "this call has ended (reached)" in again.text


def test_without_calls_the_page_says_what_would_bring_them(tmp_path: Path) -> None:
    with TestClient(create_app(prepare_home(tmp_path, **NOWHERE)), base_url="http://127.0.0.1:8000") as client:
        page = client.get("/calls").text
    assert "SELVEDGE_STYLIST_CALLS_A_DAY" in page
    assert "Nobody is to be called" in page


def test_the_shop_s_systems_read_and_end_calls(site: TestClient) -> None:
    key = {"authorization": "Bearer the key"}
    assert site.get("/v1/calls").status_code == 401
    listed = site.get("/v1/calls", headers=key).json()["calls"]
    assert {call["client_id"] for call in listed} == {"ada", "evil"}
    assert all("first_name" not in call and "email" not in call for call in listed)
    url = f"/v1/calls/{listed[0]['call_id']}"
    assert site.post(url, headers=key, json={"verdict": "sung"}).status_code == 422
    assert site.post("/v1/calls/none", headers=key, json={"verdict": "drop"}).status_code == 404
    assert site.post(url, headers=key, json={"verdict": "drop", "by": "crm"}).json()["outcome"] == "by_stylist"
    assert len(site.get("/v1/calls", headers=key).json()["calls"]) == 1
    assert site.get("/v1/calls?state=dropped", headers=key).json()["calls"][0]["by"] == "crm"
    assert site.get("/v1/calls?state=lost", headers=key).status_code == 422
