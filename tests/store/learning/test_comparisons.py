"""What a comparison reads: answers by their time, when they were seen, and what was done after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from domain.comparison.records import Reaction
from models.answers import AnswerRecord
from services.evaluation.comparison import compare
from store.database import read_transaction, write_transaction
from store.learning import comparisons, decisions
from store.tables import outreaches
from tests.support.shop_services import NOW, StockedShop

DAY = timedelta(days=1)


def record(client: str, *items: str, question: str = "", **more: Any) -> AnswerRecord:
    values = {
        "slot": "ranking",
        "client_id": client,
        "asked_at": NOW,
        "question": question or f"q{client}",
        "role": "live",
        "variant": "one",
        "algorithm": "one",
        "version": "1",
        "seconds": 0.02,
        "answer": {"items": [{"item_id": item, "score": 1} for item in items]},
    }
    return AnswerRecord.model_validate(values | more)


def shadow(client: str, *items: str, **more: Any) -> AnswerRecord:
    return record(client, *items, **{"role": "shadow", "variant": "two", "algorithm": "two", "seconds": 0.1, **more})


def mail(connection: Connection, client: str, n: int, sent_at: object) -> None:
    values = {"client_id": client, "n": n, "reason_key": f"k{n}", "kind": "first", "assessment_id": "a", "score": 1.0}
    more = {"phase": "active", "state": "sent", "created_at": NOW, "updated_at": NOW, "sent_at": sent_at}
    connection.execute(outreaches.insert().values(values | more))


def test_answers_are_read_by_time_and_seen_when_their_mail_left(engine) -> None:
    with write_transaction(engine) as connection:
        mail(connection, "b", 1, NOW + DAY)
        mail(connection, "c", 1, None)
        decisions.save_decision(connection, record("a", "i1"), NOW)
        decisions.save_decision(connection, record("b", "i1"), NOW + DAY / 2, n=1)
        decisions.save_decision(connection, record("c", "i1"), NOW + DAY, n=1)
        decisions.save_decision(connection, record("d", "i1", slot="session"), NOW)
        decisions.save_decision(connection, record("e", "i1"), NOW - DAY)
        decisions.save_shadows(connection, [shadow("a", "i2"), shadow("b", answer=None, faults=("two:late",))])
    with read_transaction(engine) as connection:
        result = comparisons.load_live_answers(connection, "ranking", NOW - DAY, NOW + DAY)
        shadows = sorted(
            comparisons.iterate_shadow_answers(connection, "ranking", ["qa", "qb"]), key=lambda shadow: shadow.question
        )
    assert [(live.client_id, live.shown_at) for live in result] == [("a", NOW), ("b", NOW + DAY), ("c", None)]
    assert [(shadow.name, shadow.answer is None, shadow.faults) for shadow in shadows] == [
        ("two", False, ()),
        ("two", True, ("two:late",)),
    ]


def test_deeds_are_told_apart(engine) -> None:
    shop = StockedShop(engine)
    shop.item("i1")
    for client in ("a", "b"):
        shop.client(client)
    shop.event("a", "order_placed", 1, item_id="i1", value=60, order_id="o1")
    shop.event("a", "order_returned", 0.5, item_id="i1")
    shop.event("a", "fix_feedback", 0.4, item_id="i1", kept=True)
    shop.event("a", "fix_feedback", 0.3, item_id="i1", kept=False)
    shop.event("a", "item_viewed", 0.2, item_id="i1")
    shop.event("b", "order_placed", 1, item_id="i1")
    with read_transaction(engine) as connection:
        result = sorted(
            comparisons.iterate_outcomes(connection, ["a"], NOW - 2 * DAY, NOW), key=lambda reaction: reaction.at
        )
    assert [reaction.kind for reaction in result] == ["ordered", "returned", "kept", "sent_back"]
    assert result[0] == Reaction("a", "ordered", NOW - DAY, "i1", "o1", 6_000)


def test_a_comparison_tells_of_shadows_and_of_the_split_in_force(engine) -> None:
    shop = StockedShop(engine)
    shop.item("i1")
    with write_transaction(engine) as connection:
        for n in range(40):
            variant = "one" if n < 30 else "three"
            fields = {"variant": variant, "algorithm": variant, "experiment": "one 0.75, three 0.25"}
            decisions.save_decision(connection, record(f"c{n}", "i1", "i2", **fields), NOW - 3 * DAY)
            decisions.save_shadows(connection, [shadow(f"c{n}", "i1" if n % 2 else "i9", "i2", asked_at=NOW)])
    for n in range(40):
        shop.client(f"c{n}")
        if n % 3 == 0:
            shop.event(f"c{n}", "order_placed", 1, item_id="i1", value=50)
    with read_transaction(engine) as connection:
        result = compare(connection, "ranking", NOW - 7 * DAY, NOW, 3 * DAY)
        open_yet = compare(connection, "ranking", NOW - 7 * DAY, NOW, 7 * DAY)
        none = compare(connection, "session", NOW - 7 * DAY, NOW, 7 * DAY)
    assert (result["answers"], set(result["variants"])) == (40, {"one", "three"})
    assert result["variants"]["one"]["earned"]["order_rate"] == 10 / 30
    assert result["variants"]["one"]["earned"]["average_order_cents"] == 5_000
    over = result["variants"]["three"]["over"]
    assert over["champion"] == "one"
    assert over["order_rate"]["relative"][1] < 0 < over["order_rate"]["relative"][2]
    assert [over["order_rate"][name] for name in ("n", "control_n", "enough")] == [10, 30, False]
    nothing = open_yet["variants"]["one"]["earned"]
    assert (nothing["seen"], nothing["open"], nothing["order_rate"]) == (0, 30, None)
    assert open_yet["variants"]["three"]["over"]["order_rate"]["treated"] is None
    two = result["shadows"]["two"]
    assert (two["n"], two["p50_ms"], two["agreement"]["first"]) == (40, 100.0, 0.5)
    assert two["agreement"]["overlap"] == 0.75
    assert "propensities" in two["foretold"]
    assert (none["answers"], none["variants"], none["shadows"]) == (0, {}, {})
