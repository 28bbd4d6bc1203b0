"""The script in a page of a shop of another origin: placements filled, and what visitors do sent as they agreed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from settings import Settings
from store.database import connect, read_transaction
from store.tables import visit_events
from tests.browser.conftest import serve
from tests.support.ports import free_port

KINDS: Final = ("Coats", "Dresses", "Shirts", "Knitwear")
ITEMS: Final = [
    {"item_id": f"i{n}", "title": f"<i>Piece</i> {n}", "category": KINDS[n % 4], "price": 40 + n} for n in range(16)
]
PAGE: Final = """<!doctype html><html lang="en"><head><title>Shop</title>
<script src="{site}/s.js" data-consent="{consent}" defer></script></head><body data-selvedge-view="i1">
<form action="/found"><input name="q" data-selvedge-search></form>
<button data-selvedge-cart="i1">Into the bag</button><button data-selvedge-wish="i1">Wish</button>
<div data-selvedge-placement="home" data-selvedge-n="6"></div>
<div data-selvedge-placement="product" data-selvedge-item="i1" data-selvedge-n="3"></div></body></html>"""


@pytest.fixture(scope="module")
def shop_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site(home: Path, shop_port: int) -> Iterator[str]:
    """The app, which knows the shop's origin."""
    yield from serve(home, shop_origins=f"http://127.0.0.1:{shop_port}")


@pytest.fixture(scope="module")
def shop(site: str, shop_port: int, home: Path) -> Iterator[str]:
    """A shop of another origin: `/yes` and `/no` are pages of who agreed, and who did not."""
    key = Settings(home=home, _env_file=None).keys.api
    with httpx.Client(base_url=site, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as api:
        assert api.put("/v1/items", json={"items": ITEMS, "confirmed": True}).status_code == 200
        stock = [{"sku": f"i{n}", "item_id": f"i{n}", "on_hand": 9} for n in range(16)]
        assert api.put("/v1/stock", json={"stock": stock, "confirmed": True}).status_code == 200
        wait(lambda: api.get("/v1/search").json().get("total") == 16)

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            consent = "no" if self.path.startswith("/no") else "yes"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.format(site=site, consent=consent).encode())

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", shop_port), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{shop_port}"
    server.shutdown()
    server.server_close()


def wait(check: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until
        time.sleep(0.02)


def list_events(home: Path) -> list[str]:
    engine = connect(Settings(home=home, _env_file=None).database)
    with read_transaction(engine) as connection:
        types = sorted(connection.scalars(select(visit_events.c.type)))
    engine.dispose()
    return types


def list_shown(page: Page) -> list[str]:
    page.wait_for_selector("[data-selvedge-placement=product] a")
    return page.eval_on_selector_all(
        "[data-selvedge-placement=home] a", "links => links.map(link => link.dataset.selvedgeClick)"
    )


def test_who_did_not_agree_sees_items_and_leaves_no_trace(chromium: Browser, shop: str, home: Path) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{shop}/no")
    assert len(list_shown(page)) == 6
    assert "<i>Piece</i>" in page.inner_text("[data-selvedge-placement=home]")
    page.click("text=Into the bag")
    assert page.evaluate("selvedge.visit()") is None
    assert context.cookies() == []
    assert list_events(home) == []
    context.close()


def test_what_a_visitor_does_is_sent_and_changes_the_second_page(chromium: Browser, shop: str, home: Path) -> None:
    context = chromium.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{shop}/no")
    usual = list_shown(page)  # of nobody: on a quick machine the first page with consent knows its own view already
    page.goto(f"{shop}/yes")
    list_shown(page)
    page.click("text=Into the bag")
    page.click("text=Wish")
    wait(lambda: list_events(home) == ["added_to_cart", "item_viewed", "wishlisted"])

    def reload() -> list[str]:
        page.goto(f"{shop}/yes")
        return list_shown(page)

    wait(lambda: reload() != usual)
    assert any(int(item[1:]) % 4 == 1 for item in reload()[:3])  # a dress, as what was put into the bag
    page.fill("[data-selvedge-search]", "dress")
    page.press("[data-selvedge-search]", "Enter")
    wait(lambda: "searched" in list_events(home))
    (cookie,) = context.cookies()
    assert cookie["name"] == "selvedge_visit"
    page.evaluate("selvedge.consent(false)")
    assert context.cookies() == []
    assert faults == []
    context.close()


def test_a_flag_says_how_many_items_a_placement_shows_and_when(
    chromium: Browser, shop: str, site: str, home: Path
) -> None:
    key = Settings(home=home, _env_file=None).keys.api
    effect = {"count": 2, "delay_ms": 1_500}
    arms = [{"name": name, "share": 0.5, "effect": effect} for name in ("one", "two")]  # each visitor sees it
    context = chromium.new_context()
    page = context.new_page()
    with httpx.Client(base_url=site, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as api:
        api.put("/v1/flags/late", json={"name": "Late", "contexts": ["home"], "arms": arms}).raise_for_status()
        api.put("/v1/flags/late/state", json={"state": "running"}).raise_for_status()
        session = api.post("/v1/sessions").json()["session_id"]
        wait(lambda: api.get("/v1/recommendations", params={"session_id": session}).json()["delay_ms"] == 1_500)
        page.goto(f"{shop}/yes")
        assert page.query_selector_all("[data-selvedge-placement=home] a") == []
        page.wait_for_selector("[data-selvedge-placement=home] a")
        assert page.evaluate("performance.now()") >= 1_500
        assert len(list_shown(page)) == 2
        assert len(page.query_selector_all("[data-selvedge-placement=product] a")) == 3  # it holds at home alone
        api.put("/v1/flags/late/state", json={"state": "stopped"}).raise_for_status()
        wait(lambda: api.get("/v1/recommendations", params={"session_id": session}).json()["delay_ms"] == 0)
    context.close()
