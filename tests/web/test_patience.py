"""A database that stands still holds up nobody but those who wait for it: the event loop never asks it for anything."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict

from mail.links import Links, OwnPage
from settings import Settings
from tests.support.loop_watch import count_stalls
from tests.support.postgres import Cluster
from tests.web.conftest import prepare_home
from web.app import create_app

NOWHERE = "127.0.0.1:9"


@contextmanager
def _freeze(cluster: Cluster, url: str) -> Iterator[None]:
    """Stop the server and all who serve the database: connections that are open and new ones get no answer."""
    database = conninfo_to_dict(url.replace("+psycopg", ""))["dbname"]
    conninfo = f"host=127.0.0.1 port={cluster.port} user=selvedge dbname=postgres"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (database,))
        pids = [cluster.process.pid, *(pid for (pid,) in found)] if cluster.process else []
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_a_frozen_database_holds_up_nobody_else(tmp_path: Path, postgres: Cluster, postgres_url: str) -> None:
    settings = prepare_home(
        tmp_path,
        database_url=postgres_url,
        smtp_url=f"smtp://{NOWHERE}",
        temporal_address=NOWHERE,
        worker_health_url="none",
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=60) as client,
    ):
        await client.get("/clients")  # so that some connections are open
        await asyncio.sleep(1.1)  # the clock that was read is old by then
        with _freeze(postgres, postgres_url):
            async with count_stalls() as stalls:
                waiting = [asyncio.create_task(ask) for ask in _ask_all(client, settings)]
                quick = [await client.get(path) for path in _list_quick(settings)]
                health = await client.get("/healthz")
                still = sum(not task.done() for task in waiting)
        answers = [await task for task in waiting]
    assert [answer.status_code for answer in quick] == [200] * len(quick)
    assert health.status_code == 503
    assert still == len(waiting), "they wait for the database, or nothing was frozen"
    assert {answer.status_code for answer in answers} <= {200, 202, 410, 503}
    assert not stalls, "the event loop stood still"


def _list_quick(settings: Settings) -> list[str]:
    leave = Links.from_settings(settings).build_unsubscribe_url("ada", 1).removeprefix(settings.base_url)
    return ["/static/selvedge.css", leave, "/metrics"]


def _ask_all(client: httpx.AsyncClient, settings: Settings) -> Iterator[Coroutine[Any, Any, httpx.Response]]:
    """What waits for the database: handlers of every kind, those that run on the event loop above all."""
    key = {"Authorization": f"Bearer {settings.keys.api}"}
    links = Links.from_settings(settings)
    leave = links.build_unsubscribe_url("ada", 1).removeprefix(settings.base_url)
    preferences = links.build_page_url(OwnPage.PREFERENCES, "ada", 1).removeprefix(settings.base_url)
    yield client.post(leave, data={"List-Unsubscribe": "One-Click"})
    yield client.post(f"{preferences}/mail", data={"pace": "usual"})
    yield client.post("/v1/events", headers=key, json={"client_id": "ada", "type": "viewed"})
    yield client.get("/v1/clients/ada", headers=key)
    yield client.get("/clients/ada")
    yield client.get("/clients", headers={"Cookie": "selvedge_sign_in=" + "x" * 43})
