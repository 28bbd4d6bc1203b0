"""Every route of the app, page and API, as nobody, as each role, and with a foreign, expired or stale token: who may
not, cannot, and sees nothing. A route without a rule fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import delete, update

from domain import permissions
from domain.permissions import Action, Disclosure
from models.actors import Actor, Channel, Role
from models.team import ApiKeyOrder
from services.team import passwords
from services.team.api_keys import create_key, revoke_key
from services.team.secrets import hash_token
from store.database import write_transaction
from store.tables import api_keys, clients, fixes, outreaches, sign_ins
from tests.web.auth import staff
from tests.web.auth.staff import add_staff, enter, find_form_token, get_app_context, visit
from tests.web.conftest import prepare_home
from web.app import create_app
from web.auth.callers import get_cookie_name
from web.auth.forms import build_token
from web.auth.rules import SAFE, PublicRoute, RouteRule, find_rule

STAFF: Final = sorted(permissions.STAFF)
PROGRAMS: Final = ("/v1/", "/ofrep/")
"""Paths of the API."""
NAME: Final = "Zebulonia"
"""The first name of every client here, so that it is seen wherever it leaks."""
ADDRESS: Final = "zebulonia-{}@shop.example"
VALUES: Final = {
    "client_id": "ada",
    "fix_id": "f1",
    "call_id": "c1",
    "decision_id": "d1",
    "draft_id": "ada:1",
    "slug": "spring",
    "n": "1",
    "name": "risk",
    "mail_id": "1",
    "account_id": "p-none",
    "key_id": "none",
    "token_hash": "0" * 64,
    "token": "none",
    "provider": "ses",
    "item_id": "coat-1",
    "digest": "0" * 8,
    "act": "pause",
    "part_name": "break",
    "import_id": "aaaa",
}
"""What stands in a path; a new parameter may be anything."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The site with somebody of every role."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", staff.QUICK)
        passwords._make_decoy.cache_clear()
        yield from _serve(tmp_path_factory.mktemp("walk"))


def _serve(home: Path) -> Iterator[TestClient]:
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}
    settings = prepare_home(home, **nowhere, api_key="the key", open_pages=False)
    with TestClient(
        create_app(settings), base_url="http://127.0.0.1:8000", headers=staff.OURS, raise_server_exceptions=False
    ) as client:
        for role in STAFF:
            add_staff(client, role.value, role)
        _name_everybody(client)
        yield client


def _name_everybody(site: TestClient) -> None:
    with write_transaction(get_app_context(site).engine) as connection:
        connection.execute(update(clients).values(first_name=NAME, email=ADDRESS.format(1)))
        connection.execute(update(fixes).values(note=f"{NAME} wants a coat"))
        draft = {"subject": f"For {NAME}", "greeting": f"Dear {NAME}", "paragraphs": [f"{NAME}!"], "items": []}
        connection.execute(update(outreaches).values(draft=draft))


@pytest.fixture(scope="module")
def browsers(site: TestClient) -> dict[Role, TestClient]:
    return {role: enter(site, role.value) for role in STAFF}


@pytest.fixture(scope="module")
def keys(site: TestClient) -> dict[Role, str]:
    engine, now = get_app_context(site).engine, datetime.now(UTC)
    owner = Actor(who="eve", role=Role.OWNER, channel=Channel.PAGE)
    return {role: create_key(engine, owner, ApiKeyOrder(name=role.value, role=role), now, now).secret for role in STAFF}


def list_routes(site: TestClient) -> list[RouteContext]:
    """Every route as it is included in the app, with what its router and the app require of it."""
    routes = iter_route_contexts(site.app.routes)  # type: ignore[attr-defined]
    return [route for route in routes if isinstance(route.original_route, APIRoute)]


def fill(route: RouteContext) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda match: VALUES.get(match[1], "none"), str(route.path))


def list_asked(site: TestClient) -> Iterator[tuple[RouteContext, RouteRule, str, str]]:
    """Every route that asks who somebody is: with its rule, method and address."""
    for route in list_routes(site):
        rule = find_rule(route.dependant)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            if isinstance(rule, RouteRule):
                yield route, rule, method, fill(route)


