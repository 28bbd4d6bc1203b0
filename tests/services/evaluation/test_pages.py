"""Other orders of pages, judged from the record of one that drew by chance: they are right, and fair to what fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from algorithms.sessions import posterior as built_in
from algorithms.sessions.posterior import SessionPosterior
from algorithms.slots.built_in import BuiltIn
from algorithms.slots.slot_decisions import build_answer_record
from cli import selvedge
from domain.blend import PARTS
from domain.sessions import CREDIT_WINDOW
from errors import BadInput, NotFound
from models.slots import Candidate, SessionAnswer, SessionQuestion
from services.decisions.decider import Decider
from services.evaluation.comparison import compare
from services.evaluation.pages import evaluate
from settings import Settings
from store import clock
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from tests.support.algorithms import install_algorithm
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

ITEMS = ("dress-1", "coat-1", "dress-2", "coat-2")
PAGES = 300
BEGIN = NOW - timedelta(days=30)
COATS = """
slot, version = "session", "1"

def answer(question):
    ids = sorted((item["item_id"] for item in question["items"]), key=lambda name: not name.startswith("coat"))
    return {"items": ids[: question["n"]]}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages an hour apart, ordered by the built-in; a coat that stands first is clicked three times in four,
    a dress once."""
    home: Path = tmp_path_factory.mktemp("pages")
    settings = Settings(home=home, _env_file=None)
    engine = connect(settings.database)
    create_tables(engine)
    with write_transaction(engine) as connection:
        clock.start(connection, NOW, 1.0, NOW)
        clock.stop(connection, NOW)
    shop = StockedShop(engine)
    for item in ITEMS:
        shop.item(item, item.partition("-")[0])
    shop.client("c")
    for n in range(PAGES):
        _add_page(engine, shop, n)
    install_algorithm(home / "algorithms", "coats", source=COATS)
    install_algorithm(home / "algorithms", "raises", source=COATS.replace("    ids", "    raise KeyError\n    ids"))
    install_algorithm(home / "algorithms", "other", source=COATS.replace('"session"', '"ranking"'))
    engine.dispose()
    return home


def _add_page(engine: Engine, shop: StockedShop, n: int) -> None:
    """Each item is best in another part of the blend's score, so that all are as likely to come first."""
    at = BEGIN + n * timedelta(hours=2)
    items = tuple(Candidate(item_id=item, parts={part: 0.1}) for item, part in zip(ITEMS, PARTS, strict=False))
    question = SessionQuestion(client_id="c", now=at, seed=n, n=2, items=items)
    pending = Decider().ask("session", question, BuiltIn(SessionPosterior.build_prior().answer, built_in.NAME, "0"))
    coats = SessionAnswer(items=("coat-1", "coat-2"))
    beside = replace(pending.decision, algorithm="coats", version="1", answer=coats, by_built_in=False)
    shadow = build_answer_record("session", pending.question, beside, shadow=True).model_copy(
        update={"variant": "coats"}
    )
    with write_transaction(engine) as connection:
        decisions.save_decision(connection, pending.record, at, body=pending.body)
        decisions.save_shadows(connection, [shadow])
    first = pending.decision.answer.items[0]  # type: ignore[attr-defined]
    if n % 4 < (3 if first.startswith("coat") else 1):
        shop.now = at + timedelta(minutes=1)
        shop.event("c", "item_clicked", 0, item_id=first)


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    opened = connect(Settings(home=home, _env_file=None).database)
    yield opened
    opened.dispose()


def evaluate_pages(engine: Engine, home: Path, *names: str, **more: Any) -> dict[str, Any]:
    given = {"cut": BEGIN - timedelta(days=1), "until": NOW} | more
    return evaluate(engine, Settings(home=home, _env_file=None), names, **given)


def test_what_others_would_have_earned_is_told_from_the_record(engine: Engine, home: Path) -> None:
    report = evaluate_pages(engine, home, "coats", "raises")
    found = report["found"]
    assert report["pages"] == PAGES
    assert list(found) == ["as-it-came", "by-lot", "session-bandit", "coats", "raises"]
    for name, truth in (("as-it-came", 0.25), ("by-lot", 0.5), ("coats", 0.75), ("raises", 0.25)):
        snips = found[name]["snips"]
        assert snips["low"] - 0.05 <= truth <= snips["high"] + 0.05, (name, snips)
    assert found["coats"]["snips"]["low"] > found["as-it-came"]["snips"]["high"]
    assert found["raises"]["faults"] == {"raised": PAGES}


def test_the_house_is_judged_by_what_it_learnt_before(engine: Engine, home: Path) -> None:
    half = BEGIN + timedelta(hours=PAGES)
    young, old = evaluate_pages(engine, home), evaluate_pages(engine, home, cut=half)
    assert 0 < old["pages"] < PAGES
    assert old["found"]["session-bandit"]["snips"]["value"] > young["found"]["session-bandit"]["snips"]["value"]


def test_what_cannot_be_judged_is_named(engine: Engine, home: Path) -> None:
    with pytest.raises(BadInput, match="drawn by chance"):
        evaluate_pages(engine, home, until=BEGIN + CREDIT_WINDOW)
    with pytest.raises(BadInput, match="other is for ranking"):
        evaluate_pages(engine, home, "other")
    with pytest.raises(NotFound):
        evaluate_pages(engine, home, "nobody")


def test_a_shadow_is_compared_by_what_it_puts_first(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        found = compare(connection, "session", BEGIN - timedelta(days=1), NOW, CREDIT_WINDOW)
    would = found["shadows"]["coats"]["foretold"]
    assert would["snips"]["low"] <= 0.75 <= would["snips"]["high"]
    assert would["snips"]["value"] > would["logged"] + 0.1
    assert found["variants"]["house"]["touched"]["first"] == pytest.approx(would["logged"])


def test_people_read_it_too(engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_HOME", str(home))
    since = f"{BEGIN - timedelta(days=1):%Y-%m-%d}"
    words = ["algorithms", "evaluate", "--slot", "session", "--since", since]
    text_result, json_result = (CliRunner().invoke(selvedge, [*words, *more]) for more in ([], ["--json"]))
    assert text_result.exit_code == 0, text_result.output
    assert f"{PAGES} pages drawn by chance" in text_result.output
    assert json.loads(json_result.stdout)["found"]["by-lot"]["ips"]["value"] > 0
    compared = CliRunner().invoke(selvedge, ["algorithms", "compare", "--slot", "session", "--since", since])
    assert "something of it was taken up" in compared.output
    assert "with the shadow's it would have been" in compared.output
