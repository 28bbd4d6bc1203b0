"""What a client asks for and confirms by a letter: another address, their data, their erasure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from mail.links import OwnPage
from store import tables as t
from store.database import write_transaction
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox, suppress_mailboxes
from tests.web.public.conftest import ClientSite

NEW = "ada.new@example.org"
with_mailbox = pytest.mark.parametrize("own", ["mailbox"], indirect=True)


def post(own: ClientSite, part: str, **form: Any) -> Any:
    return own.client.post(f"{own.path(OwnPage.PREFERENCES)}/{part}", data=form)


def find_link(letter: dict[str, Any]) -> str:
    [link] = set(re.findall(r"http://\S+/confirm/\S+", letter["text"]))
    return link


@with_mailbox
def test_an_address_changes_when_its_own_letter_is_used_and_not_before(own: ClientSite) -> None:
    assert "We sent a link to that address" in post(own, "address", email=NEW).text
    to_new, to_old = own.list_letters()
    assert (to_new["to"], to_old["to"]) == (NEW, "ada@example.com")
    assert "List-Unsubscribe" not in to_new["headers"]
    assert "/confirm/" not in to_old["text"]
    link = find_link(to_new)
    for _ in range(2):
        assert own.client.get(link).status_code == 200
    assert own.load_row().email == "ada@example.com", "opening it changes nothing"
    assert "Your address is changed" in own.client.post(link).text
    row = own.load_row()
    assert (row.email, row.pending_email) == (NEW, None)
    assert own.client.post(link).status_code == 410, "once"
    assert [a.action for a in own.list_rows(t.activity)] == ["client.request_letter", "client.change_address"]


@with_mailbox
def test_a_stopped_or_later_wish_makes_the_first_letter_worthless(own: ClientSite) -> None:
    post(own, "address", email=NEW)
    first = find_link(own.list_letters()[0])
    assert "Stopped" in post(own, "stay").text
    assert own.client.post(first).status_code == 410
    own.now += timedelta(seconds=2)
    post(own, "address", email="other@example.org")
    second = find_link(own.list_letters()[2])
    assert own.client.post(first).status_code == 410
    own.now += timedelta(days=3)
    assert own.client.post(second).status_code == 410, "and it expires"
    assert own.load_row().email == "ada@example.com"


@with_mailbox
def test_data_comes_by_a_link_to_the_client_s_own_address(own: ClientSite) -> None:
    assert "We sent you a link to your data" in post(own, "data").text
    [letter] = own.list_letters()
    assert letter["to"] == "ada@example.com"
    assert own.client.get(find_link(letter)).status_code == 200
    answer = own.client.post(find_link(letter))
    assert answer.json()["client"][0]["email"] == "ada@example.com"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert [a.action for a in own.list_rows(t.activity)] == ["client.request_letter", "client.export"]


@with_mailbox
def test_erasure_is_asked_for_confirmed_and_then_opens_nothing(own: ClientSite) -> None:
    post(own, "erasure")
    assert own.list_rows(t.holds) == [], "nothing happens before it is confirmed"
    link = find_link(own.list_letters()[0])
    assert "Nobody can undo this" in own.client.get(link).text
    assert "being erased" in own.client.post(link).text
    assert [hold.source for hold in own.list_rows(t.holds)] == ["erasure"]
    for path in (link, own.path(OwnPage.PREFERENCES), own.path(OwnPage.QUIZ), own.path(OwnPage.VIEW)):
        assert own.client.get(path).status_code == 404


@with_mailbox
def test_nobody_is_flooded_with_letters(own: ClientSite) -> None:
    answers = [post(own, "data").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 422, 422]
    assert len(own.list_letters()) == 3
    own.now += timedelta(days=1, seconds=1)
    assert post(own, "data").status_code == 200


@pytest.mark.parametrize(
    "email", ["", "ada", "a@b@c", "Ada <a@example.org>", "ada@example.com", "a@x.example,b@y.example"]
)
def test_what_is_no_other_address_is_refused_in_words(own: ClientSite, email: str) -> None:
    page = post(own, "address", email=email)
    assert page.status_code == 422
    assert 'class="said wrong"' in page.text
    assert "..</p>" not in page.text
    assert own.load_row().pending_email is None


def test_no_letter_goes_to_an_address_that_wants_none(own: ClientSite) -> None:
    policy = ShopPolicy.from_settings(own.settings)
    with write_transaction(own.engine) as connection:
        suppress_mailboxes(
            connection, {hash_mailbox(policy.signing_key, NEW, policy.fold_tags): ("complaint", own.now)}
        )
    assert "may not write to that address" in post(own, "address", email=NEW).text
    assert own.load_row().pending_email is None
    assert own.list_rows(t.activity) == [], "and what was refused is not on record"


def test_a_letter_that_nobody_takes_is_told(own: ClientSite) -> None:
    page = post(own, "data")
    assert page.status_code == 503
    assert "could not send" in page.text
