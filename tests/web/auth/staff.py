"""A site that asks for a sign-in, and people of every role who use it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from models.actors import Role
from models.team import AccountState
from services.team import passwords
from services.team.invitations import add_person
from store.database import write_transaction
from store.team import accounts
from web.context import WebContext

PASSWORD: Final = "nine wild horses"
OURS: Final = {"sec-fetch-site": "same-origin"}
QUICK: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As safe as a test needs: the real parameters take a tenth of a second each."""


def get_app_context(site: TestClient) -> WebContext:
    """The context of a site."""
    context: WebContext = site.app.state.context  # type: ignore[attr-defined]
    return context


def add_staff(site: TestClient, name: str, role: Role) -> str:
    """Add somebody who may sign in with PASSWORD; their account's id."""
    with write_transaction(get_app_context(site).engine) as connection:
        account_id = add_person(connection, name, role, datetime.now(UTC)).account_id
        hashed = passwords._HASHER.hash(PASSWORD)
        accounts.change_account(connection, account_id, {"password_hash": hashed, "state": AccountState.ACTIVE})
    return account_id


def visit(site: TestClient) -> TestClient:
    """Another browser of the same site, without any cookie."""
    return TestClient(site.app, base_url=str(site.base_url), headers=OURS, follow_redirects=False)


def find_form_token(page: str) -> str:
    """The token of the last form of a page: that of its content, since the head's comes first."""
    found = re.findall(r'name="token" value="([^"]+)"', page)
    assert found, page
    return str(found[-1])


def sign_in(browser: TestClient, name: str, password: str = PASSWORD, **more: str) -> object:
    """Sign in as a person does, from the page; the answer."""
    token = find_form_token(browser.get("/sign-in").text)
    return browser.post("/sign-in", data={"token": token, "name": name, "password": password, **more})


def enter(site: TestClient, name: str) -> TestClient:
    """A browser in which somebody is signed in."""
    browser = visit(site)
    answer = sign_in(browser, name)
    assert answer.status_code == 303, answer.text  # type: ignore[attr-defined]
    return browser
