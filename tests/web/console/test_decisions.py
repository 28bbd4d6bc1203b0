"""What an algorithm was asked and what it answered, on a page of its own and as a file."""

from __future__ import annotations

import json
import zlib
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import insert, update

from store import tables as t
from store.database import write_transaction
from tests.web.auth.staff import get_app_context
from tests.web.sample_shop import HOSTILE, ago
from web.console.question_words import ROWS, put_into_words

QUESTION: dict[str, Any] = {
    "client_id": "ada",
    "now": "2026-11-09T12:00:00Z",
    "seed": 12345,
    "n": 4,
    "tags": ["vip", HOSTILE],
    "touches": [],
    "candidates": [
        {"item_id": "coat-1", "price_cents": 28_900, "on_hand": 4, "house_score": 0.72, "parts": {"trend": 0.25}},
        *(
            {"item_id": f"gone-{n}", "price_cents": 100, "on_hand": 0, "house_score": 0.1, "parts": {}}
            for n in range(ROWS)
        ),
    ],
}


def keep_question(site: TestClient) -> None:
    with write_transaction(get_app_context(site).engine) as connection:
        body = zlib.compress(json.dumps(QUESTION).encode())
        values = {"digest": "q1", "slot": "ranking", "client_id": "ada", "at": ago(12), "body": body}
        connection.execute(insert(t.questions).values(**values))


def test_a_decision_says_what_was_asked_by_name_and_what_was_answered(site: TestClient) -> None:
    keep_question(site)
    assert '<a href="/decisions/d1">Items for them</a>' in site.get("/clients/ada").text
    page = site.get("/decisions/d1").text
    for words in ("Ashby wool overcoat", "$289.00", "9 November 2026, 12:00", "trend 0.250", "12,345", "mail 2"):
        assert words in page, words
    assert "1 more." in page
    assert "0.720" in page.partition('id="answer"')[2].partition('id="question"')[0]
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    answered = site.get("/decisions/d1/question.json")
    assert answered.json() == QUESTION
    assert "attachment" in answered.headers["content-disposition"]


def test_a_question_that_is_kept_no_longer_is_said_to_be(site: TestClient) -> None:
    assert "and no longer" in site.get("/decisions/d1").text
    assert site.get("/decisions/d1/question.json").status_code == 404
    assert site.get("/decisions/none").status_code == 404


def test_an_answer_of_a_shadow_is_no_decision(site: TestClient) -> None:
    with write_transaction(get_app_context(site).engine) as connection:
        connection.execute(update(t.decisions).values(role="shadow"))
    assert site.get("/decisions/d1").status_code == 404


def test_answers_of_any_form_are_put_into_words() -> None:
    listed = put_into_words([{"item_id": "a", "score": 0.5}], {"a": "A coat"}, "USD")
    assert listed.tables[0].rows == [["A coat", "0.500"]]
    ordered = put_into_words({"items": ["a", "b"], "propensity": None, "late": True}, {"a": "A coat"}, "USD")
    assert ordered.facts == [("Items", "A coat, b"), ("Propensity", "–"), ("Late", "yes")]
    assert put_into_words(None, {}, "USD").facts == [("Items", "–")]
    odd = put_into_words({"at": "2026-99-99Tx and more", "many": list(range(ROWS + 2))}, {}, "USD").facts
    assert odd[0] == ("When", "2026-99-99Tx and more")
    assert odd[1][1].endswith("19 and 2 more")
