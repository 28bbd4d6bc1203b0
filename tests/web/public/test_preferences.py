"""What a client asks of our mail on their own page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from agents.languages import LANGUAGES
from domain.eligibility import SendDecision, may_plan
from domain.timing import MailRules
from mail.links import OwnPage
from models.base import utc
from store import tables as t
from store.clients.clients import require_client
from store.database import read_transaction
from store.mail.mail_facts import load_mail_facts
from tests.web.public.conftest import ClientSite
from tests.web.sample_shop import NOW
from web.public import preferences

PARIS_MIDNIGHT = utc(2026, 12, 9, 23)


def post(own: ClientSite, part: str, **form: Any) -> Any:
    return own.client.post(f"{own.path(OwnPage.PREFERENCES)}/{part}", data=form)


def list_actions(own: ClientSite) -> list[str]:
    return [row.action for row in own.list_rows(t.activity)]


def decide(own: ClientSite, at: Any) -> Any:
    with read_transaction(own.engine) as connection:
        ada = require_client(connection, "ada")
        return may_plan(load_mail_facts(connection, ada, own.settings.keys.signing, ()), MailRules(), at)


def test_opening_it_changes_nothing(own: ClientSite) -> None:
    before = own.load_row()
    for method in ("GET", "HEAD"):
        assert own.client.request(method, own.path(OwnPage.PREFERENCES)).status_code == 200
    assert own.load_row() == before
    assert list_actions(own) == []


def test_how_much_and_about_what(own: ClientSite) -> None:
    page = post(own, "mail", max_mails_per_week="1", topics=["news"])
    assert "as much mail as you asked for" in page.text
    assert own.load_row().policy == {"max_mails_per_week": 1, "topics": ["news"]}
    assert 'value="1" checked' in page.text
    post(own, "mail", max_mails_per_week="1", topics=["news"])
    post(own, "mail", max_mails_per_week="", topics=["news", "selection", "campaign"])
    assert own.load_row().policy == {}, "given back to the shop's rule"
    assert list_actions(own) == ["client.set_policy"] * 2
    post(own, "mail")
    assert own.load_row().policy == {"topics": []}, "and nothing chosen is nothing"


def test_fewer_mails_than_usual_are_offered_and_what_was_chosen_elsewhere(own: ClientSite) -> None:
    def list_offered() -> list[str]:
        return re.findall(
            r'name="max_mails_per_week" value="(\d*)"', own.client.get(own.path(OwnPage.PREFERENCES)).text
        )

    assert own.settings.max_mails_per_week == 2
    assert list_offered() == ["", "1", "0"]
    own.save(update(t.clients).where(t.clients.c.client_id == "ada").values(policy={"max_mails_per_week": 5}))
    assert list_offered() == ["", "5", "1", "0"], "a stylist may have agreed to more"


def test_a_break_holds_mail_until_that_day_of_the_client_s_own_and_ends_by_itself(own: ClientSite) -> None:
    page = post(own, "break", until="2026-12-10")
    assert "You get no mail from us until that day" in page.text
    assert "10 December 2026" in page.text
    waiting = decide(own, NOW)
    assert (waiting.door, waiting.code, waiting.until) == (SendDecision.PARK, "held_by_client", PARIS_MIDNIGHT)
    assert decide(own, PARIS_MIDNIGHT).door is SendDecision.OPEN
    post(own, "break", until="2026-12-20")
    assert decide(own, PARIS_MIDNIGHT).until == PARIS_MIDNIGHT + timedelta(days=10)
    assert "Your break is over" in post(own, "resume").text
    assert decide(own, NOW).door is SendDecision.OPEN
    assert list_actions(own) == ["client.pause", "client.pause", "client.resume"]


@pytest.mark.parametrize("day", ["", "2026-11-21", "2028-01-01", "soon"])
def test_a_break_that_cannot_be_is_refused_in_words(own: ClientSite, day: str) -> None:
    page = post(own, "break", until=day)
    assert page.status_code == 422
    assert re.search(r'class="said wrong" role="status"><p>[A-Z]', page.text)
    assert own.list_rows(t.holds) == []


def test_a_break_lifts_no_hold_of_the_shop(own: ClientSite) -> None:
    own.save(insert(t.holds).values(client_id="ada", source="operator", since=NOW, reason=""))
    post(own, "break", until="2026-12-10")
    assert decide(own, NOW).until is None
    post(own, "resume")
    assert decide(own, NOW).code == "held_by_operator"


def test_language_and_purposes(own: ClientSite) -> None:
    assert "language" in post(own, "language", locale="fr").text
    assert own.load_row().locale == "fr"
    post(own, "purposes", personalisation="no", measurement="yes")
    said = own.load_row().purposes
    assert {name: (record["agreed"], record["source"]) for name, record in said.items()} == {
        "personalisation": (False, "preferences"),
        "measurement": (True, "preferences"),
    }
    for part, form in (("language", {"locale": "fr"}), ("purposes", {"personalisation": "no"})):
        post(own, part, **form)
    assert list_actions(own) == ["client.set_language", "client.change_consent"], "saying it again says nothing"


def test_nobody_comes_back_on_the_list_by_this_page(own: ClientSite) -> None:
    leave = own.links.build_unsubscribe_url("ada", 12).removeprefix(own.links.base_url)
    assert own.client.post(leave).status_code == 200
    for part, form in (("mail", {"topics": ["news"]}), ("resume", {}), ("purposes", {"measurement": "yes"})):
        assert "You get no mail from us" in post(own, part, **form).text
    assert not own.load_row().consent


def test_what_is_no_part_is_not_found_and_nothing_changes(own: ClientSite) -> None:
    assert post(own, "consent", consent="yes").status_code == 404
    assert own.client.post("/preferences/x/mail").status_code == 404
    assert list_actions(own) == []


def test_every_language_that_is_offered_is_written() -> None:
    assert set(preferences.LANGUAGES) == set(LANGUAGES)
