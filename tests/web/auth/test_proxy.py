"""Signing in by a proxy: whom it names is let in, and nobody gets in by naming themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from domain.proxy_peers import PEER, NamedUser, read_user
from errors import ConfigError, Forbidden
from models.actors import Actor, Channel, Role
from services.team import passwords
from services.team.invitations import add_person
from services.team.people import disable_person, list_people
from settings import load
from store.activity import list_activities
from store.database import read_transaction, write_transaction
from tests.support.site import build_app
from tests.web.auth import staff
from tests.web.conftest import prepare_home
from web.auth.proxy import ignored
from web.context import WebContext

PROXY = "10.1.2.3"
OUTSIDER = "203.0.113.9"
SETTINGS: dict[str, Any] = {"proxy_user_header": "X-Forwarded-User", "proxy_networks": "10.1.0.0/16, fd00::/8"}
BY_GROUPS = {"proxy_groups_header": "X-Forwarded-Groups", "proxy_roles": "admins=owner,marketing=marketer"}


class From:
    """The app as a connection from `peer` reaches it, which hosting/http_connection.py notes."""

    def __init__(self, app: FastAPI, peer: str) -> None:
        self.app, self._peer = app, peer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, PEER: self._peer}, receive, send)


def come(app: FastAPI, peer: str = PROXY, *headers: tuple[str, str]) -> TestClient:
    """A browser whose requests come from `peer` with these headers."""
    browser = TestClient(From(app, peer), base_url="http://127.0.0.1:8000", follow_redirects=False)
    browser.headers = [*staff.OURS.items(), *headers]
    return browser


def come_as(app: FastAPI, name: str, *more: tuple[str, str], peer: str = PROXY) -> TestClient:
    return come(app, peer, ("X-Forwarded-User", name), *more)


def open_site(home: Path, **more: Any) -> FastAPI:
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}
    return build_app(prepare_home(home, open_pages=False, **nowhere, **SETTINGS, **more))


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", staff.QUICK)
        passwords._make_decoy.cache_clear()
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A site that lets in whomever the proxy names, as a viewer."""
    app = open_site(tmp_path_factory.mktemp("any"), proxy_default_role="viewer", proxy_sign_out="/oauth2/sign_out")
    staff.add_staff(TestClient(app), "Eve", Role.OWNER)
    return app


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A site that lets in those alone whom an owner invited."""
    return open_site(tmp_path_factory.mktemp("strict"))


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A site where groups give roles."""
    return open_site(tmp_path_factory.mktemp("grouped"), **BY_GROUPS)


def get_context(app: FastAPI) -> WebContext:
    context: WebContext = app.state.context
    return context


def find_account(app: FastAPI, name: str) -> Any:
    people = list_people(get_context(app).engine).accounts
    return next((one for one in people if one.name == name), None)


def list_records(app: FastAPI, who: str) -> list[str]:
    with read_transaction(get_context(app).engine) as connection:
        return [row.action for row in list_activities(connection) if row.actor.who == who]


def test_whom_the_proxy_names_is_let_in_and_put_on_record_once(site: FastAPI) -> None:
    browser = come_as(site, "mia@shop.example")
    assert browser.get("/campaigns").status_code == 200
    assert browser.get("/team").status_code == 403
    assert find_account(site, "mia@shop.example").role is Role.VIEWER
    assert list_records(site, "mia@shop.example") == ["account.join_by_provider"]
    # In capitals it is the same person: who was let in no more would else come again.
    assert come_as(site, "MIA@shop.example").get("/campaigns").status_code == 200
    assert find_account(site, "MIA@shop.example") is None


@pytest.mark.parametrize("peer", [PROXY, "fd12::7", "::ffff:10.1.2.3", "fd12::7%eth0"])
def test_a_peer_inside_is_believed(site: FastAPI, peer: str) -> None:
    assert come_as(site, "Mia", peer=peer).get("/campaigns").status_code == 200


