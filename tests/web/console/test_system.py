"""`/system` tells what is up, what waits, what it costs and where it is stored, whatever of it is away."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import select

from models.model_call import ModelUsage
from settings import Settings
from store.catalogue import stock_age
from store.database import write_transaction
from store.events import outbox, workflows
from store.mail import model_calls
from store.tables import stock
from tests.web.auth.staff import get_app_context
from tests.web.console.test_pages import plain
from tests.web.sample_shop import NOW


def test_it_tells_of_each_part_and_of_what_waits(site: TestClient) -> None:
    context = get_app_context(site)
    with write_transaction(context.engine) as connection:
        connection.exec_driver_sql("DELETE FROM outbox")
        since = context.real_now() - timedelta(minutes=3)
        outbox.push_nudges(connection, "campaign", ["spring"], since)
        outbox.push_nudges(connection, "client", [f"c{k}" for k in range(30)], since)
        stock_age.note_counts(connection, connection.scalars(select(stock.c.sku)).all(), since)
        workflows.save_lost(connection, [("client:ada", "ada")], "terminated", since)
    words = plain(site.get("/system").text)
    assert "Temporal Down" in words, "no Temporal is where these settings say"
    assert "Database Up" in words
    assert "Temporal does not answer just now." in words
    assert "Campaigns, Fixes, erasures, decisions 1" in words
    assert "Many at once 30" in words
    assert "The oldest that is due 3 minutes ago" in words
    assert "Workflows that should run and do not 1: selvedge reconcile starts them" in words
    assert "the template writer; no language model is set" in words
    assert "no folder is set (SELVEDGE_BACKUP_FOLDER)" in words
    assert "SQLite" in words
    assert "Stock last sent 3 minutes ago" in words


def test_what_models_cost_today_stands_beside_what_they_may(site: TestClient) -> None:
    context = get_app_context(site)
    more = {"llm_api_key": "key", "llm_model": "house-1", "llm_tokens_per_day": 9_000}
    settings = Settings(_env_file=None, **(context.settings.model_dump() | more))
    with write_transaction(context.engine) as connection:
        cost = ModelUsage(calls=4, tokens=3_210, micros=1_500_000)
        model_calls.add_spend(connection, "day", f"{NOW:%Y-%m-%d}", cost)
        model_calls.add_spend(connection, "day", f"{NOW - timedelta(days=1):%Y-%m-%d}", cost)
    object.__setattr__(context, "settings", settings)
    words = plain(site.get("/system").text)
    assert "Writer house-1" in words
    assert "Calls today 4" in words
    assert "Tokens today 3,210 of 9,000" in words
    assert "Money today 1.50" in words
