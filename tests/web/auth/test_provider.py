"""Signing in by an identity provider that speaks the wire, and everything by which somebody might get in falsely."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from models.actors import Actor, Channel, Role
from models.team import AccountState
from services.team.people import disable_person, list_people
from store.activity import list_activities
from store.database import read_transaction
from tests.support.identity_provider import IdentityProvider
from tests.web.auth import staff
from tests.web.auth.conftest import quick_hashes
from tests.web.conftest import prepare_home
from web.app import create_app

__all__ = ["quick_hashes"]
MIA = {"sub": "u-1", "name": "Mia", "email": "mia@shop.example", "email_verified": True, "groups": ["marketing", "all"]}


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        running.claims = dict(MIA)
        yield running


@pytest.fixture
def site(tmp_path: Path, provider: IdentityProvider) -> Iterator[TestClient]:
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    nowhere = "127.0.0.1:9"
    more = {"smtp_url": f"smtp://{nowhere}", "temporal_address": nowhere, "worker_health_url": "none"}
    oidc = {"oidc_issuer": provider.issuer, "oidc_client_id": "selvedge", "oidc_secret_file": secret}
    rules = {"oidc_roles": "shop-admins=owner,marketing=marketer", "oidc_domains": "shop.example"}
    settings = prepare_home(tmp_path, open_pages=False, **more, **oidc, **rules)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000", headers=staff.OURS) as client:
        staff.add_staff(client, "Eve", Role.OWNER)
        yield client


def come(browser: TestClient, provider: IdentityProvider, next: str = "/", **changes: str) -> Any:
    """Go to the provider and come back, with changes to what is brought; our answer."""
    left = browser.get("/sign-in/provider", params={"next": next})
    assert left.status_code == 303, left.text
    return browser.get("/sign-in/provider/back", params=provider.authorise(left.headers["location"]) | changes)


def find_account(site: TestClient, name: str) -> Any:
    people = list_people(staff.get_app_context(site).engine).accounts
    return next((one for one in people if one.name == name), None)


def test_somebody_is_let_in_with_the_role_that_the_claim_gives(site: TestClient, provider: IdentityProvider) -> None:
    assert "/sign-in/provider" in staff.visit(site).get("/sign-in").text
    browser = staff.visit(site)
    back = come(browser, provider, "/campaigns")
    assert (back.status_code, back.headers["location"]) == (303, "/campaigns"), back.text
    assert browser.get("/campaigns").status_code == 200
    assert browser.get("/team").status_code == 403
    assert (find_account(site, "Mia").role, find_account(site, "Mia").state) == (Role.MARKETER, AccountState.ACTIVE)
    with read_transaction(staff.get_app_context(site).engine) as connection:
        latest = list_activities(connection)[0]
    assert (latest.actor.who, latest.action) == ("Mia", "account.join_by_provider")
    token = staff.find_form_token(browser.get("/me").text)
    assert browser.post("/sign-out", data={"token": token}).status_code == 303
    assert browser.get("/campaigns").status_code != 200


def test_an_account_is_found_by_subject_and_by_nothing_else(site: TestClient, provider: IdentityProvider) -> None:
    come(staff.visit(site), provider)
    provider.claims |= {"name": "Mia Miller", "email": "miller@shop.example", "groups": "shop-admins"}
    browser = staff.visit(site)
    come(browser, provider)
    assert (find_account(site, "Mia").role, find_account(site, "Mia Miller")) == (Role.OWNER, None)
    assert browser.get("/team").status_code == 200
    # Somebody who calls themselves Eve, or has Mia's address, is somebody else.
    provider.claims = {**MIA, "sub": "u-2", "name": "Eve"}
    come(staff.visit(site), provider)
    assert (find_account(site, "Eve").role, find_account(site, "Eve 2").role) == (Role.OWNER, Role.MARKETER)


def test_a_weaker_role_ends_what_was_begun_with_the_stronger(site: TestClient, provider: IdentityProvider) -> None:
    provider.claims["groups"] = ["shop-admins"]
    first, second = staff.visit(site), staff.visit(site)
    come(first, provider)
    provider.claims["groups"] = ["marketing"]
    come(second, provider)
    assert (first.get("/team").status_code, second.get("/team").status_code) != (200, 200)
    assert first.get("/campaigns").status_code != 200
    assert second.get("/campaigns").status_code == 200


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"groups": ["all"]}, "has no role"),
        ({"groups": None}, "has no role"),
        ({"email": "mia@elsewhere.example"}, "none of this shop"),
        ({"email": "mia@elsewhere.example@shop.example.evil"}, "none of this shop"),
        ({"email_verified": False}, "not verified"),
        ({"email_verified": "true"}, "not verified"),
        ({"nonce": "another"}, "does not hold"),
        ({"aud": "another"}, "does not hold"),
        ({"iss": "https://another.example"}, "does not hold"),
        ({"exp": int(time.time()) - 3600}, "does not hold"),
        ({"sub": None}, "does not hold"),
    ],
    ids=range(11),
)
def test_who_is_not_let_in_is_told_why(
    site: TestClient, provider: IdentityProvider, claims: dict[str, Any], message: str
) -> None:
    provider.claims |= claims
    browser = staff.visit(site)
    back = come(browser, provider)
    assert back.status_code == 401
    assert message in back.text
    assert browser.get("/campaigns").status_code != 200
    assert len(list_people(staff.get_app_context(site).engine).accounts) == 1


def test_a_token_that_another_key_signed_is_refused(site: TestClient, provider: IdentityProvider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "k1"})
    assert "does not hold" in come(staff.visit(site), provider).text


def test_what_comes_back_belongs_to_the_browser_that_left_and_counts_once(
    site: TestClient, provider: IdentityProvider
) -> None:
    browser = staff.visit(site)
    assert come(browser, provider, state="another").status_code == 401
    assert come(browser, provider, code="another").status_code == 401
    address = browser.get("/sign-in/provider").headers["location"]
    brought = provider.authorise(address)
    assert staff.visit(site).get("/sign-in/provider/back", params=brought).status_code == 401
    assert browser.get("/sign-in/provider/back", params=brought).status_code == 303
    assert browser.get("/sign-in/provider/back", params=brought).status_code == 401
    # The page to come back to travels in a cookie, of which a browser keeps 4 kB.
    assert come(staff.visit(site), provider, "/clients?q=" + "a" * 5_000).headers["location"] == "/"
    outward = come(staff.visit(site), provider, "https://evil.example/")
    assert outward.headers["location"].startswith("/")


def test_a_disabled_account_stays_out(site: TestClient, provider: IdentityProvider) -> None:
    come(staff.visit(site), provider)
    context = staff.get_app_context(site)
    eve = Actor(who="Eve", role=Role.OWNER, channel=Channel.PAGE)
    disable_person(
        context.engine, eve, find_account(site, "Mia").account_id, context.business_now(), context.real_now()
    )
    back = come(staff.visit(site), provider)
    assert (back.status_code, "is disabled" in back.text) == (401, True)