@pytest.mark.parametrize("peer", [OUTSIDER, "10.2.0.1", "fe80::1", "::ffff:203.0.113.9", "127.0.0.1", "unix:", ""])
def test_a_header_from_anywhere_else_names_nobody(site: FastAPI, peer: str) -> None:
    before = ignored._value.get()
    # What a proxy says of the address from which somebody came counts for nothing here.
    browser = come(site, peer, ("X-Forwarded-User", "Eve"), ("X-Forwarded-For", PROXY), ("Forwarded", f"for={PROXY}"))
    assert browser.get("/campaigns").status_code != 200
    assert ignored._value.get() == before + 1


def test_where_the_peer_is_not_noted_nobody_is_named(site: FastAPI) -> None:
    browser = TestClient(site, base_url="http://127.0.0.1:8000", headers={"X-Forwarded-User": "Eve"}, client=(PROXY, 1))
    assert browser.get("/campaigns", follow_redirects=False).status_code != 200


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Forwarded-User", "Mia"), ("X-Forwarded-User", "Eve")],
        [("X-Forwarded-User", "Mia"), ("x-forwarded-user", "Mia")],
        [("X-Forwarded-User", "M" * 65)],
        [("X-Forwarded-User", "Mi\tia")],
    ],
    ids=["two", "two-alike", "too-long", "no-name"],
)
def test_a_header_that_contradicts_itself_lets_nobody_in(site: FastAPI, headers: list[tuple[str, str]]) -> None:
    answer = come(site, PROXY, *headers).get("/campaigns")
    assert (answer.status_code, "The proxy" in answer.text) == (401, True), answer.text


def test_bytes_that_are_no_letters_name_nobody() -> None:
    assert read_user(["Zoë, 雪".encode()], [b"a, ,b"]) == NamedUser("Zoë, 雪", ("a", "b"))
    with pytest.raises(Forbidden, match="UTF-8"):
        read_user([b"\xff\xfe"], [])


@pytest.mark.parametrize("name", ["X_Forwarded_User", "X-Forwarded_User", "X-Forwarded-Users", "Remote-User"])
def test_a_header_of_a_like_name_is_another_header(site: FastAPI, name: str) -> None:
    assert come(site, PROXY, (name, "Eve")).get("/campaigns").status_code != 200
    both = come(site, PROXY, (name, "Eve"), ("X-Forwarded-User", "Mia"))
    assert both.get("/me").text.count("Mia") >= 1
    assert both.get("/team").status_code == 403


def test_an_empty_header_leaves_the_sign_in_by_password(site: FastAPI) -> None:
    browser = come(site, PROXY, ("X-Forwarded-User", " "))
    assert staff.sign_in(browser, "Eve").status_code == 303  # type: ignore[attr-defined]
    assert browser.get("/team").status_code == 200


def test_the_proxy_counts_before_a_sign_in_that_another_left_behind(site: FastAPI) -> None:
    eve = come(site)
    staff.sign_in(eve, "Eve")
    assert eve.get("/team").status_code == 200
    browser = come_as(site, "Mia")
    browser.cookies = eve.cookies
    assert browser.get("/team").status_code == 403


def test_somebody_called_like_a_local_account_is_somebody_else(site: FastAPI) -> None:
    assert come_as(site, "Eve").get("/team").status_code == 403
    assert (find_account(site, "Eve").role, find_account(site, "Eve 2").role) == (Role.OWNER, Role.VIEWER)


def test_a_form_needs_its_token_all_the_same(site: FastAPI) -> None:
    mia, noa = come_as(site, "Mia"), come_as(site, "Noa")
    token = staff.find_form_token(mia.get("/campaigns").text)
    assert mia.post("/sign-out", data={}).status_code == 401
    assert noa.post("/sign-out", data={"token": token}).status_code == 401
    foreign = come(site, PROXY, ("X-Forwarded-User", "Mia"))
    foreign.headers["sec-fetch-site"] = "cross-site"
    assert foreign.post("/sign-out", data={"token": token}).status_code == 401
    answer = mia.post("/sign-out", data={"token": token})
    assert (answer.status_code, "The proxy signs you out" in answer.text) == (200, True)
    assert 'href="/oauth2/sign_out"' in answer.text


