"""Takes the pictures of the console that docs show: `make run`, and two minutes later, in another shell,
`python -m scripts.console_pictures http://127.0.0.1:8000`.

All pages are those of the demo shop that runs there, after some acts that leave traces in it (an offer, an import, a
campaign's draft, clients enrolled); webhooks, dead letters and calls, which the demo has none of, are those of the
tests' shop, served for the while. Needs Debian's Chromium.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import Connection

from ingest.stream_rows import StreamMessage
from ingest.streams import StreamIntake
from models.dead_letters import LetterSource
from models.states import TouchKind
from store.clients import calls
from store.database import connect, write_transaction
from store.mail.policy import ShopPolicy
from tests.browser.conftest import launch_chromium, run_site
from tests.support.ports import free_ports
from tests.web.conftest import prepare_home
from tests.web.sample_shop import NOW

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures" / "console"
DESK: Final = {"width": 1440, "height": 968}
PHONE: Final = {"width": 390, "height": 844}
SHOWN_WIDE: Final = (960, 645)
"""Two thirds: what a page of docs shows."""
PHONES: Final = ("today", "clients", "client", "campaign-build", "import")
"""Shown on a phone as well, in the dark."""
PLAIN: Final[Mapping[str, str]] = {
    "today": "/",
    "kpis": "/kpis?days=7",
    "kpi": "/kpis/average_order_value?days=28",
    "kpi-at-risk": "/kpis/revenue_at_risk",
    "clients": "/clients",
    "clients-sorted": "/clients?phase=at_risk&sort=-spent",
    "review": "/review",
    "fixes": "/fixes?state=",
    "campaigns": "/campaigns",
    "mails": "/mails",
    "mailbox": "/mailbox",
    "offers": "/offers",
    "goods": "/goods",
    "algorithms": "/algorithms",
    "algorithm-comparison": "/algorithms/ranking/comparison",
    "training": "/refreshes",
    "system": "/system",
    "settings": "/settings",
    "activity": "/activity",
    "team": "/team",
    "keys": "/keys",
    "design": "/design",
}
FILE: Final = (
    b"Kunden-Nr;E-Mail;Vorname;Land\nn1;n1@shop.example;Zo\xc3\xab;DE\nn2;nobody;Ben;FR\nn3;n3@shop.example;Cleo;DE\n"
)
FLAG: Final = """name: Shorter lists at the cart
contexts: [cart]
arms:
  - {name: as-now, share: 0.5}
  - {name: shorter, share: 0.5, effect: {count: 4}}
"""


class Gallery:
    """The pictures as they are taken. `only`: names to take; none: all."""

    def __init__(self, browser: Browser, site: str, folder: Path, only: frozenset[str], phones: bool) -> None:
        self._browser, self._site, self._folder, self._only, self._phones = browser, site, folder, only, phones
        self.page = self._open(DESK, "light")

    def _open(self, size: dict[str, int], scheme: str) -> Page:
        context = self._browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    def visit(self, path: str) -> Page:
        """Open a page of the site, to act on it."""
        self.page.goto(self._site + path)
        return self.page

    def take(self, name: str, path: str) -> None:
        """Take a page by its address, in both themes, and on a phone."""
        if not self._only or name in self._only:
            for scheme in ("light", "dark"):
                self._shoot(self._open(DESK, scheme), path, f"{name}-{scheme}", SHOWN_WIDE)
            if self._phones or name in PHONES:
                self._shoot(self._open(PHONE, "dark"), path, f"{name}-phone", tuple(PHONE.values()))

    def take_as_it_is(self, name: str) -> None:
        """Take the page that is open, which has no address of its own, in both themes."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self._save(self.page, f"{name}-{scheme}", SHOWN_WIDE)
        self.page.emulate_media(color_scheme="light")

    def _shoot(self, page: Page, path: str, name: str, size: tuple[int, ...]) -> None:
        page.goto(self._site + path)
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        page.wait_for_timeout(300)
        self._save(page, name, size)
        page.context.close()

    def _save(self, page: Page, name: str, size: tuple[int, ...]) -> None:
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
        picture.save(self._folder / f"{name}.webp", quality=76, method=6)
        print(name, flush=True)