def may_ask(rule: RouteRule, role: Role) -> bool:
    actor = Actor(who="x", role=role, channel=Channel.PAGE)
    return any(permissions.may(actor, wish) for wish in rule.wishes)


def send(browser: TestClient, method: str, path: str, **more: Any) -> Any:
    return browser.request(method, path, follow_redirects=False, **more)


def test_every_route_says_who_may_ask(site: TestClient) -> None:
    assert len(list(list_asked(site))) > 80
    silent = [route.path for route in list_routes(site) if find_rule(route.dependant) is None]
    assert silent == [], "say dependencies=[needs(Action... or Disclosure...)] at the route, or open_to_all(why)"
    vague = [
        route.path
        for route, rule, method, _ in list_asked(site)
        if method not in SAFE
        and not any(isinstance(wish, Action) for wish in rule.wishes)
        and not str(route.path).startswith(PROGRAMS)
        and not str(route.path).endswith(("/check", "/frame"))
        and route.path not in {"/sign-out", "/suppressions"}  # an address is asked for in no URL; acts ask the service
    ]
    assert vague == [], "a post of a page changes something: name the action"


def test_what_is_open_to_all_is_known(site: TestClient) -> None:
    open_paths = {str(route.path) for route in list_routes(site) if isinstance(find_rule(route.dependant), PublicRoute)}
    beginnings = ("/sign-in", "/invitation/", "/u/", "/quiz/", "/confirm/", "/preferences/", "/m/", "/go/", "/o/")
    more = ("/pictures/", "/shop", "/healthz", "/metrics", "/v1/slots", "/v1/returns/", "/staff", "/s.js", "/visitor/")
    codec = ("/v1/codec/",)
    assert [path for path in open_paths if not path.startswith(beginnings + more + codec)] == []
    assert "/v1/slots/{name}" in {r.path for r, *_ in list_asked(site)}


def test_nobody_is_led_to_the_sign_in_and_shown_nothing(site: TestClient) -> None:
    browser = visit(site)
    for route, _, method, path in list_asked(site):
        answer = send(browser, method, path)
        program = path.startswith(PROGRAMS) or path.endswith(".json")
        wanted = 401 if program or method != "GET" else 303
        assert answer.status_code == wanted, (method, route.path)
        assert NAME not in answer.text, route.path


@pytest.mark.parametrize("role", STAFF)
def test_on_pages_each_role_gets_what_it_may_and_no_more(
    site: TestClient, browsers: dict[Role, TestClient], role: Role
) -> None:
    browser, masked = browsers[role], role not in permissions.READERS[Disclosure.PERSONAL]
    token = find_form_token(browser.get("/me").text)
    for route, rule, method, path in list_asked(site):
        if path.startswith(PROGRAMS) or path == "/sign-out":
            continue
        answer = send(browser, method, path, **({} if method == "GET" else {"data": {"token": token}}))
        assert (answer.status_code == 403) == (not may_ask(rule, role)), (method, route.path, answer.text[:300])
        if answer.status_code == 403:
            assert "may not do" in answer.text, route.path
        if masked or answer.status_code == 403:
            assert NAME not in answer.text, (role, route.path)
            assert "zebulonia" not in answer.text, (role, route.path)


@pytest.mark.parametrize("role", STAFF)
def test_over_the_api_each_role_gets_what_it_may_and_no_more(
    site: TestClient, keys: dict[Role, str], role: Role
) -> None:
    headers, masked = {"Authorization": f"Bearer {keys[role]}"}, role not in permissions.READERS[Disclosure.PERSONAL]
    program = visit(site)
    for route, rule, method, path in list_asked(site):
        if not path.startswith(PROGRAMS) or (path == "/v1/clients/ada" and method == "DELETE"):
            continue
        answer = send(program, method, path, headers=headers)
        assert (answer.status_code == 403) == (not may_ask(rule, role)), (method, route.path, answer.text[:300])
        if answer.status_code == 403:
            assert answer.json()["error"]["code"] == "not_allowed"
        if masked or answer.status_code == 403:
            assert NAME not in answer.text, (role, route.path)
            assert "zebulonia" not in answer.text, (role, route.path)


