"""Fixes as the shop's systems and its people meet them: over HTTP and by command, on the real server."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from sqlalchemy import func, select

import cli
from models.actors import Role
from models.team import AccountState
from services.team.invitations import add_person
from store.database import read_transaction, write_transaction
from store.tables import fixes
from store.team import accounts
from tests.browser.conftest import launch_chromium, run_site
from tests.support.forks import ForkedWorkers
from tests.support.ports import free_port
from tests.support.shop import Shop, a_shop, enter_shop
from tests.support.temporal import DevServer
from web.app import create_app

Call = Callable[..., Any]
PASSWORD = "nine wild horses"


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory, dev_server: DevServer) -> Iterator[Shop]:
    """A shop with a worker process."""
    folder = tmp_path_factory.mktemp("fixes")
    shop = a_shop(folder / "home", temporal_address=dev_server.address)
    worker = ForkedWorkers(shop.settings, folder).start()
    try:
        worker.wait_until_up()
        yield shop
    finally:
        worker.stop()
        shop.sink.stop()
        shop.engine.dispose()


@pytest.fixture
def call(working: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """What `selvedge fixes ARGUMENTS --json` answers: its status with what it printed."""
    enter_shop(monkeypatch, working.settings)

    def run_command(*arguments: str) -> tuple[int, Any]:
        monkeypatch.setattr(sys, "argv", ["selvedge", "fixes", *arguments])
        status = cli.run()
        out, err = capsys.readouterr()
        return status, json.loads(out) if out.startswith("{") else out or err

    return run_command


@pytest.fixture
def web(working: Shop) -> Iterator[TestClient]:
    settings = working.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"})
    headers = {"Authorization": f"Bearer {settings.keys.api}"}
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", headers=headers) as client:
        yield client


def wait_for_state(call: Call, fix_id: str, state: str) -> Any:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        status, shown = call("show", fix_id, "--json")
        assert status == 0
        if shown["state"] == state:
            return shown
        time.sleep(0.2)
    raise AssertionError(f"still {shown['state']}: {shown['steps']}")


def test_a_fix_by_command(working: Shop, call: Call) -> None:
    working.client("ann", sizes=("M",), consent=False)
    status, requested = call(
        "request", "ann", "--budget", "240", "--must-have", "Coat", "--note", "Nothing in rust.", "--json"
    )
    assert status == 0, requested
    fix = wait_for_state(call, fix_id := requested["fix_id"], "proposed")
    assert "coat" in {item["category"] for item in fix["box"]}
    assert "rust" not in {item["colour"] for item in fix["box"]}
    assert sum(item["price_cents"] for item in fix["box"]) <= 24_000
    assert fix["said"] == ["Does not want rust."]
    assert call("replay", fix_id, "--json")[0] == 0
    refusal = call("decide", fix_id, "--swap", f"{fix['box'][0]['sku']}=nothing", "--by", "ana")
    assert refusal == (1, refusal[1])
    assert "nothing cannot go in" in refusal[1]
    offer = fix["offers"][0]
    assert offer["sku"] in refusal[1] or "these may" in refusal[1]
    swap = f"{offer['instead_of'][0]}={offer['sku']}"
    assert call("decide", fix_id, "--swap", swap, "--by", "eve", "--json")[0] == 0
    assert "the same box by" in (again := call("replay", fix_id)[1])
    assert ", as assembled, before 1 swap:" in again
    assert call("request", "ann")[0] == 1, "one at a time"
    assert call("decide", fix_id, "--approve", "--by", "ana", "--json")[1]["state"] == "approved"
    shipped = wait_for_state(call, fix_id, "shipped")
    assert {item["state"] for item in shipped["box"]} == {"sold"}
    assert shipped["decided_by"] == "ana"
    status, checked = call("check", "--json")
    assert (status, checked["faults"]) == (0, [])


def test_a_fix_over_http(working: Shop, web: TestClient, call: Call) -> None:
    working.client("bea", sizes=("M",), consent=False)
    request = {"request_key": "shop-1", "slots": 3, "note": "please"}
    response = web.post("/v1/clients/bea/fixes", json=request)
    assert response.status_code == 201, response.text
    fix_id = response.json()["fix_id"]
    assert web.post("/v1/clients/bea/fixes", json=request).json()["fix_id"] == fix_id
    box = wait_for_state(call, fix_id, "proposed")["box"]
    assert len(box) == 3
    assert web.get(f"/v1/fixes/{fix_id}").json()["box"] == box
    bad = {"verdict": "swap", "swaps": [{"out": "item99-M", "into": box[0]["sku"]}]}
    refusal = web.post(f"/v1/fixes/{fix_id}/decision", json=bad)
    assert (refusal.status_code, "is not in the box" in refusal.text) == (422, True)
    assert web.delete(f"/v1/fixes/{fix_id}").status_code == 202
    wait_for_state(call, fix_id, "cancelled")
    assert "nothing is left to call off" in web.delete(f"/v1/fixes/{fix_id}").text
    late = web.post(f"/v1/fixes/{fix_id}/decision", json={"verdict": "approve"})
    assert (late.status_code, "this Fix is cancelled" in late.text) == (422, True)
    assert call("cancel", fix_id)[0] == 1
    assert web.get("/v1/fixes/nobody").status_code == 404
    for body, field in (({"slots": 0}, "slots"), ({"must_have": ["boats"]}, "must_have"), ({"sluts": 1}, "sluts")):
        wrong = web.post("/v1/clients/bea/fixes", json=body)
        assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, field)


@pytest.fixture
def site(working: Shop) -> Iterator[str]:
    """The console in front of the same worker, which asks for a sign-in; Sam is a stylist."""
    own = {"smtp_url": "smtp://127.0.0.1:9", "web_port": free_port(), "open_pages": False}
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with write_transaction(working.engine) as connection:
        account_id = add_person(connection, "Sam", Role.STYLIST, datetime.now(UTC)).account_id
        accounts.change_account(connection, account_id, {"password_hash": hashed, "state": AccountState.ACTIVE})
    yield from run_site(working.settings.model_copy(update=own))


def swap_and_approve(browser: Browser, site: str, fix_id: str) -> tuple[str | None, str | None]:
    """What Sam does in pages, from the sign-in on; what went out of the box, and what came in."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{site}/sign-in?next=/fixes")
    page.get_by_label("Your name").fill("Sam")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/fixes")
    page.locator(f"a[href='/fixes/{fix_id}']").first.click()
    page.get_by_text("Swap for another", exact=True).first.click()
    offer = page.locator("details[open] form")
    into = offer.locator("input[name=into]").first
    swap = offer.locator("input[name=out]").get_attribute("value"), into.get_attribute("value")
    into.check()
    offer.get_by_role("button", name="Swap").click()
    page.wait_for_url(f"**/fixes/{fix_id}#box")
    page.get_by_role("button", name="Approve and ship").click()
    page.wait_for_url("**/fixes?done=approve")
    return swap


