"""Algorithms judged by what clients bought after a day past, in a world whose rule is known: they buy what is cheap."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from algorithms.blending.replay import compute_quality
from errors import BadInput, NotFound
from services.evaluation.rankings import evaluate
from settings import Settings
from store.database import connect
from tests.support.algorithms import install_algorithm, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

CHEAP = """
slot, version = "ranking", "1"

def answer(question):
    assert all(item["at"] <= question["now"] for item in question["touches"]), "the future is told"
    cheap = sorted(question["candidates"], key=lambda item: item["price_cents"])[: question["n"]]
    return {"items": [{"item_id": item["item_id"], "score": 1} for item in cheap]}
"""
MONTH = timedelta(days=30)
CLIENTS, ITEMS = 60, 40


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    install_algorithm(tmp_path / "algorithms", "cheap", source=CHEAP)
    install_algorithm(tmp_path / "algorithms", "raises", source=CHEAP.replace("cheap = ", "cheap = 1 / 0 #"))
    install_algorithm(
        tmp_path / "algorithms", "times", source='slot = "send_time"\n\ndef answer(question):\n    return None\n'
    )
    return Settings(home=tmp_path, _env_file=None)


@pytest.fixture
def shop(tmp_path: Path):
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    stocked = StockedShop(engine)
    for n in range(ITEMS):
        added, price = NOW - timedelta(days=300), Decimal(200 - n)
        stocked.item(f"i{n:02}", f"category{n % 9}", price=price, added_at=added, stock={"": n % 3})
    for n in range(CLIENTS):
        stocked.client(f"c{n}")
        for k in range(3):
            stocked.event(f"c{n}", "order_placed", 60 + k, item_id=f"i{(n * 7 + k * 3) % 30:02}")
        for k in range(2):
            stocked.event(f"c{n}", "order_placed", 9 - k, item_id=f"i{ITEMS - 1 - (n + k) % 5:02}")
        stocked.event(f"c{n}", "item_viewed", 8, item_id="i00")
    yield stocked
    engine.dispose()


def test_who_knows_the_rule_wins_beyond_noise_and_a_fault_is_the_house_s_answer(shop, home: Settings) -> None:
    progress_lines: list[str] = []
    report = evaluate(shop.engine, home, ["cheap", "raises"], NOW - MONTH, NOW, progress=progress_lines.append)
    found = report["found"]
    assert (report["clients"], list(found)) == (CLIENTS, ["popularity", "house", "cheap", "raises"])
    assert found["cheap"]["hit_rate"]["value"] > 0.9
    assert found["cheap"]["ndcg_over_house"]["low"] > 0
    assert found["cheap"]["faults"] == {}
    assert found["raises"]["ndcg"] == found["house"]["ndcg"]
    assert found["raises"]["faults"] == {"raised": CLIENTS}
    assert any("asking about 60 clients" in line for line in progress_lines)
    again = evaluate(shop.engine, home, [], NOW - MONTH, NOW)
    assert again["found"]["house"] == found["house"]


def test_the_champion_is_asked_unnamed_and_some_clients_will_do(shop, home: Settings) -> None:
    write_policy_file(home.home, '[slots.ranking]\nchampion = "cheap"\n')
    few = evaluate(shop.engine, home, [], NOW - MONTH, NOW, most=10)
    assert (few["clients"], list(few["found"])) == (10, ["popularity", "house", "cheap"])


@pytest.mark.parametrize(
    ("names", "since", "wrong", "words"),
    [
        (["nobody"], MONTH, NotFound, "nobody"),
        (["times"], MONTH, BadInput, "send_time"),
        ([], timedelta(hours=1), BadInput, "since"),
    ],
)
def test_mistakes_are_named(shop, home: Settings, names: list[str], since: timedelta, wrong: type, words: str) -> None:
    progress_lines: list[str] = []
    with pytest.raises(wrong, match=words):
        evaluate(shop.engine, home, names, NOW - since, NOW, progress=progress_lines.append)
    assert ("reading the store" in progress_lines) == (not names)


def test_a_stretch_that_is_over_reads_the_same_later(shop, home: Settings) -> None:
    cut, until = NOW - MONTH, NOW - timedelta(days=8, hours=12)

    def ndcg(end: datetime) -> list[float]:
        found = evaluate(shop.engine, home, ["cheap"], cut, end)["found"]
        return [found[name]["ndcg"]["value"] for name in ("popularity", "house", "cheap")]

    before = ndcg(until)
    shop.event("c1", "order_placed", 1, item_id="i02")
    assert ndcg(until) == before
    assert ndcg(NOW) != before


def test_quality_of_a_list_by_hand() -> None:
    assert compute_quality(["a", "b", "c"], frozenset({"b", "x"}), 3) == pytest.approx(
        (1, 0.5, 0.63093 / 1.63093), abs=1e-4
    )
    assert compute_quality([], frozenset({"b"}), 3) == (0, 0, 0)
    assert compute_quality(["b"], frozenset({"b"}), 3) == (1, 1, 1)