def test_a_foreign_an_expired_and_a_revoked_key_open_nothing(site: TestClient) -> None:
    engine, now = get_app_context(site).engine, datetime.now(UTC)
    owner = Actor(who="eve", role=Role.OWNER, channel=Channel.PAGE)
    made = [create_key(engine, owner, ApiKeyOrder(name=f"old{n}", role=Role.OWNER), now, now) for n in range(2)]
    with write_transaction(engine) as connection:
        old = update(api_keys).where(api_keys.c.key_id == made[0].key.key_id)
        connection.execute(old.values(expires_at=now - timedelta(seconds=1)))
    revoke_key(engine, owner, "old1", now, now)
    foreign = made[0].secret[:-4] + "abcd"
    program = visit(site)
    for given in (*(one.secret for one in made), foreign, "selvedge_", "the key ", "", "x" * 5_000):
        for _, _, method, path in list_asked(site):
            if path.startswith(PROGRAMS) and given != "the key ":
                headers = {"Authorization": f"Bearer {given}"}
                assert send(program, method, path, headers=headers).status_code == 401, (given, path)


def test_a_foreign_an_expired_and_an_ended_sign_in_open_nothing(site: TestClient) -> None:
    engine, now = get_app_context(site).engine, datetime.now(UTC)
    settings = get_app_context(site).settings
    signing, cookie = settings.keys.signing, get_cookie_name(settings)
    for name in ("expired", "ended", "foreign"):
        browser = enter(site, Role.OWNER.value)
        value = browser.cookies[cookie]
        of_browser = sign_ins.c.token_hash == hash_token(signing, "sign-in", value)
        with write_transaction(engine) as connection:
            if name == "expired":
                old = update(sign_ins).where(of_browser).values(began_at=now - timedelta(days=40))
                assert connection.execute(old).rowcount == 1
            elif name == "ended":
                assert connection.execute(delete(sign_ins).where(of_browser)).rowcount == 1
            else:
                browser.cookies.delete(cookie)
                browser.cookies.set(cookie, value[:-6] + "abcdef")
        for route, _, method, path in list_asked(site):
            if path.startswith(PROGRAMS):
                continue
            answer = send(browser, method, path)
            assert answer.status_code == (303 if method == "GET" and not path.endswith(".json") else 401), (name, path)
            assert NAME not in answer.text, (name, route.path)


def test_a_form_without_a_token_of_this_sign_in_changes_nothing(
    site: TestClient, browsers: dict[Role, TestClient]
) -> None:
    owner, stranger = browsers[Role.OWNER], enter(site, Role.OWNER.value)
    foreign = find_form_token(stranger.get("/me").text)
    for route, _, method, path in list_asked(site):
        if method in SAFE or path.startswith(PROGRAMS):
            continue
        for data in ({}, {"token": ""}, {"token": "made.up"}, {"token": foreign}):
            answer = send(owner, method, path, data=data)
            assert answer.status_code == 401, (route.path, data)
            assert "Nothing was changed" in answer.text, route.path
        cross = {"sec-fetch-site": "cross-site"}
        assert send(owner, method, path, data={"token": foreign}, headers=cross).status_code == 401, route.path
        other = send(owner, method, path, data={"token": foreign}, headers={"origin": "https://evil.example"})
        assert other.status_code == 401, route.path
    assert owner.get("/me").status_code == 200, "still signed in: no sign-out came through"


def test_tokens_do_not_fit_another_sign_in(site: TestClient, browsers: dict[Role, TestClient]) -> None:
    assert build_token.__name__ == "build_token"
    tokens = {find_form_token(browser.get("/me").text).split(".")[0] for browser in browsers.values()}
    assert len(tokens) == len(browsers)
