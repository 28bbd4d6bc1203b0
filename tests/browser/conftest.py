"""A real server and a real browser (Debian's Chromium)."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine

from mail.mailbox import Arrival, Mailbox
from mail.sink import get_mailbox_path
from models.actors import Role
from settings import Settings
from store.database import connect, write_transaction
from tests.browser.staff import KEY, Worker, add_staff, sign_in
from tests.mail import samples
from tests.support.algorithms import install_algorithm
from tests.support.desk import put_draft
from tests.support.ports import free_ports
from tests.web.conftest import prepare_home
from tests.web.sample_shop import HOSTILE
from web.app import create_app

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site's shop."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[str]:
    """The address of the app on the story, with two mails in its mailbox."""
    yield from serve(home)


def serve(home: Path, **more: object) -> Iterator[str]:
    """Serve the app on the story, with two mails in its mailbox."""
    web, mailbox, temporal, worker = free_ports(4)
    settings = prepare_home(
        home,
        web_port=web,
        mailbox_port=mailbox,
        temporal_address=f"127.0.0.1:{temporal}",
        worker_health_port=worker,
        signing_key="a signing key for tests",
        **more,
    )
    _deliver(settings)
    yield from run_site(settings)


def run_site(settings: Settings) -> Iterator[str]:
    """Run the site of a shop, and yield its address."""
    web = settings.web_port
    config = uvicorn.Config(create_app(settings), host="127.0.0.1", port=web, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield f"http://127.0.0.1:{web}"
    server.should_exit = True
    thread.join()


def _deliver(settings: Settings) -> None:
    post = samples.build_envelope_builder(settings.home, public_url=settings.base_url)
    for n, words in enumerate(({}, {"subject": f"For you {HOSTILE}"[:90], "paragraphs": (HOSTILE,)}), 1):
        envelope = post.build(
            samples.client("ada"), samples.brief("ada", n), samples.draft(**words), samples.items(), samples.NOW
        )
        arrival = Arrival(datetime.now(UTC), envelope.return_path, envelope.recipient, envelope.message)
        Mailbox(get_mailbox_path(settings)).append([arrival])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a file: it ends before other files run, whose event loops it would disturb."""
    with launch_chromium() as browser:
        yield browser


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    """Debian's Chromium within the block, in which this thread can run no other event loop."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no browser: install Debian's package chromium")
        pytest.skip("no browser: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def guarded(home: Path) -> Iterator[str]:
    """A site that asks for a sign-in, beside an algorithm that is installed and has no part."""
    install_algorithm(home / "algorithms", "first")
    yield from serve(home, open_pages=False, api_key=KEY, holdout_share=0.2)


@pytest.fixture(scope="module")
def engine(guarded: str, home: Path) -> Iterator[Engine]:
    """The store of that site, with somebody of each role and a draft on the desk."""
    engine = connect(f"sqlite:///{home / 'selvedge.db'}")
    with write_transaction(engine) as connection:
        add_staff(connection)
        put_draft(connection, "ada", 8, updated_at=datetime.now(UTC))
    yield engine
    engine.dispose()


@pytest.fixture
def enter(chromium: Browser, guarded: str, engine: Engine) -> Iterator[Callable[..., Worker]]:
    """Sign somebody in, in a window of their own; nothing may complain, and nothing leave the machine."""
    workers: list[Worker] = []

    def open_window(role: Role, width: int = 1440, scheme: str = "light") -> Worker:
        workers.append(sign_in(chromium, guarded, role, width, scheme))
        return workers[-1]

    yield open_window
    for worker in workers:
        assert [said for said in worker.watch.complaints if "422" not in said] == []
        worker.page.context.close()


class Tab:
    """A page of the browser that remembers what its console complained of."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self._site = page, site
        self.complaints: list[str] = []
        page.on("console", self._record)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _record(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(self._site + path)
        return self.page

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def tab(chromium: Browser, site: str) -> Iterator[Tab]:
    """A desktop window."""
    yield from _tab(chromium, site, 1180)


@pytest.fixture
def phone(chromium: Browser, site: str) -> Iterator[Tab]:
    """A window as narrow as a small phone."""
    yield from _tab(chromium, site, 360)


def _tab(chromium: Browser, site: str, width: int) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": width, "height": 780})
    yield Tab(context.new_page(), site)
    context.close()
