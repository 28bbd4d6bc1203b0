"""The mailbox's pages, through the real app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from mail.mailbox import Arrival, Mailbox
from mail.sink import get_mailbox_path
from store.database import connect, write_transaction
from store.tables import clients, outreaches
from tests.mail.samples import NOW, brief, build_envelope_builder, client, draft, items, settings
from tests.support.tables import create_tables
from web.app import create_app

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[TestClient]:
    given = settings(tmp_path, smtp_url="smtp://mail.shop.com:587", open_pages=True)
    engine = connect(given.database)
    create_tables(engine)
    with write_transaction(engine) as connection:
        connection.execute(insert(clients).values(client_id="c1", email="c1@example.com", **_person()))
        connection.execute(
            insert(outreaches).values(**_mail(build_envelope_builder(tmp_path).links.build_message_id("c1", 1)))
        )
    with TestClient(create_app(given), base_url="http://127.0.0.1:8000") as client:
        yield client
    engine.dispose()


def _person() -> dict[str, Any]:
    return {"time_zone": "UTC", "signed_up_at": NOW, "consent": True}


def _mail(message_id: str) -> dict[str, Any]:
    return {
        "client_id": "c1",
        "n": 1,
        "reason_key": "missed",
        "kind": "missed",
        "assessment_id": "a1",
        "score": 20.0,
        "phase": "cooling",
        "state": "sent",
        "message_id": message_id,
        "created_at": NOW,
        "updated_at": NOW,
    }


def keep(home: Path, client_id: str = "c1", n: int = 1, **words: Any) -> None:
    envelope = build_envelope_builder(home).build(client(client_id), brief(client_id, n), draft(**words), items(), NOW)
    box = Mailbox(get_mailbox_path(settings(home)))
    box.append([Arrival(WHEN, envelope.return_path, envelope.recipient, envelope.message)])


def test_an_empty_mailbox_says_so_and_where_mail_goes(pages: TestClient) -> None:
    answer = pages.get("/mailbox")
    assert answer.status_code == 200
    assert "Nothing yet." in answer.text
    assert "mail.shop.com:587" in answer.text
    assert pages.get("/mailbox.json").json() == []


def test_the_list_shows_newest_first_and_leads_to_mail_and_client(pages: TestClient, tmp_path: Path) -> None:
    keep(tmp_path, subject="The first one")
    keep(tmp_path, "c2", subject="The second one")
    page = pages.get("/mailbox").text
    assert page.index("The second one") < page.index("The first one")
    assert 'href="/mailbox/1"' in page
    assert 'href="/clients/c1"' in page
    assert 'href="/clients/c2"' not in page, "the ledger does not know that one"


def test_json_lists_every_mail_in_full(pages: TestClient, tmp_path: Path) -> None:
    for n in range(1, 4):
        keep(tmp_path, n=n, subject=f"Number {n}")
    listed = pages.get("/mailbox.json").json()
    assert [mail["subject"] for mail in listed] == ["Number 1", "Number 2", "Number 3"]
    for mail in listed:
        assert mail.keys() == {"id", "to", "subject", "headers", "text", "html", "received_at"}
        assert mail["to"] == "c1@example.com"
        assert "Linen Wrap Dress" in mail["text"]
        assert "Linen Wrap Dress" in mail["html"]
        assert mail["headers"]["Message-ID"].endswith("@selvedge.example>")
        assert datetime.fromisoformat(mail["received_at"]) == WHEN
    assert [mail["id"] for mail in pages.get("/mailbox.json?after=1&limit=1").json()] == [2]


def test_it_is_found_by_address_and_by_client(pages: TestClient, tmp_path: Path) -> None:
    keep(tmp_path, subject="For one")
    keep(tmp_path, "c12", subject="For twelve")
    by_client = pages.get("/mailbox?to=c1").text
    assert "For one" in by_client
    assert "For twelve" not in by_client
    by_part = pages.get("/mailbox?to=c12@").text
    assert "For twelve" in by_part
    assert "For one" not in by_part


def test_a_long_mailbox_has_pages(pages: TestClient, tmp_path: Path) -> None:
    for n in range(1, 43):
        keep(tmp_path, n=n, subject=f"Mail {n}.")
    first = pages.get("/mailbox").text
    assert "42 delivered" in first
    assert "Mail 42." in first
    assert "Mail 2." not in first
    older = pages.get("/mailbox?before=3").text
    assert "Mail 2." in older
    assert 'href="/mailbox?before=3&amp;to="' in first


def test_one_mail_as_it_looks_as_text_and_as_headers(pages: TestClient, tmp_path: Path) -> None:
    keep(tmp_path, subject="To read")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in pages.get("/mailbox/1").text
    assert "It wraps at the waist." in pages.get("/mailbox/1?view=text").text
    headers = pages.get("/mailbox/1?view=headers").text
    assert "List-Unsubscribe=One-Click" in headers
    assert "DKIM-Signature" in headers
    raw = pages.get("/mailbox/1/raw")
    assert raw.content.startswith(b"DKIM-Signature: ")
    assert raw.headers["Content-Disposition"].startswith("attachment")


def test_in_the_frame_nothing_of_a_mail_can_run_or_call_home(pages: TestClient, tmp_path: Path) -> None:
    keep(tmp_path)
    answer = pages.get("/mailbox/1/html")
    parts = [part.partition(" ") for part in answer.headers["Content-Security-Policy"].split("; ")]
    policy = {name: value for name, _, value in parts}
    assert policy["default-src"] == "'none'"
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert policy["img-src"].split() == ["'self'", "data:", "http://127.0.0.1:8000"]
    assert policy["frame-ancestors"] == "'self'"
    assert "Linen Wrap Dress" in answer.text


def test_hostile_mail_stays_text_on_our_pages(pages: TestClient, tmp_path: Path) -> None:
    raw = (
        b"From: <script>alert(1)</script> <a@b.com>\r\nTo: x\r\nSubject: <script>alert(2)</script>\r\n"
        b"X-<b>: <script>alert(3)</script>\r\n\r\n</pre><script>alert(4)</script>\r\n"
    )
    box = Mailbox(get_mailbox_path(settings(tmp_path)))
    box.append([Arrival(WHEN, "<script>alert(5)</script>", "<script>alert(6)</script>", raw)])
    for path in ("/mailbox", "/mailbox/1", "/mailbox/1?view=text", "/mailbox/1?view=headers", "/mailbox?to=<script>"):
        page = pages.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text


@pytest.mark.parametrize("path", ["/mailbox/7", "/mailbox/7/html", "/mailbox/7/raw", "/mailbox/x"])
def test_an_unknown_mail_is_not_found(pages: TestClient, path: str) -> None:
    assert pages.get(path).status_code == 404
