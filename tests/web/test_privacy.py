"""What whoever is responsible for data is told over HTTP and on the client's page, and what is asked of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, select

from settings import Settings
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.privacy import erasure
from store.tables import outbox
from tests.support.private_data import ADDRESS, save_everything_about
from tests.support.tables import create_tables
from tests.web.console.test_fixes_pages import OURS, find_token
from web.app import create_app

WHO = "privy"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[TestClient]:
    """A caller with the key of a shop that knows `privy`; of Temporal nothing is there."""
    keys = {"api_key": SecretStr("the key"), "signing_key": SecretStr("another")}
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9"}
    settings = Settings(_env_file=None, home=tmp_path).model_copy(update=keys | nowhere)
    app = create_app(settings)
    engine = app.state.context.engine
    create_tables(engine)
    with write_transaction(engine) as connection:
        save_everything_about(connection, ShopPolicy.from_settings(settings), WHO, datetime.now(UTC))
    with TestClient(app, base_url=settings.base_url, headers={"Authorization": "Bearer the key"}) as caller:
        yield caller


def get_engine(web: TestClient) -> Engine:
    engine: Engine = web.app.state.context.engine  # type: ignore[attr-defined]
    return engine


def erase(web: TestClient) -> None:
    """As a worker would."""
    settings = web.app.state.context.settings  # type: ignore[attr-defined]
    with write_transaction(get_engine(web)) as connection:
        erasure.replace_with_tombstone(connection, settings.keys.signing, WHO, datetime.now(UTC))
        while erasure.erase_batch(connection, WHO):
            pass
        erasure.mark_erased(connection, settings.keys.signing, WHO, datetime.now(UTC))


def request_data(web: TestClient) -> list[str]:
    with read_transaction(get_engine(web)) as connection:
        return list(connection.scalars(select(outbox.c.target).where(outbox.c.kind == "erasure")))


def test_the_export_is_one_json_file(web: TestClient) -> None:
    answer = web.get(f"/v1/clients/{WHO}/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="privy.json"'
    assert answer.headers["cache-control"] == "no-store"
    whole = json.loads(answer.content)
    assert (whole["format"], whole["client"][0]["email"]) == ("selvedge-client-export/1", ADDRESS)


def test_a_deletion_needs_no_temporal_and_twice_is_once(web: TestClient) -> None:
    assert web.get(f"/v1/clients/{WHO}/erasure").status_code == 404
    for _ in range(2):
        answer = web.delete(f"/v1/clients/{WHO}")
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert request_data(web) == [WHO]
    assert web.get(answer.json()["status_url"]).json()["state"] == "waiting"
    refused = web.post(f"/v1/clients/{WHO}/fixes", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (410, "erased")
    erase(web)
    assert web.get(f"/v1/clients/{WHO}/erasure").json()["state"] == "erased"
    again = web.delete(f"/v1/clients/{WHO}")
    assert (again.status_code, again.json()["state"]) == (202, "erased")
    for gone in (f"/v1/clients/{WHO}", f"/v1/clients/{WHO}/export", f"/v1/clients/{WHO}/profile", f"/clients/{WHO}"):
        assert web.get(gone).status_code == 410, gone


def test_nobody_is_told_without_the_key_and_nobody_is_nobody(web: TestClient) -> None:
    assert web.get("/v1/clients/nobody/export").status_code == 404
    assert web.delete("/v1/clients/nobody").status_code == 404
    other = {"Authorization": "Bearer other"}
    for refused in (
        web.get(f"/v1/clients/{WHO}/export", headers=other),
        web.delete(f"/v1/clients/{WHO}", headers=other),
        web.get(f"/v1/clients/{WHO}/erasure", headers=other),
    ):
        assert refused.status_code == 401
    assert request_data(web) == []


def test_the_page_exports_and_erases_who_is_typed(web: TestClient) -> None:
    page = web.get(f"/clients/{WHO}").text
    assert f'href="/clients/{WHO}/export"' in page
    assert web.get(f"/clients/{WHO}/export").json()["client_id"] == WHO
    token = find_token(page)
    for form, status in (
        ({"token": token, "confirm": "ann"}, 422),
        ({"token": token}, 422),
        ({"token": "x", "confirm": WHO}, 401),
    ):
        refused = web.post(f"/clients/{WHO}/erase", data=form, headers=OURS)
        assert refused.status_code == status
        assert status == 401 or f'value="{form.get("confirm", "")}" autofocus' in refused.text, "what was typed stays"
    assert web.post("/clients/ann/erase", data={"token": token, "confirm": "ann"}, headers=OURS).status_code == 422
    strange = {"sec-fetch-site": "cross-site"}
    assert web.post(f"/clients/{WHO}/erase", data={"token": token, "confirm": WHO}, headers=strange).status_code == 401
    assert request_data(web) == []
    answer = web.post(
        f"/clients/{WHO}/erase", data={"token": token, "confirm": WHO}, headers=OURS, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/clients/{WHO}/erasure")
    assert request_data(web) == [WHO]
    after = web.get(f"/clients/{WHO}").text
    assert "Is being erased" in after
    assert "this client is being erased" in after, "why not mailed"
    assert 'name="confirm"' not in after
