"""`/algorithms`: acts about who answers a slot, what they change, and how they are refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import insert

from models.answers import AnswerRecord
from models.slot_policies import SlotSplit
from store.database import write_transaction
from store.learning import decisions
from store.tables import assessments
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


def test_the_conformance_report_is_read_on_a_page(site: TestClient) -> None:
    folder = get_app_context(site).settings.home / "algorithms"
    install_algorithm(folder, "first")
    install_algorithm(folder, "wrong", source=WRONG)
    token = find_form_token(site.get("/algorithms").text)
    good = site.post("/algorithms/check", data={"token": token, "algorithm": "first"}).text
    assert "It may serve" in good
    assert good.count(">passed<") >= 8
    bad = site.post("/algorithms/check", data={"token": token, "algorithm": "wrong"}).text
    assert "It may not serve yet" in bad
    assert "Give exactly as many as asked for" in bad
    nobody = site.post("/algorithms/check", data={"token": token, "algorithm": "nobody"})
    assert (nobody.status_code, "nobody" in nobody.text) == (422, True)
    assert not (folder.parent / "algorithms.toml").exists()


def test_champion_shadow_and_split_are_compared_on_a_page(site: TestClient) -> None:
    context = get_app_context(site)
    now = context.business_now() - timedelta(hours=1)
    split = SlotSplit(champion="house", shares={"house": 0.5, "second": 0.5})
    with write_transaction(context.engine) as connection:
        for n in range(4):
            record = build_answer(now, f"client{n:03d}", f"q{n}", variant="second" if n % 2 else "house")
            decisions.save_decision(connection, record.model_copy(update={"experiment": split}), now, n=n + 1)
        shadow = build_answer(now, "client000", "q0", variant="third", role="shadow", items=("knit-0", "coat-1"))
        decisions.save_shadows(connection, [shadow])
    page = " ".join(re.sub(r"<[^>]+>", " ", site.get("/algorithms/ranking/comparison").text).split())
    assert "Ranking compared 5 answers in 30 days" in page
    assert "the built-in 3 10.0 ms" in page
    assert "second beside the built-in" in page
    assert "too few to tell" in page
    assert "third 1 10.0 ms 95 % in 10.0 ms 0.0 % 0.0 % 0.0 % 0.500" in page
    assert "Nothing was asked" in site.get("/algorithms/risk/comparison").text
    assert site.get("/algorithms/hats/comparison").status_code == 404


def test_outcomes_are_exported_without_a_formula_and_none_is_said(site: TestClient) -> None:
    none = site.get("/algorithms/outcomes.csv")
    assert (none.status_code, "No outcomes to export" in none.text) == (422, True)
    context = get_app_context(site)
    at = context.business_now() - timedelta(days=60)
    record = AnswerRecord(
        slot="next_action", client_id="ada", asked_at=at, question="", role="live", seconds=0.01, propensity=0.5,
        answer={"action": "email", "uplift": 0.0}, variant="explore", algorithm="explore", version="1",
    )  # fmt: skip
    assessed = {"id": "a-x", "client_id": "ada", "at": at, "score": 40.0, "band": "cooling", "phase": "cooling"}
    with write_transaction(context.engine) as connection:
        connection.execute(insert(assessments).values(**assessed, algorithm="decayed-rfv/2"))
        decisions.save_decision(connection, record, at, key="missed:1")
    lines = site.get("/algorithms/outcomes.csv").text.splitlines()
    assert lines[0].startswith("client_id,treatment,conversion,spend,propensity")
    assert lines[1].startswith("ada,email,0,0.0,0.5")


def build_answer(at: datetime, client_id: str, question: str, items: tuple[str, ...] = ("coat-1",), **more: Any) -> Any:
    answer = {"items": [{"item_id": item, "score": 1.0} for item in items]}
    fields = {"slot": "ranking", "client_id": client_id, "asked_at": at, "question": question, "role": "live"} | more
    name = str(more["variant"])
    return AnswerRecord(**fields, algorithm=name, version="1", seconds=0.01, answer=answer, propensity=None)
