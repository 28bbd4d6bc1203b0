"""Every link of every kind of mail, opened by somebody without key or cookie: none leads to the console."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import insert, update

from mail.links import OwnPage
from models.states import TouchKind
from services.client_pages.selection import list_new_items
from services.context import ServiceContext
from services.mailing.staff_mail import STAFF, build_staff_mail
from store import tables as t
from store.catalogue.catalogue import list_items
from store.catalogue.wholes import retire_items
from store.database import write_transaction
from tests.web.public.conftest import FIRST_N, MAILED, ClientSite
from tests.web.sample_shop import NOW, ago
from web.public import health, pictures, preferences, quiz, shop, unsubscribe, view
from web.public.answers import is_client_path

OURS = ("/u/", "/quiz/", "/preferences/", "/m/", "/shop", "/pictures/")
"""Where links of a mail may end."""
CONSOLE = ("/clients", "/campaigns", "/fixes", "/mailbox", "/refreshes", "/calls", "/sign-in")


def list_links(body: bytes) -> set[str]:
    mail = message_from_bytes(body, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    text = "\n".join([*parts, str(mail["List-Unsubscribe"])])
    return {link for link in re.findall(r"https?://[^\s\"'<>)]+", text) if "w3.org" not in link}


@pytest.mark.parametrize("kind", MAILED)
def test_no_link_leads_an_outsider_to_the_console(own: ClientSite, kind: TouchKind) -> None:
    links = list_links(own.bodies[kind])
    assert len(links) >= 5
    ends = []
    for link in sorted(links):
        answer = own.client.get(link)
        ends.append(urlsplit(str(answer.url)).path)
        assert answer.status_code == 200, link
        assert ends[-1].startswith(OURS), link
        if answer.headers["content-type"].startswith("text/html"):
            assert not any(f'href="{path}' in answer.text for path in CONSOLE), link
            assert "<script" not in answer.text
            assert "script-src" not in answer.headers["content-security-policy"], "and nothing else may run"
    wanted = {"/u/", "/m/", "/shop"} | ({"/quiz/"} if kind is TouchKind.QUIZ else set())
    assert all(any(end.startswith(page) for end in ends) for page in wanted)


def test_links_that_are_cut_or_forged_lead_to_one_plain_page(own: ClientSite) -> None:
    for page in ("/u/x", "/go/x", "/quiz/x", "/m/x", "/preferences/x", "/shop?of=x", "/shop/nothing", "/shop/a b"):
        answer = own.client.get(page)
        assert answer.status_code == 404, page
        assert "This link leads nowhere" in answer.text
        assert "overview" not in answer.text


def test_a_token_of_one_page_opens_no_other(own: ClientSite) -> None:
    tokens = {page: re.split(r"[/=]", own.path(page))[-1] for page in OwnPage}
    paths = {page: own.path(page).removesuffix(token) for page, token in tokens.items()}
    for page, path in paths.items():
        for other, token in tokens.items():
            assert (own.client.get(path + token).status_code == 200) == (page == other), (page, other)


def test_every_route_for_clients_answers_faults_in_their_words(own: ClientSite) -> None:
    routers = (unsubscribe.router, quiz.router, preferences.router, view.router, shop.router)
    paths = [route.path for router in routers for route in router.routes if isinstance(route, APIRoute)]
    assert paths
    assert [path for path in paths if not is_client_path(path)] == []
    others = [r.path for r in (*health.router.routes, *pictures.router.routes) if isinstance(r, APIRoute)]
    assert not any(map(is_client_path, others))


@pytest.mark.parametrize("page", [OwnPage.QUIZ, OwnPage.PREFERENCES])
def test_an_old_mail_or_one_to_another_address_changes_nothing(own: ClientSite, page: OwnPage) -> None:
    own.save(update(t.clients).where(t.clients.c.client_id == "ada").values(mailbox="b" * 64))
    own.save(update(t.outreaches).where(t.outreaches.c.n == FIRST_N).values(mailbox="a" * 64))
    own.save(update(t.outreaches).where(t.outreaches.c.n == FIRST_N + 1).values(sent_at=ago(91)))
    for n in (FIRST_N, FIRST_N + 1):
        answer = own.client.get(own.path(page, n=n))
        assert answer.status_code == 410
        assert "too old" in answer.text
    assert own.client.get(own.path(page, n=FIRST_N + 2)).status_code == 200


def test_a_mail_in_the_browser_is_the_one_that_was_sent(own: ClientSite) -> None:
    shown = {"knit-0": {"item_id": "knit-0", "title": "As it was", "category": "knitwear", "brand": "", "colour": "",
                        "price_cents": 12_300}}  # fmt: skip
    own.save(update(t.outreaches).where(t.outreaches.c.n == FIRST_N).values(shown=shown))
    text = own.client.get(own.path(OwnPage.VIEW)).text
    assert "As it was" in text
    assert "123" in text
    own.save(update(t.outreaches).where(t.outreaches.c.n == FIRST_N).values(state="scheduled"))
    assert own.client.get(own.path(OwnPage.VIEW)).status_code == 404, "and none that did not leave"


def test_what_is_not_sold_any_more_is_not_shown_as_new(own: ClientSite) -> None:
    with write_transaction(own.engine) as connection:
        retire_items(connection, ["coat-1"], NOW)
        items = list_items(connection)
    new = {item.item_id for item in list_new_items(own.engine, items)}
    assert {item.item_id for item in items} - new >= {"coat-1"}
    assert "knit-1" in new
    assert "No longer sold" in own.client.get("/shop/coat-1").text, "an old mail may still lead there"


def test_the_shop_shows_its_own_pictures(own: ClientSite) -> None:
    digest = "d" * 32
    own.save(update(t.items).where(t.items.c.item_id == "knit-0").values(picture=digest, description="Warm.\n\nSoft."))
    fetched, drawn = f'src="/pictures/shop/{digest}.jpg"', 'src="/pictures/knit-0.svg"'
    for page in ("/shop/knit-0", "/shop", own.path(OwnPage.SHOP)):
        text = own.client.get(page).text
        assert (fetched in text, drawn in text) == (page.startswith("/shop/") or "/shop/knit-0" in text, False), page
    assert "<p>Warm.</p>" in own.client.get("/shop/knit-0").text


@pytest.mark.parametrize("kind", [TouchKind.QUIZ, TouchKind.MISSED])
def test_a_mail_to_staff_leads_to_pages_that_say_so_and_change_nothing(own: ClientSite, kind: TouchKind) -> None:
    own.save(insert(t.clients).values(make_staff_client()))
    context = ServiceContext(settings=own.settings, engine=own.engine)
    mail = build_staff_mail(context, "eve@shop.example", kind, NOW)
    before = own.load_row(STAFF)
    for link in sorted(list_links(mail.message)):
        answer = own.client.get(link)
        assert answer.status_code == 200, link
        path = urlsplit(str(answer.url)).path
        assert "This is a test mail" in answer.text or path.startswith(("/shop/", "/pictures/")), link
        if "/u/" in link:
            assert "This is a test mail" in own.client.post(link, data={"List-Unsubscribe": "One-Click"}).text
    assert own.load_row(STAFF) == before
    assert own.list_rows(t.events, STAFF) == []


def make_staff_client() -> dict[str, Any]:
    """A client who happens to have the id that mails to staff have."""
    fields = {"email": "real@shop.example", "first_name": "Real", "time_zone": "UTC", "time_zone_assumed": False}
    return {"client_id": STAFF, **fields, "locale": "en", "signed_up_at": NOW, "consent": True, "mailbox": "c" * 64}


def test_the_app_sets_no_cookie_for_clients(own: ClientSite) -> None:
    assert own.client.get(own.path(OwnPage.QUIZ)).cookies == {}
