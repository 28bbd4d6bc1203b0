"""What people do in pages against a real server, a real worker and real mail, from the sign-in to what the client gets:
at a desk in the light and on a phone in the dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from models.actors import Role
from models.catalogue import StockRow
from services.ingestion import item_intake
from store import tables as t
from store.database import read_transaction, write_transaction
from store.fixes.reservations import load_box_rows
from store.fixes.rows import BoxRow
from tests.browser.conftest import launch_chromium, run_site
from tests.browser.staff import Worker, add_staff, ask, sign_in
from tests.support.forks import ForkedWorkers
from tests.support.ports import free_port
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer

LOOKS: Final = ((1440, "light"), (390, "dark"))
EVERY = pytest.mark.parametrize(("width", "scheme"), LOOKS)
SAID: Final = "Soft colours for the first cold days."
EDITED: Final = "Soft colours for the cold days."
PATIENCE_MS: Final = 240_000
"""The machine may be busy with other tests."""


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory, dev_server: DevServer) -> Iterator[Shop]:
    """A shop with a worker process, each item in two sizes, and for each look a campaign that a person lets out."""
    folder = tmp_path_factory.mktemp("people")
    own: dict[str, Any] = {"quiet_from_hour": 0, "quiet_until_hour": 0, "min_days_between_mails": 0}
    shop = a_shop(folder / "home", temporal_address=dev_server.address, **own)
    now = datetime.now(UTC)
    with write_transaction(shop.engine) as connection:
        add_staff(connection)
        items = connection.scalars(select(t.items.c.item_id)).all()
        larger = [StockRow(sku=f"{one}-L", item_id=one, size="L", on_hand=50) for one in items]
        item_intake.put_stock(connection, larger)
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


def move_client(operator: Worker, client_id: str, address: str) -> None:
    """What an operator does when a client has a new address."""
    page = operator.open(f"/clients/{client_id}")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/clients/{client_id}?done=*")


def erase_client(operator: Worker, client_id: str) -> None:
    """What an operator does when a client wants to be forgotten, until nothing is left."""
    page = operator.open(f"/clients/{client_id}")
    page.get_by_text("Erase this client", exact=True).click()
    page.locator("[name=confirm]").fill(client_id)
    page.get_by_role("button", name="Erase").click()
    page.locator("#progress", has_text="Nothing is left of them").wait_for()  # the page keeps itself fresh
    page.locator("#progress", has_text="Rows deleted").wait_for()
    assert "ten minutes after the first" in page.locator("#progress").inner_text()


@EVERY
def test_a_draft_is_mended_and_after_a_pause_mailed_to_a_new_address_whose_client_is_then_erased(
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
    operator, address = enter(Role.OPERATOR, width, scheme), f"moved{width}@example.net"
    move_client(operator, client_id, address)

    page = worker.open(f"/campaigns/{slug}")
    page.get_by_role("link", name="Resume").click()
    page.get_by_label("goes out now, late").check()
    page.get_by_role("button", name="Resume").click()
    assert "It goes on." in page.get_by_role("status").inner_text()
    subject = ask(
        working.engine, select(t.outreaches.c.draft["subject"].as_string()).where(t.outreaches.c.campaign == slug)
    )
    page = worker.open(f"/mailbox?to={address}")
    worker.reload_until("main", subject)
    page.locator("ol.box a", has_text=subject).first.click()
    words = page.frame_locator("iframe").locator("body").inner_text()
    assert EDITED in words
    assert SAID not in words

    erase_client(operator, client_id)
    for table in (t.clients, t.outreaches):
        assert ask(working.engine, select(table.c.client_id).where(table.c.client_id == client_id)) is None


def request_fix(worker: Worker, client_id: str, **wish: str) -> str:
    """What a stylist does to ask for a Fix, until it waits for them; its id."""
    page = worker.open(f"/clients/{client_id}/acts/fix")
    for name, value in wish.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Request the Fix").click()
    page.wait_for_url("**/fixes/*")
    found = page.url.rpartition("/")[2]
    worker.reload_until("#who", "To decide")
    return found


def list_box(shop: Shop, fix_id: str) -> dict[str, BoxRow]:
    with read_transaction(shop.engine) as connection:
        return {row.sku: row for row in load_box_rows(connection, fix_id)}


@EVERY
def test_a_stylist_changes_a_box_in_every_way_and_it_ships_so(
    enter: Any, working: Shop, width: int, scheme: str
) -> None:
    client_id = f"dora{width}"
    working.client(client_id, sizes=("M", "L"), consent=False)
    worker = enter(Role.STYLIST, width, scheme)
    fix_id = request_fix(worker, client_id, budget="400")
    page = worker.page
    page.locator("#waits", has_text="Its items are reserved; it waits for a stylist.").wait_for()
    box = list_box(working, fix_id)
    assert len(box) >= 4

    first = page.locator("article.unit").first
    first.get_by_text("Swap for another", exact=True).click()
    out = str(first.locator("details input[name=out]").get_attribute("value"))
    into = first.locator("details input[name=into]").first
    came = str(into.get_attribute("value"))
    into.check()
    first.get_by_role("button", name="Swap").click()
    page.wait_for_url("**#box")
    box = list_box(working, fix_id)
    assert (out in box, came in box) == (False, True)

    last = page.locator("article.unit").last
    gone = str(last.locator("input[name=out]").first.get_attribute("value"))
    last.get_by_role("button", name="Take out").click()
    page.locator("article.unit").nth(len(box) - 2).wait_for()
    page.wait_for_function(f"() => document.querySelectorAll('article.unit').length === {len(box) - 1}")
    assert gone not in list_box(working, fix_id)

    page.locator("[name=search]").fill("no.")
    page.get_by_role("button", name="Search").click()
    offer = page.locator("#found form", has=page.get_by_role("button", name="Put in")).first
    added = str(offer.locator("input[name=into]").get_attribute("value"))
    offer.get_by_role("button", name="Put in").click()
    page.wait_for_function(f"() => document.querySelectorAll('article.unit').length === {len(box)}")
    assert added in list_box(working, fix_id)

    sized = page.locator("article.unit", has=page.locator("select[name=into]")).first
    before = str(sized.locator("input[name=out]").first.get_attribute("value"))
    other = str(sized.locator("select[name=into] option").first.get_attribute("value"))
    sized.get_by_role("button", name="Change").click()
    page.locator(f"input[name=out][value='{other}']").first.wait_for(state="attached")
    decided = list_box(working, fix_id)
    assert (before in decided, decided[other].item_id) == (False, before.rpartition("-")[0])

    page.get_by_role("button", name="Approve and ship").click()
    page.wait_for_url("**done=approve")
    page = worker.open(f"/fixes/{fix_id}")
    worker.reload_until("#who", "Shipped")
    shipped = list_box(working, fix_id)
    assert set(shipped) == set(decided)
    assert {row.state for row in shipped.values()} == {"sold"}
    assert "by stylist" in page.locator("#steps").inner_text()


@EVERY
def test_a_stylist_rejects_a_box_with_a_reason_and_its_units_are_free(
    enter: Any, working: Shop, width: int, scheme: str
) -> None:
    client_id = f"ella{width}"
    working.client(client_id, sizes=("M",), consent=False)
    worker = enter(Role.STYLIST, width, scheme)
    fix_id = request_fix(worker, client_id, budget="300")
    page = worker.page
    held = list_box(working, fix_id)
    assert {row.state for row in held.values()} == {"held"}
    page.get_by_label("Reason").select_option(label="Would not fit")
    page.get_by_role("button", name="Reject").click()
    page.wait_for_url("**done=reject")  # the next Fix, or the list
    page = worker.open(f"/fixes/{fix_id}")
    worker.reload_until("#who", "Cancelled")
    assert "rejected by stylist: would not fit" in page.locator("#steps").inner_text()
    assert list_box(working, fix_id) == {}
    left = select(t.fix_items.c.state).where(t.fix_items.c.fix_id == fix_id).distinct()
    assert ask(working.engine, left) == "released"
