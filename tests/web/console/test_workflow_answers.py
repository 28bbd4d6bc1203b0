"""What a workflow answers about itself, beside what the store says; with the real workflow: tests/e2e."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from errors import NotFound
from models.erasures import ErasureProgress, ErasureState
from models.fixes import FixState, FixStatus
from store.database import write_transaction
from store.privacy import erasure
from tests.web.auth.staff import get_app_context
from tests.web.sample_shop import NOW
from web.temporal import TemporalConnection
from workflows import erasure_handles, fix_handles


@pytest.fixture
def temporal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Temporal that can be reached; the tests say what it answers."""

    async def connect(self: TemporalConnection) -> object:
        return object()

    monkeypatch.setattr(TemporalConnection, "__call__", connect)


def test_a_fix_says_what_its_workflow_waits_for(
    site: TestClient, temporal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(client: object, fix_id: str) -> FixStatus:
        until = NOW + timedelta(days=2)
        refused = ("approve: not an object",)
        return FixStatus(fix_id=fix_id, client_id="ada", state=FixState.RANKED, next_at=until, refused_signals=refused)

    monkeypatch.setattr(fix_handles, "query_fix_status", answer)
    page = site.get("/fixes/f1/workflow").text
    assert "It waits to be put together: with the next wave" in page
    assert "on 23 November, 12:00, in 2 days" in page
    assert "The database has it as to decide already" in page
    assert "approve: not an object" in page
    assert 'data-ask="/fixes/f1/workflow"' in site.get("/fixes/f1").text
    assert "data-ask" not in site.get("/fixes/f3").text, "it is cancelled: nothing follows"


def test_where_temporal_is_away_or_has_none_the_store_is_shown(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = site.get("/fixes/f1/workflow").text
    assert "Its items are reserved; it waits for a stylist." in page
    assert "does not answer just now" in page
    assert "does not answer just now" in site.get("/fixes/f2/workflow").text
    assert site.get("/fixes/none/workflow").status_code == 404
    assert site.get("/clients/ada/erasure").status_code == 404

    async def find_none(client: object, fix_id: str) -> FixStatus:
        raise NotFound("no workflow", "workflow_id")

    async def connect(self: TemporalConnection) -> object:
        return object()

    monkeypatch.setattr(TemporalConnection, "__call__", connect)
    monkeypatch.setattr(fix_handles, "query_fix_status", find_none)
    assert "Temporal has no workflow of it any more" in site.get("/fixes/f1/workflow").text


def test_an_erasure_is_followed_to_its_end(site: TestClient, temporal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    context = get_app_context(site)
    key = context.settings.keys.signing
    told = ErasureProgress(client_id="ada", in_data=1)

    async def answer(client: object, client_id: str) -> ErasureProgress:
        return told

    monkeypatch.setattr(erasure_handles, "query_erasure_progress", answer)
    with write_transaction(context.engine) as connection:
        erasure.request_erasure(connection, key, "ada", NOW, NOW)
    assert '<a href="/clients/ada/erasure">' in site.get("/clients/ada").text
    assert "A mail is with the mail server" in site.get("/clients/ada/erasure").text
    told = ErasureProgress(client_id="ada", state=ErasureState.ERASED, rows=1234)
    with write_transaction(context.engine) as connection:
        erasure.replace_with_tombstone(connection, key, "ada", NOW)
        while erasure.erase_batch(connection, "ada"):
            pass
    assert "everything that is kept of them is being deleted" in site.get("/clients/ada/erasure").text
    with write_transaction(context.engine) as connection:
        erasure.mark_erased(connection, key, "ada", NOW)
    page = site.get("/clients/ada/erasure").text
    assert "Nothing is left of them but a keyed hash" in page
    assert "1,234" in page
    assert "ten minutes after the first" in page
    assert site.get("/clients/ada").status_code == 410
