"""The path of one client, from `PUT /v1/clients/<id>` to the mail accepted over SMTP: the files whose functions run
are those that docs/architecture.md lists under "Files on that path", and they do not become more."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Final

import httpx
import pytest
from sqlalchemy import func, select
from temporalio.client import Client

from store.database import read_transaction
from store.tables import assessments
from tests.support.shop import Shop
from tests.support.site import build_transport
from tests.support.walk import ROOT, FunctionRecorder
from workflows import handles, ids

MOST: Final = 103
"""Decision 31 says why it is not 60. Lower it whenever the path has fewer."""
MAIL_SERVER: Final = ("mail/sink", "mail/faulty_sink", "mail/mailbox")
"""The other side of SMTP, which runs in this process too."""
MAIL_WATCH: Final = ("hosting/mail_watch", "mail/circuit", "services/mailing/mail_server", "store/mail/mail_servers")
"""What looks after the mail server once a minute, whatever clients do."""
POSTGRESQL: Final = ("store/sql/patience_postgresql",)
SITE: Final = "http://127.0.0.1:8000"
BODY: Final = {"first_name": "Ana", "consent": True, "time_zone": "UTC"}


@pytest.mark.timeout(120)
async def test_the_path_to_a_mail_runs_the_files_that_the_page_lists(shop: Shop) -> None:
    recorder = FunctionRecorder(ignore=MAIL_SERVER + MAIL_WATCH + POSTGRESQL)
    client = await handles.connect(shop.settings.temporal_address, shop.settings.temporal_namespace)
    app = build_transport(shop.settings)
    with recorder.install():
        async with shop.run_workers(client) as dispatcher, httpx.AsyncClient(transport=app, base_url=SITE) as api:
            draining = asyncio.create_task(dispatcher.run())
            await _sign_up(shop, api, "first")  # what a process loads once is no part of a client's path
            await _wait_until_rested(shop, client, "first")
            recorder.recording = True
            await _sign_up(shop, api, "second")
            await _wait_until_rested(shop, client, "second")
            recorder.recording = False
            draining.cancel()
    page = (ROOT / "docs" / "architecture.md").read_text()
    listed = re.findall(r"`([^`]+\.py)`", page.partition("\n- **Signup**")[2].partition("\n## ")[0])
    print(*(f"{path}: {name}" for path, name in recorder.files.items()), sep="\n")
    assert set(listed) == set(recorder.files)
    assert len(listed) == len(set(listed)) <= MOST


async def _sign_up(shop: Shop, api: httpx.AsyncClient, client_id: str) -> None:
    body = BODY | {"email": f"{client_id}@example.com", "signed_up_at": datetime.now(UTC).isoformat()}
    key = {"Authorization": f"Bearer {shop.settings.keys.api}"}
    answer = await api.put(f"/v1/clients/{client_id}", json=body, headers=key)
    assert answer.status_code == 201, answer.text


async def _wait_until_rested(shop: Shop, client: Client, client_id: str) -> None:
    """Wait until the mail's workflow has ended and the client was assessed after it."""
    count = select(func.count()).select_from(assessments).where(assessments.c.client_id == client_id)
    for _ in range(600):
        with read_transaction(shop.engine) as connection:
            assessed = connection.scalar(count) or 0
        if assessed > 1 and [row.state for row in shop.ledger(client_id)] == ["sent"]:
            assert await client.get_workflow_handle(ids.outreach(client_id, 1)).result() == "sent"
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{client_id}: {shop.ledger(client_id)}")