def _take_clients(gallery: Gallery) -> None:
    page = gallery.visit("/clients?phase=at_risk")
    client = page.locator("table.clients td a").first.get_attribute("href") or "/clients"
    gallery.take("client", client)
    gallery.take("client-edit", f"{client}/edit")
    gallery.take("pause", f"{client}/acts/pause")
    decision = gallery.visit(client).locator("#decisions a[href^='/decisions/']").first.get_attribute("href")
    gallery.take("decision", decision or client)
    page = gallery.visit("/clients?phase=cooling")
    for box in page.locator("input[name^='pick.']").all()[:8]:
        box.check()
    page.get_by_role("button", name="Enrol").click()
    page.locator("select[name=campaign]").select_option(index=1)
    gallery.take_as_it_is("enrol")
    page.locator("form.fields button").first.click()
    page.wait_for_load_state()
    gallery.take_as_it_is("enrolled")


def _take_erasure(gallery: Gallery) -> None:
    page = gallery.visit("/clients?phase=active")
    client = page.locator("table.clients td a").last.get_attribute("href") or "/clients"
    page = gallery.visit(client)
    page.locator("details:has(form[action$='/erase']) > summary").click()
    page.locator("form[action$='/erase'] [name=confirm]").fill(client.rpartition("/")[2])
    page.locator("form[action$='/erase'] button").click()
    page.wait_for_url("**/erasure")
    gallery.take("erasure", f"{client}/erasure")


def _take_flag(gallery: Gallery) -> None:
    page, slug = gallery.visit("/algorithms"), f"shorter-{datetime.now(UTC):%H%M%S}"
    page.get_by_text("New flag", exact=True).click()
    page.locator("form[action='/flags'] [name=slug]").fill(slug)
    page.locator("form[action='/flags'] [name=flag]").fill(FLAG)
    page.locator("form[action='/flags'] button").click()
    page.wait_for_url(f"**/flags/{slug}")
    page.get_by_role("button", name="Start it").click()
    page.wait_for_load_state()
    gallery.take("flag", f"/flags/{slug}")


def _take_fix(gallery: Gallery) -> None:
    page = gallery.visit("/fixes")
    gallery.take("fix", page.locator("#fixes tbody a").first.get_attribute("href") or "/fixes")


def _take_campaigns(gallery: Gallery) -> None:
    page = gallery.visit("/campaigns")
    running = page.locator("main tr", has_text="Running").locator("a")
    first = running.or_(page.locator("main table a")).first.get_attribute("href") or "/campaigns"
    gallery.take("campaign", first)
    gallery.take("campaign-people", f"{first}/people")
    page = gallery.visit("/new-campaign")
    slug = f"knitwear-{datetime.now(UTC):%H%M%S}"
    page.locator("[name=name]").fill("Knitwear weeks")
    page.locator("[name=slug]").fill(slug)
    page.get_by_label("Cooling").first.check()
    page.locator("[name='steps.0.mail.message']").fill("Our knitwear is in: soft, warm, made to last.")
    page.get_by_role("button", name="Add: wait", exact=True).click()
    page.locator("[name='steps.1.wait']").fill("5d")
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_url("**/versions**")
    gallery.take("campaign-build", f"/campaigns/{slug}/build")
    gallery.take("campaign-version", f"/campaigns/{slug}/versions")
    gallery.take("campaign-preview", f"/campaigns/{slug}/preview")
    gallery.take("campaign-steps", f"/campaigns/{slug}")


