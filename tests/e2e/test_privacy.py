"""Histories, search attributes, workflow ids, logs and metrics hold no name, address or text of a client."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select
from temporalio.client import Client

from mail.faulty_sink import SmtpFault
from models.base import utc
from models.fixes import FixWish
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.tables import model_calls
from tests.doubles.chat_server import ChatServer
from tests.e2e.test_renewal import until
from tests.support.histories import decode, load_history_texts
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer
from tests.support.worker import WorkerProcess
from workflows import fix_handles, handles, ids

NAME = "Canarina"
ADDRESS = "canary.address@example.org"
NOTE = "canarynote my sister Wilhelmina wears it"
CANARIES = (NAME, "canary.address", "canarynote", "Wilhelmina", "CanaryTitle")


def seed(shop: Shop) -> None:
    shop.client("privy", email=ADDRESS, first_name=NAME, time_zone="UTC")
    shop.event("privy", "fix_feedback", utc(2026, 1, 5), item_id="item04", kept=True, note=NOTE)
    shop.event("privy", "searched", utc(2026, 1, 6), query=NOTE)
    shop.event("privy", "order_placed", utc(2026, 1, 7), item_id="item04", value="70.00")


async def asks_for_a_fix(shop: Shop, client: Client) -> str:
    """With a note that holds every canary, read by the model."""
    with write_transaction(shop.engine) as connection:
        wish = FixWish(note=f"{NOTE}, says {NAME} ({ADDRESS})")
        fix_id = fixes.save_request(connection, "privy", wish, shop.context.wall())
    await fix_handles.request_fix(client, "privy", fix_id)
    return fix_id


def state_of(shop: Shop, fix_id: str) -> str:
    with read_transaction(shop.engine) as connection:
        row = fixes.load_fix(connection, fix_id)
    assert row.note_read is None or row.note_read["by"] == "model"
    return str(row.state)


async def test_no_canary_leaves_the_database(tmp_path: Path, dev_server: DevServer) -> None:
    with ChatServer() as model:
        shop = a_shop(
            tmp_path / "home",
            temporal_address=dev_server.address,
            quiet_from_hour=0,
            quiet_until_hour=0,
            llm_base_url=model.base_url,
            llm_api_key=SecretStr("test-key"),
        )
        worker = WorkerProcess(shop.settings, tmp_path)
        try:
            seed(shop)
            model.next("writer", "link", times=3)  # an answer that is refused, quoting what it was given
            shop.sink.faults.plan(SmtpFault("rcpt", answer=f"451 4.3.0 no room for {ADDRESS}"))
            worker.start().wait_until_up()
            client = await handles.connect(shop.settings.temporal_address, shop.settings.temporal_namespace)
            fix_id = await asks_for_a_fix(shop, client)
            await until(lambda: len(shop.mails()) >= 1, 60)
            await until(lambda: state_of(shop, fix_id) == "proposed", 60)
            await asyncio.sleep(2)
            with read_transaction(shop.engine) as connection:
                assert connection.scalars(select(model_calls.c.agent)).all(), "the model was asked"
            _hunt(shop, await _collect_texts(client, worker))
            await client.get_workflow_handle(ids.client("privy")).signal("pause", {"reason": f"ask {NAME}"})
            await asyncio.sleep(1)
            planted = await _collect_texts(client, worker)
            assert [where for where, text in planted.items() if NAME in text] == [
                where for where in planted if where.startswith("client:privy ")
            ], "the hunt finds a canary that was planted in a signal"
        finally:
            worker.stop()
            shop.sink.stop()
            shop.engine.dispose()


async def _collect_texts(client: Client, worker: WorkerProcess) -> dict[str, str]:
    await asyncio.sleep(1)  # visibility follows a moment later
    starts = ("client:privy", "outreach:privy", "fix:")
    histories = await load_history_texts(client, " OR ".join(f"WorkflowId STARTS_WITH '{start}'" for start in starts))
    assert {history.partition(":")[0] for history in histories} == {"client", "outreach", "fix"}
    return histories | {"log": worker.log.read_text(), "metrics": worker.metrics()}


def _hunt(shop: Shop, everything: dict[str, str]) -> None:
    mails = "".join(mail.html for mail in shop.mails())
    assert NAME in mails, "the canary was there to be leaked"
    for where, text in everything.items():
        for canary in CANARIES:
            assert canary not in text, f"{canary} in {where}"


def test_the_decoder_opens_payloads() -> None:
    assert "Q2FuYXJpbmE=" in str(decode({"data": "Q2FuYXJpbmE="}))
    assert NAME in str(decode({"data": ["Q2FuYXJpbmE="]}))
