"""Signing in: by name and password, under a new token each time, slowed down when it fails, and ended in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from models.actors import Role
from services.team.invitations import LinkBase, build_first_link, build_link
from store.database import read_transaction, write_transaction
from store.tables import accounts, sign_in_failures, sign_ins
from tests.web.auth.staff import PASSWORD, add_staff, enter, find_form_token, get_app_context, sign_in, visit

COOKIE = "selvedge_sign_in"


def age_sign_ins(site: TestClient, **columns: timedelta) -> None:
    """Make every sign-in so much older."""
    moments = {name: datetime.now(UTC) - age for name, age in columns.items()}
    with write_transaction(get_app_context(site).engine) as connection:
        connection.execute(update(sign_ins).values(**moments))


def test_nobody_sees_a_page_and_the_sign_in_leads_back(site: TestClient) -> None:
    browser = visit(site)
    answer = browser.get("/clients?q=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/clients%3Fq%3Da")
    page = browser.get(answer.headers["location"]).text
    assert 'name="next" value="/clients?q=a"' in page
    assert "/campaigns" not in page, "the head leads nowhere yet"
    done: Any = sign_in(browser, "eve ", next="/clients?q=a")
    assert (done.status_code, done.headers["location"]) == (303, "/clients?q=a")
    assert "Ada" in browser.get("/clients").text
    assert ">Eve</a>" in browser.get("/clients").text


def test_the_cookie_is_strict_and_the_database_holds_no_token(site: TestClient) -> None:
    browser = visit(site)
    answer: Any = sign_in(browser, "Eve")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    with read_transaction(get_app_context(site).engine) as connection:
        stored = connection.scalars(select(sign_ins.c.token_hash)).one()
    assert browser.cookies[COOKIE] not in stored


def test_a_sign_in_never_goes_on_under_a_token_that_was_there_before(site: TestClient) -> None:
    browser = visit(site)
    browser.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1")
    sign_in(browser, "Eve")
    first = [one.value for one in browser.cookies.jar if one.name == COOKIE]
    assert "planted-by-somebody-else" not in first
    stranger = visit(site)
    stranger.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1")
    assert stranger.get("/").status_code == 303
    second = enter(site, "Eve")
    again = visit(site)
    again.cookies.set(COOKIE, second.cookies[COOKIE])
    assert again.get("/").status_code == 200
    token = find_form_token(again.get("/clients").text)
    again.post("/sign-out", data={"token": token})
    assert second.get("/").status_code == 303, "who signs out ends it everywhere"


@pytest.mark.parametrize(("name", "password"), [("Eve", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_what_is_wrong_is_not_said_closer(site: TestClient, name: str, password: str) -> None:
    answer: Any = sign_in(visit(site), name, password)
    assert answer.status_code == 401
    assert "do not go together" in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


def test_failed_tries_are_slowed_down_even_for_the_right_password(site: TestClient) -> None:
    browser = visit(site)
    for _ in range(5):
        assert sign_in(browser, "Eve", "wrong").status_code == 401  # type: ignore[attr-defined]
    slow: Any = sign_in(visit(site), "EVE")
    assert slow.status_code == 429
    assert int(slow.headers["retry-after"]) <= 31
    assert "The next one is possible in" in slow.text
    with write_transaction(get_app_context(site).engine) as connection:
        connection.execute(update(sign_in_failures).values(last_at=datetime.now(UTC) - timedelta(seconds=31)))
    assert sign_in(browser, "Eve").status_code == 303  # type: ignore[attr-defined]


def test_many_names_from_one_address_are_slowed_down_too(site: TestClient) -> None:
    browser = visit(site)
    for n in range(20):
        assert sign_in(browser, f"guess{n}", "wrong").status_code == 401  # type: ignore[attr-defined]
    assert sign_in(browser, "Eve").status_code == 429  # type: ignore[attr-defined]


@pytest.mark.parametrize("column", ["began_at", "seen_at"])
def test_a_sign_in_ends_by_age_and_for_want_of_use(site: TestClient, column: str) -> None:
    browser = enter(site, "Eve")
    settings = get_app_context(site).settings
    hours = settings.sign_in_hours if column == "began_at" else settings.sign_in_idle_hours
    age_sign_ins(site, **{column: timedelta(hours=hours) - timedelta(minutes=1)})
    assert browser.get("/").status_code == 200
    age_sign_ins(site, **{column: timedelta(hours=hours)})
    assert browser.get("/").status_code == 303


def test_a_sign_in_leads_to_no_other_site(site: TestClient) -> None:
    for path in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb"):
        answer: Any = sign_in(visit(site), "Eve", next=path)
        assert answer.headers["location"] == "/", path


def test_another_site_cannot_sign_somebody_in(site: TestClient) -> None:
    form = {"name": "Eve", "password": PASSWORD, "token": find_form_token(visit(site).get("/sign-in").text)}
    assert visit(site).post("/sign-in", data=form).status_code == 401, "the token of another browser"
    browser = visit(site)
    form["token"] = find_form_token(browser.get("/sign-in").text)
    strange = browser.post("/sign-in", data=form, headers={"sec-fetch-site": "cross-site"})
    assert (strange.status_code, COOKIE in browser.cookies) == (401, False)


def test_what_was_written_when_the_sign_in_had_ended_is_sent_after_the_next(site: TestClient) -> None:
    browser = enter(site, "Eve")
    page = browser.get("/clients/ada").text
    age_sign_ins(site, began_at=timedelta(days=9))
    form = {"token": find_form_token(page), "confirm": "a<b>da"}
    refused = browser.post("/clients/ada/erase", data=form)
    assert refused.status_code == 401
    assert "you can send what you wrote" in refused.text
    assert "Here is what you wrote" in refused.text or 'name="carried"' in refused.text
    carried = refused.text.split('name="carried" value="')[1].split('"')[0].replace("&#34;", '"')
    carried = carried.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    again = {"token": find_form_token(refused.text), "name": "Eve", "password": PASSWORD, "carried": carried}
    answer = browser.post("/sign-in", data=again)
    assert answer.status_code == 200
    assert "a&lt;b&gt;da" in answer.text
    sent = browser.post("/clients/ada/erase", data={"token": find_form_token(answer.text), "confirm": "ada"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/clients/ada/erasure")


def test_the_first_owner_is_made_once(site: TestClient) -> None:
    context = get_app_context(site)
    base = LinkBase("http://127.0.0.1:8000", context.settings.keys.signing)
    assert build_first_link(context.engine, base) == "", "Eve is the owner"
    with write_transaction(context.engine) as connection:
        connection.execute(accounts.delete())
    link = build_first_link(context.engine, base)
    browser = visit(site)
    token = find_form_token(browser.get(link).text)
    form = {"token": token, "name": "Ola", "password": "three blind mice", "repeated_password": "three blind mice"}
    for wrong in ({"password": "short", "repeated_password": "short"}, {"repeated_password": "other"}, {"name": " "}):
        refused = browser.post(link, data=form | wrong)
        assert (refused.status_code, "Ola" in refused.text) == (422, "name" not in wrong)
    assert browser.post(link, data=form).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    assert visit(site).get(link).status_code == 401
    assert "was used" in visit(site).get(link).text


def test_an_invitation_is_used_once_and_expires(site: TestClient) -> None:
    account_id = add_staff(site, "Mia", Role.MARKETER)
    context = get_app_context(site)
    base = LinkBase("http://127.0.0.1:8000", context.settings.keys.signing)
    old = enter(site, "Mia")
    link, browser = build_link(base, account_id, 1), visit(site)
    form = {
        "token": find_form_token(browser.get(link).text),
        "password": "a new long one",
        "repeated_password": "a new long one",
    }
    assert browser.post(link, data=form).status_code == 303
    assert old.get("/").status_code == 303, "a new password ends older sign-ins"
    assert browser.post(link, data=form).status_code == 401
    for stale in (link[:-2], build_link(base, account_id, 1), build_link(base, "nobody", 1)):
        assert visit(site).get(stale).status_code == 401