def _take_offer(gallery: Gallery) -> None:
    page = gallery.visit("/offers")
    for name, value in {"slug": "autumn", "name": "Autumn", "code": "AUTUMN10", "percent": "10", "uses": "1"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    gallery.take("offer", "/offers/autumn")


def _take_suppressions(gallery: Gallery) -> None:
    for address, reason in (("complaints@shop.example", "legal"), ("press@shop.example", "person")):
        page = gallery.visit("/suppressions")
        page.get_by_label("Address").fill(address)
        page.get_by_label("Reason").fill(reason)
        page.get_by_role("button", name="Mail it no more").click()
        page.wait_for_load_state()
    gallery.take("suppressions", "/suppressions")


def _take_import(gallery: Gallery) -> None:
    page = gallery.visit("/import")
    page.get_by_label("File").set_input_files({"name": "customers.csv", "mimeType": "text/csv", "buffer": FILE})
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_url("**/import/*")
    gallery.take("import", page.url.partition("/import/")[1] + page.url.partition("/import/")[2])


def _take_report(gallery: Gallery) -> None:
    page = gallery.visit("/algorithms")
    page.locator("#algorithm-explore").get_by_role("button", name="Check").click()
    page.locator("#report").wait_for(timeout=60_000)
    gallery.take_as_it_is("algorithm-report")


ACTS: Final[Mapping[str, Callable[[Gallery], None]]] = {
    "clients": _take_clients,
    "erasure": _take_erasure,
    "flag": _take_flag,
    "fix": _take_fix,
    "campaigns": _take_campaigns,
    "offer": _take_offer,
    "suppressions": _take_suppressions,
    "import": _take_import,
    "algorithm-report": _take_report,
}
"""What is done before pages can be taken, by a name for `--only`."""


@contextmanager
def _serve_sample_shop() -> Iterator[str]:
    """Serve the tests' shop, with messages that could not be taken in."""
    web, mailbox, nowhere, worker = free_ports(4)
    with tempfile.TemporaryDirectory() as home:
        more: dict[str, Any] = {"web_port": web, "mailbox_port": mailbox, "worker_health_port": worker}
        settings = prepare_home(Path(home), temporal_address=f"127.0.0.1:{nowhere}", **more)
        engine = connect(settings.database)
        intake = StreamIntake(engine, ShopPolicy.from_settings(settings), {"events": LetterSource.EVENTS})
        said = (b"{", b'{"event_id": "e9"}', b'{"event_id": "e8", "client_id": "nobody", "type": "searched"}')
        for number, text in enumerate(said):
            message = StreamMessage(("events", 0), number, text)
            intake.take([message], {("events", 0): number}, datetime.now(UTC))
        with write_transaction(engine) as connection:
            for client_id, reason in (("ada", TouchKind.MISSED), ("client007", TouchKind.WIN_BACK)):
                _open_call(connection, client_id, reason)
        engine.dispose()
        yield from run_site(settings)


def _open_call(connection: Connection, client_id: str, reason: TouchKind) -> None:
    more: dict[str, Any] = {"assessment_id": "a", "day": str(NOW.date()), "most": 9, "now": NOW}
    calls.open_call(connection, client_id, f"{reason}/2", reason, until=NOW + timedelta(days=2), **more)


def main(arguments: list[str]) -> int:
    """Take the pictures; 1 where no demo answers."""
    parser = argparse.ArgumentParser(prog="python -m scripts.console_pictures", description=__doc__.partition("\n")[0])
    parser.add_argument("site", help="where the demo's pages are, such as http://127.0.0.1:8000")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder that they go to")
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures, as in the folder")
    parser.add_argument("--phones", action="store_true", help="every page on a phone too, to look at them")
    given = parser.parse_args(arguments)
    try:
        httpx.get(f"{given.site}/healthz", timeout=10).raise_for_status()
    except httpx.HTTPError as fault:
        print(f"console_pictures: no demo answers at {given.site} ({type(fault).__name__}): make run", file=sys.stderr)
        return 1
    given.into.mkdir(parents=True, exist_ok=True)
    only = frozenset(given.only)
    with launch_chromium() as browser:
        gallery = Gallery(browser, given.site, given.into, only, given.phones)
        for name, act in ACTS.items():
            if not only or name in only:
                act(gallery)
        for name, path in PLAIN.items():
            gallery.take(name, path)
        with _serve_sample_shop() as site:
            others = Gallery(browser, site, given.into, only, given.phones)
            others.take("webhooks", "/webhooks/warehouse")
            others.take("dead-letters", "/dead-letters")
            others.take("calls", "/calls")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
