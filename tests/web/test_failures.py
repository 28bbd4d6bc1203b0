"""The database goes away: every page says "later", and nothing that fails asks it again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from mail.links import Links, OwnPage
from settings import Settings
from tests.web.conftest import prepare_home
from web.app import create_app
from web.bulkheads import Area, Bulkheads
from web.error_responses import install

NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def shop_without_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Settings]]:
    home = tmp_path_factory.mktemp("home")
    settings = prepare_home(home, smtp_url=f"smtp://{NOWHERE}", temporal_address=NOWHERE, worker_health_url="none")
    app = create_app(settings)
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        _take_away(home)
        context = app.state.context
        for engine in (context.engine, context.opt_outs, context.probes):
            engine.dispose()
        yield client, settings


def _take_away(home: Path) -> None:
    for name in ("selvedge.db-wal", "selvedge.db-shm", "selvedge.db"):
        if (home / name).exists():
            (home / name).rename(home / f"gone-{name}")
    (home / "selvedge.db").mkdir()


@pytest.mark.parametrize(
    "path", ["/", "/clients", "/clients/ada", "/campaigns", "/fixes", "/v1/clients/ada", "/preferences/{token}"]
)
def test_pages_say_later(shop_without_database: tuple[TestClient, Settings], path: str) -> None:
    client, settings = shop_without_database
    path = path.format(
        token=Links.from_settings(settings).build_page_url(OwnPage.PREFERENCES, "ada", 1).rpartition("/")[2]
    )
    answer = client.get(path, headers={"Authorization": f"Bearer {settings.keys.api}"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "Something broke" not in answer.text
    assert "SELVEDGE_DATABASE_URL" not in answer.text, "where it stands is for the log"


def test_opting_out_can_begin_and_says_later(shop_without_database: tuple[TestClient, Settings]) -> None:
    client, settings = shop_without_database
    path = Links.from_settings(settings).build_unsubscribe_url("ada", 1).removeprefix(settings.base_url)
    assert client.get(path).status_code == 200, "the question needs no database"
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"


def test_what_needs_no_database_is_answered(shop_without_database: tuple[TestClient, Settings]) -> None:
    client, _ = shop_without_database
    assert client.get("/static/selvedge.css").status_code == 200
    assert client.get("/nowhere").status_code == 404
    assert client.get("/metrics").status_code == 200
    assert client.get("/healthz").json()["database"] == "the database does not answer just now; nothing was changed"


def test_what_fails_is_counted(shop_without_database: tuple[TestClient, Settings]) -> None:
    client, settings = shop_without_database
    labels = {"route": "/v1/clients/{client_id}", "method": "GET", "status": "503"}
    before = REGISTRY.get_sample_value("selvedge_http_requests_total", labels) or 0
    assert client.get("/v1/clients/ada", headers={"Authorization": f"Bearer {settings.keys.api}"}).status_code == 503
    assert REGISTRY.get_sample_value("selvedge_http_requests_total", labels) == before + 1


async def test_requests_that_hang_take_their_own_places_only() -> None:
    free = threading.Event()
    app = FastAPI()
    install(app)
    areas = (
        Area("opt_outs", ("/u/",), at_once=2, waiting=2),
        Area("others", ("/",), at_once=3, waiting=2, patience_s=0.05),
    )
    app.add_middleware(Bulkheads, areas=areas)

    @app.get("/v1/hang")
    def hang() -> str:
        free.wait(20)
        return "done"

    @app.get("/u/token")
    def ask() -> str:
        return "asked"

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        hanging = [asyncio.create_task(client.get("/v1/hang")) for _ in range(9)]
        done, pending = await asyncio.wait(hanging, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert (await client.get("/u/token")).status_code == 200
        while len(pending) > 3:
            done, pending = await asyncio.wait(hanging, timeout=5, return_when=asyncio.FIRST_COMPLETED)
            done |= {task for task in hanging if task.done()}
            pending = set(hanging) - done
            await asyncio.sleep(0.01)
        free.set()
        answers = [await task for task in hanging]
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 3 + [503] * 6
    assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 503} == {"5"}