def test_the_account_page_offers_no_password(site: FastAPI) -> None:
    page = come_as(site, "Mia").get("/me").text
    assert "old_password" not in page
    assert "The shop's proxy has signed you in" in page


def test_the_api_takes_keys_alone(site: FastAPI) -> None:
    assert come_as(site, "Mia").get("/v1/metrics").status_code == 401


def test_a_stranger_is_told_to_ask_and_an_invitation_lets_in(strict: FastAPI) -> None:
    browser = come_as(strict, "Ida")
    answer = browser.get("/campaigns")
    assert (answer.status_code, "ask its owner" in answer.text) == (401, True)
    assert find_account(strict, "Ida") is None
    context = get_context(strict)
    with write_transaction(context.engine) as connection:
        add_person(connection, "Ida", Role.STYLIST, context.real_now())
    assert browser.get("/fixes").status_code == 200
    assert find_account(strict, "Ida").role is Role.STYLIST
    assert list_records(strict, "Ida") == ["account.join_by_provider"]


def test_a_disabled_account_stays_out(strict: FastAPI) -> None:
    context = get_context(strict)
    with write_transaction(context.engine) as connection:
        add_person(connection, "Uma", Role.VIEWER, context.real_now())
    browser = come_as(strict, "Uma")
    assert browser.get("/campaigns").status_code == 200
    eve = Actor(who="Eve", role=Role.OWNER, channel=Channel.PAGE)
    account_id = find_account(strict, "Uma").account_id
    disable_person(context.engine, eve, account_id, context.business_now(), context.real_now())
    for name in ("Uma", "UMA"):
        answer = come_as(strict, name).get("/campaigns")
        assert (answer.status_code, "disabled" in answer.text) == (401, True)


def test_groups_give_the_role_at_each_click(grouped: FastAPI) -> None:
    marketer = come_as(grouped, "Kim", ("X-Forwarded-Groups", "all, marketing"))
    assert marketer.get("/team").status_code == 403
    assert find_account(grouped, "Kim").role is Role.MARKETER
    assert come_as(grouped, "Kim", ("X-Forwarded-Groups", "admins,marketing")).get("/team").status_code == 200
    assert marketer.get("/team").status_code == 403
    for groups in ([], [("X-Forwarded-Groups", "all")]):
        answer = come_as(grouped, "Kim", *groups).get("/campaigns")
        assert (answer.status_code, "no role" in answer.text) == (401, True)
    twice = come_as(grouped, "Kim", ("X-Forwarded-Groups", "all"), ("X-Forwarded-Groups", "admins"))
    assert twice.get("/campaigns").status_code == 401


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"proxy_user_header": "Remote-User"}, "SELVEDGE_PROXY_NETWORKS"),
        ({"proxy_user_header": "Remote_User", "proxy_networks": "10.0.0.0/8"}, "SELVEDGE_PROXY_USER_HEADER"),
        ({"proxy_networks": "0.0.0.0/0"}, "SELVEDGE_PROXY_NETWORKS: 0.0.0.0/0"),
        ({"proxy_networks": "10.0.0.0/8,proxy.local"}, "SELVEDGE_PROXY_NETWORKS: proxy.local"),
        ({"proxy_roles": "a=owner"}, "SELVEDGE_PROXY_GROUPS_HEADER"),
        ({"proxy_sign_out": "javascript:alert(1)"}, "SELVEDGE_PROXY_SIGN_OUT"),
        ({"proxy_sign_out": "//evil.example"}, "SELVEDGE_PROXY_SIGN_OUT"),
    ],
    ids=range(7),
)
def test_settings_that_would_let_anybody_in_stop_the_start(tmp_path: Path, wrong: dict[str, str], names: str) -> None:
    with pytest.raises(ConfigError, match=names):
        load(home=tmp_path, _env_file=None, **wrong)
