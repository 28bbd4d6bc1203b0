"""What people of each role do in pages, from sign-in to effect, in a real browser: at a desk and on a phone, some of it
by keyboard alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Engine, select

from models.actors import Role
from models.clients import ClientRow
from services.clients import registration
from settings import Settings
from store import tables as t
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.privacy import erasure
from tests.browser.staff import KEY, SIGNING, ask
from tests.support.algorithms import wait_until
from tests.support.desk import load_state, put_draft
from tests.support.private_data import ADDRESS, CANARIES, NAME, iterate_all_rows
from tests.web.sample_shop import NOW

FILE: Final = "Kunden-Nr;E-Mail;Vorname\nn1;n1@example.com;Zo\u00eb\nn2;nobody;Ben\nn3;n3@example.com;Cleo\n"
WIDTHS: Final = (1440, 390)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_operator_imports_a_file_with_a_bad_row(enter: Any, engine: Engine, width: int) -> None:
    worker = enter(Role.OPERATOR, width, "dark" if width < 500 else "light")
    page = worker.open("/import")
    content = FILE.replace("n1", f"n1-{width}").replace("n3", f"n3-{width}")
    page.get_by_label("File").set_input_files(
        {"name": "customers.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    assert page.get_by_label("Email, needed").input_value() == "E-Mail"
    assert "1 would be refused" in page.locator("main").inner_text()
    page.get_by_role("button", name="Take it in").click()
    page.locator("#progress dd").first.wait_for(timeout=15_000)
    page.reload()
    assert "email" in page.locator("#rejects tbody").inner_text()
    address = select(t.clients.c.email).where(t.clients.c.client_id == f"n1-{width}")
    assert ask(engine, address) == f"n1-{width}@example.com"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_marketer_builds_a_campaign_and_an_operator_lets_it_out(enter: Any, engine: Engine, width: int) -> None:
    page, slug = enter(Role.MARKETER, width).open("/campaigns"), f"autumn-{width}"
    page.get_by_role("link", name="New campaign").click()
    page.locator("[name=name]").fill("Autumn")
    page.locator("[name=slug]").fill(slug)
    before = page.locator("#reach").inner_text()
    page.get_by_label("Cooling").first.check()
    page.wait_for_function("before => document.getElementById('reach').innerText !== before", arg=before)
    page.locator("[name='steps.0.mail.message']").fill("Our autumn edit is in.")
    page.get_by_role("button", name="Add: wait", exact=True).click()
    page.locator("[name='steps.1.wait']").fill("soon")
    page.get_by_role("button", name="Save the draft").click()
    assert "is no span of time" in page.locator("[id='wrong-steps.1.wait']").inner_text().lower()
    page.locator("[name='steps.1.wait']").fill("3d")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Ask for approval").click()
    assert "an operator or the owner approves it" in page.locator("#next").inner_text()
    other = enter(Role.OPERATOR, width).open(f"/campaigns/{slug}/versions")
    other.get_by_role("button", name="Approve this version").click()
    page.reload()
    page.get_by_role("button", name="Start it now").click()
    assert "It runs." in page.get_by_role("status").inner_text()
    assert ask(engine, select(t.campaigns.c.state).where(t.campaigns.c.slug == slug)) == "running"


def test_a_data_scientist_promotes_an_algorithm_which_answers(enter: Any, guarded: str, engine: Engine) -> None:
    def ask_for_list() -> str:
        answer = httpx.get(
            f"{guarded}/v1/recommendations?client_id=client005&n=2", headers={"authorization": f"Bearer {KEY}"}
        )
        return str(answer.json()["algorithm"])

    assert ask_for_list() != "first"
    page = enter(Role.DATA_SCIENTIST).open("/algorithms")
    card = page.locator("#algorithm-first")
    card.get_by_text("Promote", exact=True).click()
    card.get_by_role("button", name="Promote first").click()
    page.wait_for_url("**/algorithms?done=changed**", timeout=60_000)
    assert "first answers" in page.locator("#slot-ranking").inner_text()
    assert "promote first in ranking" in page.locator("#history").inner_text()
    assert wait_until(lambda: ask_for_list() == "first", 30)
    put_on_record = select(t.activity.c.actor).where(t.activity.c.action == "slot.set_policy")
    assert ask(engine, put_on_record) == "data_scientist"
    page.get_by_role("button", name="Back to the champion before").click()
    page.wait_for_url("**/algorithms?done=changed**")
    assert wait_until(lambda: ask_for_list() != "first", 30)


def test_an_operator_exports_and_erases_a_client(enter: Any, engine: Engine, home: Path) -> None:
    settings, now = Settings(home=home, signing_key=SIGNING, _env_file=None), datetime.now(UTC)
    row = {"client_id": "leaver", "email": ADDRESS, "first_name": NAME, "consent": True}
    with write_transaction(engine) as connection:
        terms = ShopPolicy.from_settings(settings)
        registration.upsert_clients(connection, [ClientRow.model_validate(row)], terms, NOW, now)
        put_draft(connection, "leaver", first_name=NAME)
    worker = enter(Role.OPERATOR, 390, "dark")
    page = worker.open("/clients/leaver")
    assert NAME in page.locator("main").inner_text()
    with page.expect_download() as export:
        page.get_by_role("link", name="Export all their data (JSON)").click()
    exported = Path(export.value.path()).read_text()
    assert (NAME in exported, ADDRESS in exported) == (True, True)
    page.get_by_text("Erase this client", exact=True).click()
    page.locator("[name=confirm]").fill("leaver")
    page.get_by_role("button", name="Erase").click()
    page.wait_for_url("**/clients/leaver/erasure")
    assert "no mail leaves any more" in page.locator("#progress").inner_text()
    with write_transaction(engine) as connection:  # as a worker does
        erasure.replace_with_tombstone(connection, SIGNING, "leaver", now)
        while erasure.erase_batch(connection, "leaver"):
            pass
        erasure.mark_erased(connection, SIGNING, "leaver", now)
    with read_transaction(engine) as connection:
        left = [(name, word) for name, row in iterate_all_rows(connection) for word in CANARIES if word in row]
    assert left == []
    page.locator("#progress", has_text="Nothing is left of them").wait_for(timeout=15_000)
    page = worker.open("/clients/leaver")
    assert NAME not in page.content()
    assert "erased" in page.locator("main").inner_text()
    worker.watch.complaints = [said for said in worker.watch.complaints if "410" not in said]


def test_an_operator_pauses_a_client_and_undoes_it_by_keys_alone(enter: Any, engine: Engine) -> None:
    worker = enter(Role.OPERATOR)
    page = worker.open("/clients")
    page.keyboard.press("/")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=ada**")
    worker.walk_to("Ada")
    page.keyboard.press("Enter")
    worker.walk_to("Pause mail")
    page.keyboard.press("Enter")
    page.wait_for_url("**/acts/pause")
    page.keyboard.type("asked by phone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/ada?done=pause")
    held = select(t.holds.c.reason).where(t.holds.c.client_id == "ada", t.holds.c.source == "operator")
    assert ask(engine, held) == "asked by phone"
    worker.walk_to("Undo", "button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/ada?done=resume")
    assert ask(engine, held) is None


def test_the_palette_leads_anywhere_by_keys_alone(enter: Any) -> None:
    page = enter(Role.MARKETER).open("/kpis")
    page.keyboard.press("Control+k")
    page.keyboard.type("supp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/suppressions")
    page.keyboard.press("Control+k")
    page.keyboard.type("person 7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients?q=person%207")
    assert page.get_by_role("link", name="Person 7").count() == 1
    page.keyboard.press("Control+k")
    assert page.get_by_role("option", name="Team", exact=True).count() == 0, "a marketer has no team to look after"
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()


def test_a_marketer_suppresses_a_mailbox_by_keys_alone(enter: Any, engine: Engine) -> None:
    worker = enter(Role.MARKETER)
    page = worker.open("/suppressions")
    worker.walk_to("Address It is kept as a hash alone: to look for one, type it.", "textbox")
    page.keyboard.type("client007@example.com")
    worker.walk_to("Mail it no more", "button")
    page.keyboard.press("Enter")
    assert "No mail goes there any more." in page.get_by_role("status").inner_text()
    assert ask(engine, select(t.suppressions.c.by)) == "marketer"


def test_a_stylist_approves_a_draft_by_keys_alone(enter: Any, engine: Engine) -> None:
    worker = enter(Role.STYLIST)
    page = worker.open("/review")
    page.keyboard.press("j")
    page.wait_for_url("**/review/ada:8")
    worker.walk_to("Approve", "button")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    with read_transaction(engine) as connection:
        assert load_state(connection, "ada", 8)[0] == "scheduled"


def test_an_operator_mends_an_address_by_keys_alone(enter: Any, engine: Engine) -> None:
    worker = enter(Role.OPERATOR)
    page = worker.open("/clients/client009")
    worker.walk_to("Edit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/client009/edit")
    worker.walk_to("Address", "textbox")
    page.keyboard.press("Control+a")
    page.keyboard.type("nowhere")
    page.keyboard.press("Enter")
    assert page.url.endswith("/edit"), "no address: the browser holds it back"
    page.keyboard.press("Control+a")
    page.keyboard.type("nine@example.net")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/client009?done=edit")
    assert ask(engine, select(t.clients.c.email).where(t.clients.c.client_id == "client009")) == "nine@example.net"
    saved = (t.activity.c.action == "client.save") & (t.activity.c.subject_id == "client009")
    assert ask(engine, select(t.activity.c.actor).where(saved)) == "operator"


def test_a_viewer_is_offered_no_act_and_no_name(enter: Any) -> None:
    worker = enter(Role.VIEWER)
    for path in ("/clients", "/campaigns", "/campaigns/spring", "/suppressions"):
        page = worker.open(path)
        assert "Person 7" not in page.content()
        for name in ("New client", "New campaign", "Mail it no more"):
            assert page.get_by_text(name, exact=True).count() == 0, (path, name)
    page = worker.open("/algorithms")
    assert page.locator("#algorithm-first").count() == 1
    assert page.locator("main form").count() == 0, "nothing to promote by"
    page = worker.open("/clients/client003")
    assert page.get_by_text("Erase this client").count() == 0
    for path in ("/import", "/clients/client003/export", "/clients/client003/acts/pause"):
        assert "may not" in worker.open(path).locator("main").inner_text(), path
    worker.watch.complaints.clear()
