"""The style quiz on the client's own page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mail.links import OwnPage
from store import tables as t
from tests.web.public.conftest import ClientSite
from tests.web.sample_shop import HOSTILE

ANSWERS = {
    "categories": ["knitwear", "coat"],
    "styles": ["classic"],
    "colours": ["oat", "plaid of our dreams"],
    "sizes": ["S"],
    "budget": "300",
    "personalisation": "yes",
    "measurement": "no",
}


def answer(own: ClientSite, **changes: Any) -> Any:
    return own.client.post(own.path(OwnPage.QUIZ), data=ANSWERS | changes)


def list_new(own: ClientSite, kind: str) -> list[Any]:
    return [row for row in own.list_rows(t.events) if row.type == kind]


def test_opening_it_shows_what_is_known_and_changes_nothing(own: ClientSite) -> None:
    before = own.load_row()
    for method in ("GET", "HEAD"):
        assert own.client.request(method, own.path(OwnPage.QUIZ)).status_code == 200
    page = own.client.get(own.path(OwnPage.QUIZ)).text
    assert page.count('class="step"') == 6
    assert 'name="sizes" value="M" checked' in page
    assert 'name="colours" value="navy" checked' in page
    assert 'name="personalisation" value="yes">' in page, "nothing is agreed to by default"
    assert HOSTILE not in page
    assert own.load_row() == before
    assert list_new(own, "quiz_answered") == []


def test_the_answers_are_an_event_with_one_row_on_record(own: ClientSite) -> None:
    assert "Your answers are saved" in answer(own).text
    [event] = list_new(own, "quiz_answered")
    assert event.data["categories"] == ["knitwear", "coat"]
    assert event.data["colours"] == ["oat"], "what the page did not offer is no answer"
    row = own.load_row()
    assert (row.quiz["sizes"], row.quiz["budget_cents"]) == (["S"], 30_000)
    assert {name: (said["agreed"], said["source"]) for name, said in row.purposes.items()} == {
        "personalisation": (True, "quiz"),
        "measurement": (False, "quiz"),
    }
    [record] = own.list_rows(t.activity)
    assert (record.action, record.role, record.actor) == ("client.answer_quiz", "client", "reader")


def test_the_same_answers_again_change_nothing_and_other_ones_do_each_time(own: ClientSite) -> None:
    for _ in range(2):
        answer(own)
    assert len(list_new(own, "quiz_answered")) == 1
    for sizes in (["M"], ["S"]):
        own.now += timedelta(seconds=1)
        answer(own, sizes=sizes)
        assert own.load_row().quiz["sizes"] == sizes
    assert len(list_new(own, "consent_changed")) == 2


def test_who_refuses_is_told_what_that_means(own: ClientSite) -> None:
    assert "new and popular" in answer(own, personalisation="no").text


def test_a_form_that_nobody_could_fill_in_is_refused_in_words(own: ClientSite) -> None:
    page = answer(own, budget="lots")
    assert page.status_code == 422
    assert "Nothing was changed" in page.text
    assert list_new(own, "quiz_answered") == []
