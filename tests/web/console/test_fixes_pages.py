"""The stylist's pages: what they show, who may act on them, and what they refuse."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Insert, Update

from models.base import utc
from models.fixes import FixWish
from store.database import connect, write_transaction
from store.revisions import raise_number
from store.tables import clients, fix_items, fix_steps, fixes, items, stock
from tests.support.algorithms import wait_until
from tests.web import sample_shop

OURS = {"sec-fetch-site": "same-origin"}


def find_token(page: str) -> str:
    match = re.search(r'name="token" value="([^"]+)"', page)
    assert match is not None
    return match.group(1)


def test_what_waits_for_a_decision_is_listed_first(site: TestClient) -> None:
    waiting = site.get("/fixes").text
    assert "/fixes/f1" in waiting
    assert "/fixes/f2" not in waiting
    assert "/fixes/f2" in site.get("/fixes?state=").text


def test_a_box_is_shown_with_its_wish_its_chances_and_what_may_go_in_instead(site: TestClient) -> None:
    page = site.get("/fixes/f1").text
    assert "A coat for the walk to work" in page
    assert "61 % likely to be kept, 86 % to fit" in page
    assert "2 items" in page
    assert "578" in page
    # One knit is in the box and two may be: another knit may take the coat's place.
    assert 'value="knit-1-M"' in page
    assert "Too expensive" in page


def change_store(site: TestClient, change: Insert | Update) -> None:
    engine = connect(site.app.state.context.settings.database)  # type: ignore[attr-defined]
    with write_transaction(engine) as connection:
        connection.execute(change)
        for name in ("catalogue", "stock"):
            raise_number(connection, name)
    engine.dispose()


def test_the_whole_catalogue_is_searched(site: TestClient) -> None:
    change_store(site, items.insert().values(**sample_shop.build_item("skirt-1", "Wool skirt", "skirt", "navy")))
    change_store(site, stock.insert().values(sku="skirt-1-M", item_id="skirt-1", size="M", on_hand=2, reserved=0))

    def search() -> str:
        page = site.get("/fixes/f1?search=wool skirts&out=knit-0-M").text
        return page.partition('id="found"')[2].partition("</ul>")[0]

    assert wait_until(lambda: 'value="skirt-1-M"' in search())  # each process looks for changes of the catalogue
    found = search()
    assert "Bottom" in found
    assert "Nothing of this may go into the box." in site.get("/fixes/f1?search=submarine").text


def test_each_item_of_a_box_is_offered_in_the_other_sizes_that_the_client_wears(site: TestClient) -> None:
    change_store(site, clients.update().where(clients.c.client_id == "ada").values(sizes=["S", "M", "L"]))
    for size, free in (("S", 1), ("L", 2), ("XL", 0), ("XXL", 3)):
        row = {"sku": f"knit-0-{size}", "item_id": "knit-0", "size": size, "on_hand": free, "reserved": 0}
        change_store(site, stock.insert().values(**row))

    def list_sizes() -> list[str]:
        offered = re.search(r"<label>Size <select[^>]*>(.*?)</select>", site.get("/fixes/f1").text)
        return re.findall(r'value="([^"]+)"', offered.group(1)) if offered else []

    assert wait_until(lambda: set(list_sizes()) == {"knit-0-S", "knit-0-L"}), list_sizes()
    change_store(site, stock.update().where(stock.c.sku == "knit-0-S").values(reserved=1))
    assert list_sizes() == ["knit-0-L"]


@pytest.mark.parametrize(
    "change",
    [
        {"wish": FixWish(budget=Decimal(300)).model_dump(mode="json")},
        {"note_read": {"fields": {"item_cap": "1"}}},  # what was read in a note binds the decision, so the offers too
    ],
)
def test_a_unit_that_breaks_a_rule_is_not_offered(site: TestClient, change: dict[str, Any]) -> None:
    change_store(site, fix_items.update().where(fix_items.c.fix_id == "f1").values(price_cents=10_000))
    assert 'value="bag-1-M"' in site.get("/fixes/f1").text
    change_store(site, fixes.update().where(fixes.c.fix_id == "f1").values(**change))
    assert 'value="bag-1-M"' not in site.get("/fixes/f1").text


def test_an_item_whose_hold_ran_out_is_still_one_of_the_box(site: TestClient) -> None:
    """An approval would take it again, and so must be given by somebody who saw it."""
    change_store(site, fix_items.update().where(fix_items.c.sku == "knit-0-M").values(state="expired"))
    page = site.get("/fixes/f1").text
    assert "2 items" in page
    assert "No longer reserved" in page


def test_the_box_is_worth_what_is_in_it_now(site: TestClient) -> None:
    assert "1.22 of these items are expected to be kept" in site.get("/fixes/f1").text
    change_store(site, fix_items.update().where(fix_items.c.sku == "knit-0-M").values(score=0.3))
    assert "0.91 of these items are expected to be kept" in site.get("/fixes/f1").text


def test_words_for_the_client_are_told_as_such(site: TestClient) -> None:
    assert "86 % to fit. Reason shown to the client: “Like the coat you kept”." in site.get("/fixes/f1").text


@pytest.mark.parametrize(
    ("state", "code", "data", "words"),
    [
        ("approved", "approved_by_stylist", {"decided_by": "Eve"}, "Approved by Eve"),
        ("approved", "approved_by_stylist", None, "Approved by a stylist"),
        ("proposed", "swapped", {"out": [], "in": [], "decided_by": "<b>"}, "To decide swapped by &lt;b&gt;"),
        ("cancelled", "rejected_by_stylist", {"decided_by": ""}, "Cancelled rejected by a stylist"),
        ("shipped", "", None, "Shipped"),
    ],
)
def test_a_step_names_who_decided(site: TestClient, state: str, code: str, data: Any, words: str) -> None:
    at = utc(2026, 11, 21)
    change_store(site, fix_steps.insert().values(fix_id="f1", at=at, state=state, code=code, data=data))
    assert f"<span>{words}</span>" in re.sub("</?small>", "", site.get("/fixes/f1").text)


def test_a_note_that_was_not_read_is_told_as_such(site: TestClient) -> None:
    change_store(site, fixes.update().where(fixes.c.fix_id == "f1").values(note_read=None))
    assert "The note was not read into fields." in site.get("/fixes/f1").text


def test_a_client_s_page_lists_their_fixes(site: TestClient) -> None:
    page = site.get("/clients/ada").text
    assert 'href="/fixes/f1"' in page
    assert "2 items, $578.00" in page
    assert "/fixes/f2" not in page
    assert 'id="fixes"' not in site.get("/clients/client002").text


def test_only_a_proposed_box_can_be_decided_on(site: TestClient) -> None:
    assert 'name="verdict"' in site.get("/fixes/f1").text
    assert 'name="verdict"' not in site.get("/fixes/f2").text


def test_another_site_cannot_decide(site: TestClient) -> None:
    form = {"token": find_token(site.get("/fixes/f1").text), "verdict": "approve"}
    answer = site.post("/fixes/f1/decision", data=form, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["", "made-up", "WyJmMSJd.aaaa.bbbb"])
def test_a_form_without_our_token_decides_nothing(site: TestClient, token: str) -> None:
    answer = site.post("/fixes/f1/decision", data={"token": token, "verdict": "approve"}, headers=OURS)
    assert answer.status_code == 401


def test_a_box_that_changed_since_it_was_opened_is_not_decided_on(site: TestClient) -> None:
    token = find_token(site.get("/fixes/f1").text)
    change_store(site, fix_items.update().where(fix_items.c.sku == "knit-0-M").values(state="released"))
    answer = site.post("/fixes/f1/decision", data={"token": token, "verdict": "approve"}, headers=OURS)
    assert answer.status_code == 422
    assert "changed since the page was opened" in answer.text


def test_a_decision_waits_for_temporal_and_says_so(site: TestClient) -> None:
    form = {"token": find_token(site.get("/fixes/f1").text), "verdict": "approve", "by": "Sam"}
    answer = site.post("/fixes/f1/decision", data=form, headers=OURS)
    assert answer.status_code == 503
    assert "Temporal does not answer" in answer.text


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"verdict": "burn"}, "Verdict"),
        ({"verdict": "swap", "out": "knit-0-M", "into": "../../etc"}, "The item that comes in"),
    ],
)
def test_a_decision_that_cannot_be_read_is_refused_on_the_page(
    site: TestClient, form: dict[str, str], message: str
) -> None:
    form = {"token": find_token(site.get("/fixes/f1").text), **form}
    answer = site.post("/fixes/f1/decision", data=form, headers=OURS, follow_redirects=False)
    assert answer.status_code == 422
    assert re.search(rf'role="alert">[^<]*{message}', answer.text)
