"""The pages of an owner and of oneself: people, keys, password, second factor, sign-ins; and the log of it all."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from models.actors import Role
from store.database import read_transaction, write_transaction
from store.tables import accounts, activity, api_keys, sign_in_failures
from tests.web.auth.staff import PASSWORD, add_staff, enter, find_form_token, get_app_context, sign_in, visit


def post(browser: TestClient, page: str, path: str, **fields: str) -> Any:
    return browser.post(path, data={"token": find_form_token(browser.get(page).text), **fields})


def find_secret(page: str) -> str:
    found = re.search(r'<code class="secret">([^<]+)</code>', page)
    assert found is not None, page
    return found[1]


def test_an_owner_invites_and_the_link_lets_in(site: TestClient) -> None:
    owner = enter(site, "Eve")
    made = post(owner, "/team", "/team", name="Zoë Ångström", role="marketer")
    assert made.status_code == 200
    link, browser = find_secret(made.text), visit(site)
    form = {
        "token": find_form_token(browser.get(link).text),
        "password": "seven of nine",
        "repeated_password": "seven of nine",
    }
    assert browser.post(link, data=form).status_code == 303
    assert ">Zoë Ångström</a>" in browser.get("/").text
    assert browser.get("/team").status_code == 403
    again = post(owner, "/team", "/team", name="zoë ångström", role="viewer")
    assert again.status_code == 422
    assert "somebody has this name already" in again.text
    assert 'value="zoë ångström"' in again.text, "what was typed stands"
    assert post(owner, "/team", "/team", name="X", role="client").status_code == 422


def test_another_role_holds_from_the_next_click_on(site: TestClient) -> None:
    account_id = add_staff(site, "Sue", Role.STYLIST)
    owner, sue = enter(site, "Eve"), enter(site, "Sue")
    assert sue.get("/mailbox").status_code == 200
    assert post(owner, "/team", f"/team/{account_id}/role", role="viewer").status_code == 303
    assert sue.get("/mailbox").status_code == 403
    assert post(owner, "/team", f"/team/{account_id}/disable").status_code == 303
    assert sue.get("/").status_code == 303
    assert sign_in(visit(site), "Sue").status_code == 401  # type: ignore[attr-defined]
    link = find_secret(post(owner, "/team", f"/team/{account_id}/reset").text)
    assert visit(site).get(link).status_code == 200


def test_the_last_owner_stays(site: TestClient) -> None:
    owner = enter(site, "Eve")
    with read_transaction(get_app_context(site).engine) as connection:
        account_id = connection.scalar(select(accounts.c.account_id))
    for path, more in (("role", {"role": "viewer"}), ("disable", {})):
        refused = post(owner, "/team", f"/team/{account_id}/{path}", **more)
        assert refused.status_code == 422
        assert "is the only owner who can sign in" in refused.text
    assert owner.get("/team").status_code == 200


def test_a_new_password_ends_the_other_sign_ins(site: TestClient) -> None:
    here, there = enter(site, "Eve"), enter(site, "Eve")
    new = {"password": "a tale of tubs", "repeated_password": "a tale of tubs"}
    assert post(here, "/me", "/me/password", old_password="wrong", **new).status_code == 422
    assert there.get("/").status_code == 200
    assert post(here, "/me", "/me/password", old_password=PASSWORD, **new).status_code == 303
    assert here.get("/me").status_code == 200
    assert there.get("/").status_code == 303
    assert sign_in(visit(site), "Eve").status_code == 401  # type: ignore[attr-defined]
    assert sign_in(visit(site), "Eve", "a tale of tubs").status_code == 303  # type: ignore[attr-defined]


def test_sign_ins_are_listed_and_ended(site: TestClient) -> None:
    here, there = enter(site, "Eve"), enter(site, "Eve")
    page = here.get("/me").text
    assert page.count("This one") == 1
    found = re.search(r'action="(/me/sign-ins/[0-9a-f]{64}/end)"', page)
    assert found is not None
    assert post(here, "/me", found[1]).status_code == 303
    assert there.get("/").status_code == 303
    other = enter(site, add_and_name(site))
    enter(site, "Eve")
    link = re.search(r'action="(/me/sign-ins/[0-9a-f]{64}/end)"', here.get("/me").text)
    assert link is not None
    assert post(other, "/me", link[1]).status_code == 404, "nobody ends the sign-in of somebody else"


def add_and_name(site: TestClient) -> str:
    add_staff(site, "Mia", Role.MARKETER)
    return "Mia"


def test_a_second_factor_asks_for_a_code_that_works_once(site: TestClient) -> None:
    here, there = enter(site, "Eve"), enter(site, "Eve")
    page = post(here, "/me", "/me/second-factor", step="propose").text
    secret = find_secret(page).replace(" ", "")
    proposal = page.split('name="proposal" value="')[1].split('"')[0]
    fields = {"step": "on", "proposal": proposal}
    wrong = here.post("/me/second-factor", data={"token": find_form_token(page), **fields, "code": "000000"})
    assert wrong.status_code == 422
    assert "its clock may be wrong" in wrong.text
    code = pyotp.TOTP(secret).now()
    on = here.post("/me/second-factor", data={"token": find_form_token(page), **fields, "code": code})
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", on.text)
    assert len(codes) == 8
    assert there.get("/").status_code == 303, "other sign-ins end"
    browser = visit(site)
    asked: Any = sign_in(browser, "Eve", next="/team")
    assert (asked.status_code, "One more step" in asked.text) == (200, True)
    assert browser.get("/").status_code == 303, "not signed in yet"
    pending = asked.text.split('name="pending" value="')[1].split('"')[0]
    form = {"token": find_form_token(asked.text), "pending": pending, "next": "/team"}
    assert browser.post("/sign-in", data=form | {"code": code}).status_code == 401, "used when it was set up"
    for _ in range(4):
        again: Any = sign_in(visit(site), "Eve")
        assert again.status_code == 200, "not done yet"
        assert browser.post("/sign-in", data=form | {"code": "123"}).status_code == 401
    assert browser.post("/sign-in", data=form | {"code": codes[0]}).status_code == 429, (
        "five wrong codes, whatever passwords were right between"
    )
    with write_transaction(get_app_context(site).engine) as connection:
        connection.execute(sign_in_failures.delete())
    assert browser.post("/sign-in", data=form | {"code": codes[0]}).headers["location"] == "/team"
    assert visit_with(site, form | {"code": codes[0]}).status_code == 401, "a recovery code works once"
    with read_transaction(get_app_context(site).engine) as connection:
        row = connection.execute(select(accounts)).one()
    assert secret not in row.totp_secret
    assert codes[1] not in str(row.recovery_hashes)


def visit_with(site: TestClient, form: dict[str, str]) -> Any:
    browser = visit(site)
    token = find_form_token(browser.get("/sign-in").text)
    return browser.post("/sign-in", data=form | {"token": token})


def test_a_key_is_shown_once_limited_and_revoked(site: TestClient) -> None:
    owner, program = enter(site, "Eve"), visit(site)
    refused = post(owner, "/keys", "/keys", name="feed", role="marketer", only="data.accept_events", days="30")
    assert "the role marketer may not do data.accept_events" in refused.text
    made = post(owner, "/keys", "/keys", name="feed", role="operator", only="shop.read, data.accept_events", days="30")
    secret = find_secret(made.text)
    assert secret not in owner.get("/keys").text
    headers = {"Authorization": f"Bearer {secret}"}
    assert program.get("/v1/clients/ada", headers=headers).json()["email"] == "•••", "limited: no personal data"
    assert program.put("/v1/clients/ada", headers=headers, json={}).status_code == 403
    event = {
        "event_id": "k1",
        "client_id": "ada",
        "type": "searched",
        "occurred_at": "2026-01-05T09:30:00Z",
        "query": "x",
    }
    assert program.post("/v1/events", headers=headers, json=[event]).json()["accepted"] == ["k1"]
    engine = get_app_context(site).engine
    with read_transaction(engine) as connection:
        row = connection.execute(select(api_keys)).one()
        assert connection.execute(select(activity.c.actor).where(activity.c.action == "key.create")).scalar() == "Eve"
    assert secret.split("_")[-1] not in str(row)
    assert row.used_at is not None
    assert "just now" in owner.get("/keys").text
    assert post(owner, "/keys", f"/keys/{row.key_id}/revoke").status_code == 303
    assert program.get("/v1/clients/ada", headers=headers).status_code == 401


def test_a_key_of_another_process_ends_within_seconds(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = {"Authorization": "Bearer the key"}
    made = site.post("/v1/keys", headers=owner, json={"name": "crm", "role": "viewer", "days": None}).json()
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert site.get("/v1/clients/ada", headers=headers).status_code == 200
    with write_transaction(get_app_context(site).engine) as connection:
        connection.execute(update(api_keys).values(revoked_at=datetime.now(UTC)))
    known = site.app.state.known_keys  # type: ignore[attr-defined]
    for digest, (_, expires_at, actor) in list(known._known.items()):
        known._known[digest] = (float("-inf"), expires_at, actor)
    assert site.get("/v1/clients/ada", headers=headers).status_code == 401
    assert site.delete("/v1/keys/crm", headers=owner).status_code == 404


def test_who_changed_what_is_found_and_exported(site: TestClient) -> None:
    account_id = add_staff(site, "=SUM(A1)", Role.STYLIST)
    owner = enter(site, "Eve")
    post(owner, "/team", f"/team/{account_id}/role", role="viewer")
    post(owner, "/keys", "/keys", name="feed", role="operator")
    page = owner.get("/activity").text
    assert "Role set" in page
    assert re.search(r"<small>role</small> Stylist", page)
    assert re.search(r"<small>role</small> Viewer", page)
    only = owner.get("/activity?kind=key").text
    assert "Key made" in only
    assert "<td>Role set" not in only
    assert "Nothing was changed that fits" in owner.get("/activity?who=nobody").text
    assert owner.get("/activity?since=yesterday").status_code == 422
    rows = list(csv.reader(io.StringIO(owner.get("/activity.csv?kind=account").text)))
    assert rows[1][8] == "'=SUM(A1)", "what a spreadsheet would compute is escaped"
    assert rows[1][10:12] == ['{"role": "stylist"}', '{"role": "viewer"}']
    headers = {"Authorization": "Bearer the key"}
    listed = site.get("/v1/activity?limit=1", headers=headers).json()
    assert listed["changes"][0]["action"] == "key.create"
    older = site.get(f"/v1/activity?limit=1&before={listed['before']}", headers=headers).json()
    assert older["changes"][0]["data"] == {"changed": {"role": ["stylist", "viewer"]}}
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert site.get("/v1/activity", params={"since": soon}, headers=headers).json()["changes"] == []
