"""The clients' own pages in a real browser: without script, at phone width, in the dark, and clean for a checker of
accessibility."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib.resources import files

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from mail.links import LetterKind, LetterTarget, Links, OwnPage
from models.states import TouchKind
from services.client_pages.letters import tag_mailbox
from settings import Settings
from store.database import connect
from tests.support.ports import free_ports
from tests.web.conftest import prepare_home
from tests.web.public.conftest import FIRST_N, MAILED, mail_every_kind
from tests.web.sample_shop import NOW
from web.app import create_app

AXE = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
OWN = ("quiz", "preferences", "shop", "unsubscribe", "confirm", "gone")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of Ada's pages, on a running server."""
    web, mailbox, nowhere, worker = free_ports(4)
    ports = {"web_port": web, "mailbox_port": mailbox, "worker_health_port": worker}
    settings = prepare_home(tmp_path_factory.mktemp("own"), temporal_address=f"127.0.0.1:{nowhere}", **ports)
    engine = connect(settings.database)
    mail_every_kind(engine, settings)
    engine.dispose()
    config = uvicorn.Config(create_app(settings), host="127.0.0.1", port=web, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield _list_addresses(settings)
    server.should_exit = True
    thread.join()


def _list_addresses(settings: Settings) -> dict[str, str]:
    links = Links.from_settings(settings)
    tag = tag_mailbox(settings.keys.signing, "ada@example.com", True)
    letter = LetterTarget("ada", LetterKind.ERASURE, int(NOW.timestamp()), tag)
    return {
        "quiz": links.build_page_url(OwnPage.QUIZ, "ada", FIRST_N),
        "preferences": links.build_page_url(OwnPage.PREFERENCES, "ada", FIRST_N),
        "shop": links.build_page_url(OwnPage.SHOP, "ada", FIRST_N + MAILED.index(TouchKind.MISSED)),
        "mail": links.build_page_url(OwnPage.VIEW, "ada", FIRST_N + MAILED.index(TouchKind.MISSED)),
        "unsubscribe": links.build_unsubscribe_url("ada", FIRST_N),
        "confirm": links.build_confirm_url(letter),
        "gone": f"{settings.base_url}/quiz/x",
    }


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1180, "light")])
def test_pages_fit_complain_of_nothing_and_pass_the_checker(
    chromium: Browser, addresses: dict[str, str], width: int, scheme: str
) -> None:
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 780}}
    context = chromium.new_context(bypass_csp=True, **look)  # type: ignore[arg-type]  # the checker is a script
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for name, address in addresses.items():
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name
        rules = RULES if name in OWN else RULES[:-1]  # a mail has no landmarks of a page
        assert find_violations(page, rules) == [], name
    assert [words for words in complaints if "404" not in words] == []
    context.close()


def find_violations(page: Page, rules: list[str]) -> list[str]:
    """What the checker says: the rule and the element."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]]


def test_without_script_on_a_phone_the_quiz_is_one_screen_a_question_and_is_saved(
    chromium: Browser, addresses: dict[str, str]
) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(addresses["quiz"])
    steps = page.locator("section.step")
    for k in range(steps.count()):
        box = steps.nth(k).bounding_box()
        assert box is not None
        assert box["height"] >= 750, "a question fills the screen"
    page.locator("input[value=knitwear]").check()
    page.locator("section.step").first.get_by_role("link", name="Next").click()
    assert page.url.endswith("#q2")
    page.get_by_role("button", name="Save").click()
    assert page.locator("h1").inner_text() == "Your answers are saved"
    page.get_by_role("link", name="Look at my answers").click()
    assert page.locator("input[value=knitwear]").is_checked()
    context.close()
