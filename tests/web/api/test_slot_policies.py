"""Who answers a slot, read and changed by API, and recommendations that follow."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from settings import Settings
from store.database import connect, read_transaction
from store.tables import decisions
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop_services import StockedShop
from tests.web.conftest import prepare_home
from tests.web.sample_shop import NOW
from web.app import create_app

HEADERS = {"Authorization": "Bearer the key"}
WRONG = 'slot, version = "ranking", "1"\n\ndef answer(question):\n    return {"items": []}\n'


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    install_algorithm(tmp_path / "algorithms", "first")
    install_algorithm(tmp_path / "algorithms", "wrong", source=WRONG)
    settings = prepare_home(tmp_path, smtp_url="smtp://127.0.0.1:9", worker_health_url="none", api_key="the key")
    engine = connect(settings.database)
    shop = StockedShop(engine, now=NOW - timedelta(days=9))
    shop.client("new")
    for n in range(4):
        shop.item(f"piece{n}", f"category{n}")
    engine.dispose()
    return settings


@pytest.fixture
def site(given: Settings):
    with TestClient(create_app(given), base_url="http://127.0.0.1:8000", headers=HEADERS) as client:
        yield client


def put(site: TestClient, **order: Any) -> Any:
    return site.put("/v1/slots/ranking", json={"by": "ada", **order})


def test_a_policy_is_stated_checked_kept_and_told(site: TestClient, given: Settings) -> None:
    assert site.get("/v1/slots/ranking").json()["champion"] == "house"
    answer = put(site, champion="first", deadline_ms=5_000)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["champion"], answer.json()["deadline_ms"], answer.json()["slot"]) == (
        "first",
        5_000,
        "ranking",
    )
    (line,) = (given.home / "algorithms.history.jsonl").read_text().splitlines()
    assert (json.loads(line)["who"], json.loads(line)["what"]) == ("ada", "state ranking: champion first")
    assert put(site).json()["champion"] == "house"
    assert "first" not in (given.home / "algorithms.toml").read_text()


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({"champion": "wrong"}, 422, "fails the suite"),
        ({"champion": "nobody"}, 404, "nobody"),
        ({"champoin": "first"}, 422, "champoin"),
        ({"by": ""}, 422, "by"),
        ({"split": {"first": 2}}, 422, "less than 1"),
        ({"champion": "first", "shadows": ["first"]}, 422, "at once"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    site: TestClient, given: Settings, order: dict[str, Any], status: int, words: str
) -> None:
    refused = put(site, **order)
    assert refused.status_code == status
    assert words in refused.text
    assert not (given.home / "algorithms.toml").exists()


def test_another_slot_and_no_key_are_refused(site: TestClient) -> None:
    assert site.put("/v1/slots/session", json={"by": "ada", "champion": "first"}).status_code == 422
    assert site.put("/v1/slots/ranks", json={"by": "ada"}).status_code == 404
    for call in (site.get, site.put):
        assert call("/v1/slots/ranking", headers={"Authorization": ""}).status_code == 401
    assert site.get("/v1/recommendations?client_id=ada", headers={"Authorization": ""}).status_code == 401


def test_a_shadow_needs_no_suite_and_comments_stay(site: TestClient, given: Settings) -> None:
    write_policy_file(given.home, "# ours\n[slots.ranking]\ndeadline_ms = 150 # agreed\n")
    assert put(site, shadows=["wrong"], deadline_ms=150).status_code == 200
    text = (given.home / "algorithms.toml").read_text()
    assert "# ours" in text
    assert "wrong" in text
    assert put(site, champion="wrong", unchecked=True).status_code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "query: give client_id, or session_id in its place"),
        ("?client_id=ada&n=101", "n: must be less than or equal to 100"),
    ],
)
def test_a_wrong_query_is_said_as_a_wrong_body_is(site: TestClient, query: str, message: str) -> None:
    answer = site.get(f"/v1/recommendations{query}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, message)


def test_recommendations_are_recorded_and_follow_the_policy(site: TestClient, given: Settings) -> None:
    def get(**more: Any) -> Any:
        return site.get("/v1/recommendations", params={"client_id": "new", "n": 2, **more})

    body = get().json()
    assert body["algorithm"].startswith("blend")
    assert len(body["items"]) == 2
    assert put(site, champion="first", unchecked=True, deadline_ms=2_000).status_code == 200
    assert wait_until(lambda: get().json()["algorithm"] == "first")
    engine = connect(given.database)
    with read_transaction(engine) as connection:
        rows = {row.id: row for row in connection.execute(select(decisions))}
    engine.dispose()
    assert rows[body["decision"]].answer["items"][0]["item_id"] == body["items"][0]["item_id"]
    assert get(n=0).status_code == get(n=101).status_code == get(client_id="a b").status_code == 422
    assert get(client_id="nobody").status_code == 404
