"""What a stylist, a campaign owner and an operator do in a day, from page to effect, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from store.database import connect, read_transaction, write_transaction
from store.tables import clients, holds
from tests.browser.conftest import Tab
from tests.support.desk import load_state, put_draft


@pytest.fixture(scope="module")
def database(site: str, home: Path) -> str:
    """The store of the site, with two drafts on the desk."""
    url = f"sqlite:///{home / 'selvedge.db'}"
    engine = connect(url)
    with write_transaction(engine) as connection:
        put_draft(connection, "ada", 8, updated_at=datetime.now(UTC))
        put_draft(connection, "evil", 8)
    engine.dispose()
    return url


def test_a_draft_is_read_marked_while_typing_and_approved_by_keys(tab: Tab, database: str) -> None:
    page = tab.open("/review")
    page.keyboard.press("j")
    page.wait_for_url("**/review/ada:8")
    field = page.locator("textarea").nth(3)
    before = field.input_value()
    field.fill("All of it at 50 % off.")
    page.locator(".sentence.faulty mark", has_text="50").wait_for()
    assert "cannot be approved like this" in page.locator("#verdict").inner_text()
    field.fill(before)
    page.locator("#verdict .fine").wait_for()
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/evil:8*")
    assert "Approved" in page.get_by_role("status").first.inner_text()
    assert load_mail(database)[0] == "scheduled"
    assert tab.complaints == []


def test_a_campaign_owner_pauses_and_resumes(phone: Tab) -> None:
    page = phone.open("/campaigns/spring")
    page.get_by_role("link", name="Pause").click()
    page.get_by_label("Reason").fill("stock")
    page.get_by_role("button", name="Pause").click()
    assert "It is paused." in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume").click()
    assert "It goes on." in page.get_by_role("status").inner_text()


def test_an_operator_creates_pauses_and_edits_a_client(tab: Tab, database: str) -> None:
    page = tab.open("/new-client")
    page.locator("[name=client_id]").fill("zoe")
    page.locator("[name=email]").fill("zoe@example.com")
    page.locator("[name=first_name]").fill("Zoë 𝕫 زوي")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/clients/zoe?done=new")
    page.get_by_role("link", name="Pause mail").click()
    page.get_by_label("Reason").fill("asked by phone")
    page.get_by_role("button", name="Pause mail").click()
    page.wait_for_url("**/clients/zoe?done=pause")
    page.get_by_role("link", name="Edit").click()
    page.locator("[name=email]").fill("zoe@example.org")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/clients/zoe?done=edit")
    engine = connect(database)
    with read_transaction(engine) as connection:
        address = connection.scalar(select(clients.c.email).where(clients.c.client_id == "zoe"))
        reason = connection.scalar(select(holds.c.reason).where(holds.c.client_id == "zoe"))
    assert (address, reason) == ("zoe@example.org", "asked by phone")
    engine.dispose()


def test_all_on_a_page_are_marked_by_one_box(tab: Tab) -> None:
    page = tab.open("/clients")
    page.get_by_label("Mark all on this page").check()
    assert page.locator("input[name^='pick.']:checked").count() == page.locator("tbody tr").count()
    page.get_by_role("button", name="Pause").click()
    assert "Pause mail for" in page.locator("form.fields button").inner_text()


def load_mail(url: str) -> tuple[str, str]:
    engine = connect(url)
    with read_transaction(engine) as connection:
        found = load_state(connection, "ada", 8)
    engine.dispose()
    return found
