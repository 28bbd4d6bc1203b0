"""What every answer has: strict headers, one plain sentence when refused, figures without anyone's id."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from errors import Unavailable
from tests.web.conftest import prepare_home
from web.app import create_app


def test_every_answer_has_a_strict_policy_and_is_not_kept(site: TestClient) -> None:
    for path in ("/", "/clients/ada", "/nowhere", "/healthz", "/pictures/coat-1.png"):
        headers = site.get(path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert site.get("/clients/ada").headers["cache-control"] == "no-store"


def test_static_files_may_be_kept_for_ever_under_their_own_address(site: TestClient) -> None:
    page = site.get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = site.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


def test_a_page_of_another_site_cannot_reach_us_under_its_own_name(site: TestClient) -> None:
    assert site.get("/clients/ada", headers={"Host": "evil.example"}).status_code == 400
    assert site.get("/clients/ada", headers={"Host": "localhost:8000"}).status_code == 200


def test_machines_are_refused_in_json_with_the_field_to_mend(site: TestClient) -> None:
    answer = site.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_a_database_that_is_away_is_told_in_one_sentence(site: TestClient, tmp_path: Path) -> None:
    app = create_app(prepare_home(tmp_path / "other", smtp_url="smtp://127.0.0.1:9"))

    @app.get("/away")
    def away() -> None:
        raise Unavailable("the database does not answer", retry_after=7)

    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        answer = client.get("/away")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert "the database does not answer" in answer.text


def test_a_fault_of_ours_shows_no_inside(tmp_path: Path) -> None:
    app = create_app(prepare_home(tmp_path, smtp_url="smtp://127.0.0.1:9"))

    @app.get("/broken")
    def fail() -> None:
        raise ValueError("secret ada@example.com")

    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Something broke on our side" in answer.text


def test_metrics_name_routes_and_nobody(site: TestClient) -> None:
    site.get("/clients/ada")
    figures = site.get("/metrics").text
    assert 'route="/clients/{client_id}"' in figures
    assert re.search(r"\bada\b", figures) is None


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_are_drawn_once_and_asked_for_rarely(site: TestClient, kind: str) -> None:
    answer = site.get(f"/pictures/coat-1.{kind}")
    assert answer.headers["content-type"].startswith("image/")
    assert answer.headers["cache-control"] == "public, max-age=300", "the shop's picture may come"
    again = site.get(f"/pictures/coat-1.{kind}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert site.get(f"/pictures/nothing.{kind}").status_code == 404