def test_a_stylist_swaps_an_item_in_the_browser_and_the_box_ships(working: Shop, call: Call, site: str) -> None:
    working.client("dora", sizes=("M",), consent=False)
    fix_id = call("request", "dora", "--budget", "400", "--json")[1]["fix_id"]
    before = {item["sku"] for item in wait_for_state(call, fix_id, "proposed")["box"]}
    with launch_chromium() as browser:
        out, into = swap_and_approve(browser, site, fix_id)
    shipped = wait_for_state(call, fix_id, "shipped")
    assert {item["sku"] for item in shipped["box"]} == before - {out} | {into}
    assert (shipped["decided_by"], out in before) == ("Sam", True)


def test_while_temporal_is_away_the_request_is_saved_and_may_be_sent_again(tmp_path: Path) -> None:
    shop = a_shop(tmp_path / "home", temporal_address=f"127.0.0.1:{free_port()}", smtp_url="smtp://127.0.0.1:9")
    try:
        shop.client("cleo", now=datetime.now(UTC))
        headers = {"Authorization": f"Bearer {shop.settings.keys.api}"}
        with TestClient(create_app(shop.settings), base_url="http://127.0.0.1:8000", headers=headers) as web:
            for _ in range(2):
                assert web.post("/v1/clients/cleo/fixes", json={"request_key": "once"}).status_code == 503
        with read_transaction(shop.engine) as connection:
            assert connection.scalar(select(func.count()).select_from(fixes)) == 1
    finally:
        shop.sink.stop()
        shop.engine.dispose()
