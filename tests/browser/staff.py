"""Somebody of each role who works in a real browser, and what they are asked by it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page
from sqlalchemy import Connection, Engine

from models.actors import Role
from models.team import AccountState
from services.team.invitations import add_person
from store.database import read_transaction
from store.team import accounts
from tests.browser.walk import Watch

PASSWORD: Final = "nine wild horses"
KEY: Final = "the key"
SIGNING: Final = "a signing key for tests"
"""As `serve` has it."""


class Worker:
    """Somebody who is signed in, and the page that they look at."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.watch, self.site = page, Watch(page, site), site

    def open(self, path: str) -> Page:
        self.page.goto(self.site + path)
        return self.page

    def read(self, path: str, place: str = "main") -> str:
        """What a part of a page says."""
        return self.open(path).locator(place).inner_text()

    def reload_until(self, place: str, words: str, seconds: float = 120) -> Page:
        """Load the page anew until a part of it says something; the machine may be busy."""
        end = time.monotonic() + seconds
        while words not in self.page.locator(place).inner_text():
            assert time.monotonic() < end, self.page.locator(place).inner_text()
            self.page.wait_for_timeout(300)
            self.page.reload()
        return self.page

    def walk_to(self, name: str, role: str = "link") -> None:
        """Go from element to element by Tab until the one of this name has the focus."""
        goal = self.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        for _ in range(80):
            if goal.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"Tab never reaches {name}")


def add_staff(connection: Connection) -> None:
    """Add somebody of each role but the owner, by the name of the role."""
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    for role in (Role.MARKETER, Role.STYLIST, Role.OPERATOR, Role.DATA_SCIENTIST, Role.VIEWER):
        account_id = add_person(connection, role.value, role, datetime.now(UTC)).account_id
        accounts.change_account(connection, account_id, {"password_hash": hashed, "state": AccountState.ACTIVE})


def sign_in(browser: Browser, site: str, role: Role, width: int, scheme: str) -> Worker:
    """Sign somebody in, in a window of their own."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    worker = Worker(context.new_page(), site)
    page = worker.open("/sign-in")
    page.get_by_label("Your name").fill(role.value)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    return worker


def ask(engine: Engine, query: Any) -> Any:
    """Read one value of the store."""
    with read_transaction(engine) as connection:
        return connection.scalar(query)
