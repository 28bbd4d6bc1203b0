"""`/algorithms`: acts about who answers a slot, what they change, and how they are refused."""

from __future__ import annotations

import re
from typing import Any

from fastapi.testclient import TestClient

from tests.support.algorithms import install_algorithm
from tests.web.auth.staff import find_form_token, get_app_context

WRONG = 'slot, version = "ranking", "1"\n\ndef answer(question):\n    return {"items": []}\n'


def act(site: TestClient, **fields: str) -> Any:
    token = find_form_token(site.get("/algorithms").text)
    return site.post("/algorithms", data={"token": token, **fields})


def read_standing(site: TestClient) -> str:
    card = site.get("/algorithms").text.partition('id="slot-ranking"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", card.partition("<p>")[2].partition("</p>")[0]).split())


def test_a_slot_is_steered_step_by_step_and_back(site: TestClient) -> None:
    folder = get_app_context(site).settings.home / "algorithms"
    install_algorithm(folder, "first")
    install_algorithm(folder, "second")
    assert act(site, act="shadow", algorithm="second").status_code == 200
    assert read_standing(site).startswith("The built-in answers; in the shadow second")
    assert act(site, act="promote", algorithm="first").status_code == 200
    assert "It stood so already." in act(site, act="shadow", algorithm="second").text
    assert act(site, act="unshadow", algorithm="second").status_code == 200
    assert act(site, act="split", algorithm="second", percent="12.5").status_code == 200
    assert read_standing(site).startswith("first answers, second for 12.5 % of the clients")
    assert act(site, act="split", algorithm="second", percent="0").status_code == 200
    page = act(site, act="demote", slot="ranking").text
    assert read_standing(site) == "The built-in answers."
    history = re.findall(r'class="what">([^<]+)', page.partition('id="history"')[2])
    assert history[0] == "demote in ranking: back to house"
    assert history[-1] == "shadow second in ranking"


def test_what_cannot_be_done_is_said_and_changes_nothing(site: TestClient) -> None:
    install_algorithm(get_app_context(site).settings.home / "algorithms", "wrong", source=WRONG)
    for fields, words in (
        ({"act": "promote", "algorithm": "wrong"}, "fails the suite"),
        ({"act": "split", "algorithm": "wrong", "percent": "a tenth"}, "in percent"),
        ({"act": "split", "algorithm": "wrong", "percent": "100"}, "less than 1"),
        ({"act": "promote", "algorithm": "nobody"}, "nobody"),
        ({"act": "promote"}, "say which one"),
        ({"act": "demote", "slot": "ranking"}, "answers ranking already"),
        ({"act": "demote", "slot": "hats"}, "hats"),
        ({"act": "sing", "algorithm": "wrong"}, "promote"),
    ):
        refused = act(site, **fields)
        assert (refused.status_code, words in refused.text) == (422, True), (fields, refused.text[-900:])
    assert not (get_app_context(site).settings.home / "algorithms.toml").exists()
