"""What people do in pages before a real server, a real worker and real mail, from the sign-in to what clients get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from models.actors import Role
from store import tables as t
from store.database import write_transaction
from tests.browser.conftest import launch_chromium, run_site
from tests.browser.staff import Worker, add_staff, ask, sign_in
from tests.support.forks import ForkedWorkers
from tests.support.ports import free_port
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer

LOOKS: Final = ((1440, "light"),)
EVERY = pytest.mark.parametrize(("width", "scheme"), LOOKS)
SAID: Final = "Soft colours for the first cold days."
EDITED: Final = "Soft colours for the cold days."
PATIENCE_MS: Final = 240_000
"""The machine may be busy with other tests."""


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory, dev_server: DevServer) -> Iterator[Shop]:
    """A shop with a worker process, and for each look a campaign that a person lets out."""
    folder = tmp_path_factory.mktemp("people")
    own: dict[str, Any] = {"quiet_from_hour": 0, "quiet_until_hour": 0, "min_days_between_mails": 0}
    shop = a_shop(folder / "home", temporal_address=dev_server.address, **own)
    now = datetime.now(UTC)
    with write_transaction(shop.engine) as connection:
        add_staff(connection)
    for width, _ in LOOKS:
        shop.client(f"mia{width}", signed_up_at=now - timedelta(days=200), tags=(f"look{width}",))
        shop.event(f"mia{width}", "order_placed", now - timedelta(days=3), value="80.00", now=now)
        audience = {"tags": [f"look{width}"]}
        shop.campaign(f"winter-{width}", now, message=SAID, audience=audience, review="all", priority=100)
    worker = ForkedWorkers(shop.settings, folder).start()
    try:
        worker.wait_until_up()
        yield shop
    finally:
        worker.stop()
        shop.sink.stop()
        shop.engine.dispose()


@pytest.fixture(scope="module")
def site(working: Shop) -> Iterator[str]:
    """The console in front of the same worker, which asks for a sign-in."""
    own = {
        "smtp_url": f"smtp://127.0.0.1:{working.settings.mailbox_port}",
        "web_port": free_port(),
        "open_pages": False,
    }
    yield from run_site(working.settings.model_copy(update=own))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launch_chromium() as browser:
        yield browser


@pytest.fixture
def enter(chromium: Browser, site: str) -> Iterator[Callable[..., Worker]]:
    """Sign somebody in; nothing may complain, and nothing leave the machine."""
    workers: list[Worker] = []

    def open_window(role: Role, width: int, scheme: str) -> Worker:
        workers.append(sign_in(chromium, site, role, width, scheme))
        workers[-1].page.set_default_timeout(PATIENCE_MS)
        return workers[-1]

    yield open_window
    for worker in workers:
        assert worker.watch.complaints == []
        worker.page.context.close()


@EVERY
def test_a_draft_is_mended_its_campaign_paused_and_resumed_and_the_mail_read(
    enter: Any, working: Shop, width: int, scheme: str
) -> None:
    worker, slug, client_id = enter(Role.MARKETER, width, scheme), f"winter-{width}", f"mia{width}"
    page = worker.open(f"/review?campaign={slug}")
    page.locator("#waiting a").first.wait_for()  # the page keeps itself fresh
    page.locator("#waiting a").first.click()
    page.wait_for_url(f"**/review/{client_id}:*")  # and until it is loaded: its script looks at what is typed
    fields = page.locator("#draft textarea")
    number = next(k for k in range(fields.count()) if SAID in fields.nth(k).input_value())
    fields.nth(number).fill("All of it at 50 % off.")
    page.locator(".sentence.faulty mark", has_text="50").wait_for()
    assert "it cannot be approved like this" in page.locator("#verdict").inner_text()
    fields.nth(number).fill(EDITED)
    page.locator("#verdict .fine").wait_for()
    page.get_by_role("button", name="Save changes").click()
    draft = page.url

    page = worker.open(f"/campaigns/{slug}")
    page.get_by_role("link", name="Pause").click()
    page.get_by_label("Reason").fill("stock")
    page.get_by_role("button", name="Pause").click()
    assert "It is paused." in page.get_by_role("status").inner_text()
    page.goto(draft)
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("status").first.wait_for()
    page = worker.open(f"/clients/{client_id}")
    worker.reload_until("#mails", "Parked")
    state = select(t.outreaches.c.state).where(t.outreaches.c.campaign == slug)
    assert ask(working.engine, state) == "parked"
    assert EDITED not in worker.read(f"/mailbox?to={client_id}")

    page = worker.open(f"/campaigns/{slug}")
    page.get_by_role("link", name="Resume").click()
    page.get_by_label("goes out now, late").check()
    page.get_by_role("button", name="Resume").click()
    assert "It goes on." in page.get_by_role("status").inner_text()
    page = worker.open(f"/clients/{client_id}")
    subject = ask(
        working.engine, select(t.outreaches.c.draft["subject"].as_string()).where(t.outreaches.c.campaign == slug)
    )
    page = worker.open(f"/mailbox?to={client_id}")
    worker.reload_until("main", subject)
    page.locator("ol.box a", has_text=subject).first.click()
    words = page.frame_locator("iframe").locator("body").inner_text()
    assert EDITED in words
    assert SAID not in words


@EVERY
def test_a_client_is_erased_to_the_end(enter: Any, working: Shop, width: int, scheme: str) -> None:
    client_id = f"leo{width}"
    working.client(client_id, first_name="Leonidas")
    worker = enter(Role.OPERATOR, width, scheme)
    page = worker.open(f"/clients/{client_id}")
    page.get_by_text("Erase this client", exact=True).click()
    page.locator("[name=confirm]").fill(client_id)
    page.get_by_role("button", name="Erase").click()
    page.locator("#progress", has_text="Nothing is left of them").wait_for()  # the page keeps itself fresh
    page.locator("#progress", has_text="Rows deleted").wait_for()
    assert "ten minutes after the first" in page.locator("#progress").inner_text()
    assert ask(working.engine, select(t.clients.c.client_id).where(t.clients.c.client_id == client_id)) is None
