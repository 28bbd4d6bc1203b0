"""Whoever is responsible hears of a fault once when it begins and once when it ends, by mail and webhook, however many
workers look and whichever dies."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from models.notices import Fault
from services.context import ServiceContext
from services.notices.faults import find_faults
from services.notices.telling import LEASE, NoticeTeller
from store.database import write_transaction
from store.tables import api_keys
from tests.support.shop import Shop, a_shop

NOW = datetime.now(UTC).replace(microsecond=0)
BAD = {Fault.BACKUP: "the newest backup is 30 hours old"}


class Chat:
    """A real HTTP server that takes what a chat takes; `status` is what it answers."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[dict[str, Any]]()
        chat = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if chat.status == 200:
                    chat.got.append(json.loads(body))
                self.send_response(chat.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    chat.server.shutdown()
    chat.server.server_close()


@pytest.fixture
def shop(tmp_path: Path, chat: Chat) -> Iterator[Shop]:
    shop = a_shop(
        tmp_path / "home",
        notice_address="on-call@shop.example",
        notice_webhook=chat.url,
        webhook_networks="127.0.0.0/8",
    )
    yield shop
    shop.sink.stop()
    shop.engine.dispose()


async def test_each_is_told_once_when_it_begins_and_once_when_it_ends(shop: Shop, chat: Chat) -> None:
    first, second = NoticeTeller(shop.context), NoticeTeller(shop.context)
    assert await first.tell(BAD, NOW) == 0, "it may be over in a moment"
    told = [await teller.tell(BAD, NOW + LEASE) for teller in (first, second)]
    assert told == [2, 0]
    assert await second.tell(BAD, NOW + 9 * LEASE) == 0, "once"
    assert [mail.subject for mail in shop.mails()] == ["Backups are late"]
    assert shop.mails()[0].recipient == "on-call@shop.example"
    assert "The newest backup is 30 hours old." in shop.mails()[0].text
    assert await second.tell({}, NOW + 10 * LEASE) == 2
    assert await first.tell({}, NOW + 20 * LEASE) == 0
    assert [mail.subject for mail in shop.mails()] == ["Backups are late", "Over: backups are late"]
    assert [body["type"] for body in chat.got] == ["fault.began", "fault.ended"]
    assert chat.got[0]["text"].startswith("Backups are late. The newest backup is 30 hours old. Known since ")
    await first.close()
    await second.close()


async def test_what_is_over_in_a_moment_is_told_to_nobody(shop: Shop) -> None:
    teller = NoticeTeller(shop.context)
    told = [await teller.tell(faults, NOW + k * LEASE) for k, faults in enumerate([BAD, {}, {}])]
    assert told == [0, 0, 0]
    assert await teller.tell(BAD, NOW + 3 * LEASE) == 0, "it begins anew"
    assert shop.mails() == []
    await teller.close()


async def test_a_channel_that_fails_is_tried_again_and_holds_up_no_other(shop: Shop, chat: Chat) -> None:
    teller = NoticeTeller(shop.context)
    chat.status = 500
    told = [await teller.tell(BAD, NOW + when) for when in (timedelta(), LEASE, LEASE + timedelta(seconds=1))]
    assert told == [0, 1, 0]
    assert len(shop.mails()) == 1
    chat.status = 200
    assert await teller.tell(BAD, NOW + 3 * LEASE) == 1
    assert [body["fault"] for body in chat.got] == ["backup"]
    await teller.close()


async def test_without_a_channel_nothing_is_told(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"notice_address": "", "notice_webhook": None})
    teller = NoticeTeller(replace(shop.context, settings=settings))
    assert await teller.tell(BAD, NOW) == 0
    assert await teller.tell(BAD, NOW + LEASE) == 0
    await teller.close()


def test_what_is_wrong_is_found_and_nothing_where_all_is_well(shop: Shop, tmp_path: Path) -> None:
    assert find_faults(shop.context, {"site": NOW + timedelta(days=80)}) == {}
    key = {"key_id": "k", "name": "k", "secret_hash": "k", "role": "viewer", "created_at": NOW, "created_by": "owner"}
    with write_transaction(shop.engine) as connection:
        connection.execute(insert(api_keys).values(key | {"expires_at": NOW + timedelta(days=3)}))
    shop.client("ann", now=NOW - timedelta(hours=1))
    settings = shop.settings.model_copy(update={"backup_folder": tmp_path / "none"})
    later = ServiceContext(settings, shop.engine, wall=lambda: NOW + timedelta(hours=2))
    found = find_faults(later, {"site": NOW + timedelta(days=3), "mail_server": NOW + timedelta(days=80)})
    assert set(found) == {Fault.BACKUP, Fault.KEY, Fault.CERTIFICATE, Fault.OUTBOX}
    assert found[Fault.CERTIFICATE] == f"certificates end: site on {NOW + timedelta(days=3):%Y-%m-%d}"
    assert "ann" not in str(found)
