"""Nothing is read of whoever may not send it: a body is worth memory and disk only after its sender is known."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.actors import Role
from tests.web.auth.staff import OURS, add_staff, enter

FORMS = ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded")


def post_unread(site: TestClient, path: str, kind: str, cookie: str = "") -> int:
    """The status of a post of which nobody can read the body."""
    named = {"host": "127.0.0.1:8000", "content-type": kind, "content-encoding": "gzip", "cookie": cookie, **OURS}
    headers = [(name.encode(), value.encode()) for name, value in named.items() if value]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "scheme": "http", "query_string": b""}
    statuses = list[int]()

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    app: Any = site.app
    address = {"http_version": "1.1", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000)}
    asyncio.run(app({**scope, **address, "raw_path": path.encode()}, receive, send))
    return statuses[0]


@pytest.mark.parametrize("kind", FORMS)
def test_of_a_stranger_no_file_is_read(site: TestClient, kind: str) -> None:
    assert post_unread(site, "/import", kind) == 401


def test_what_a_stranger_wrote_into_a_small_form_is_still_carried(site: TestClient) -> None:
    browser = TestClient(site.app, base_url=str(site.base_url), headers=OURS)
    answer = browser.post("/webhooks", data={"url": "moves house"})
    assert answer.status_code == 401
    assert "moves house" in answer.text


@pytest.mark.parametrize("kind", FORMS)
def test_of_whoever_may_not_import_no_file_is_read(site: TestClient, kind: str) -> None:
    add_staff(site, "vic", Role.VIEWER)
    cookie = "; ".join(f"{name}={value}" for name, value in enter(site, "vic").cookies.items())
    assert post_unread(site, "/import", kind, cookie) == 403


def test_only_a_file_may_be_large(site: TestClient) -> None:
    add_staff(site, "ola", Role.OWNER)
    owner, large = enter(site, "ola"), "a" * 20_001
    assert owner.post("/import", data={"token": large}).status_code == 413
    assert owner.post("/import", data={"token": large}, files={"file": ("a.csv", b"x")}).status_code == 401
