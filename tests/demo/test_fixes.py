"""The demo's Fixes: the same on every run, decided and answered like real ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from demo.fixes import FixPlayer, list_feedback, list_requests
from demo.stack import compute_decide_hours
from models.base import utc
from models.fix_views import FixRequestBody
from models.fixes import FixDecision, FixItem, FixState, FixWish
from store.database import write_transaction
from store.fixes import fixes, reservations
from tests.support.shop import Shop

START = utc(2026, 11, 21, 7)


class Web:
    """Takes what is posted, like httpx, and answers it with `status`."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []
        self.refuses_swaps = False

    def put(self, url: str, *, json: Any) -> Any:
        raise AssertionError(url)

    def post(self, url: str, *, json: Any) -> Any:
        self.posted.append((url, json))
        self.status_code = 422 if self.refuses_swaps and json.get("swaps") else 200
        return self

    def raise_for_status(self) -> Any:
        return self


def test_requests_are_what_the_api_takes_and_the_same_on_every_run() -> None:
    all_ = [ask for day in range(30) for ask in list_requests(START, day, 360)]
    assert all_ == [ask for day in range(30) for ask in list_requests(START, day, 360)]
    assert 15 <= len(all_) <= 30
    for ask in all_:
        assert FixRequestBody.model_validate(ask.body).request_key
        assert START <= ask.at < START + timedelta(days=30)
    assert {ask.body["when"] for ask in all_} == {"now", "wave"}


def propose_fix(shop: Shop, now: datetime, key: str | None = "demo-0-0") -> str:
    item = [FixItem(sku=f"item0{k}-M", item_id=f"item0{k}", price_cents=4_000, score=0.5) for k in range(8)]
    with write_transaction(shop.engine) as connection:
        fix_id = fixes.save_request(connection, "ann", FixWish(), now, request_key=key)
        kept = {"items": [entry.model_dump(mode="json") for entry in item]}
        fixes.move_fix(connection, fix_id, FixState.RANKED, now, values={"candidates": kept})
        fixes.move_fix(connection, fix_id, FixState.ASSEMBLED, now)
        assert reservations.reserve_box(connection, fix_id, item[:5], now, None) == ()
        fixes.move_fix(connection, fix_id, FixState.PROPOSED, now)
    return fix_id


@pytest.mark.parametrize("key", [None, "mine"])
def test_a_fix_that_somebody_else_asked_for_is_theirs_to_decide(shop: Shop, key: str | None) -> None:
    shop.client("ann", now=START)
    propose_fix(shop, START, key)
    web = Web()
    FixPlayer(START, START, 360, shop.engine, web).play_round(START + timedelta(hours=23))
    assert not [url for url, _ in web.posted if "decision" in url]


def test_a_person_has_ten_minutes_at_any_pace() -> None:
    assert compute_decide_hours(5) == 24 * 120
    assert compute_decide_hours(600) == 48


def test_a_stylist_decides_within_a_day_and_the_client_answers_every_item_once(shop: Shop) -> None:
    shop.client("ann", now=START)
    fix_id, web = propose_fix(shop, START), Web()
    web.refuses_swaps = True
    fixing = FixPlayer(START, START, 360, shop.engine, web)
    fixing.play_round(START + timedelta(hours=1))
    assert not [url for url, _ in web.posted if "decision" in url]
    fixing.play_round(START + timedelta(hours=21))
    decided = [body for url, body in web.posted if url == f"/v1/fixes/{fix_id}/decision"]
    assert decided
    assert all(FixDecision.model_validate(body).by == "robin" for body in decided)
    with write_transaction(shop.engine) as connection:
        fixes.move_fix(connection, fix_id, FixState.APPROVED, START)
        reservations.sell_box(connection, fix_id, START)
        fixes.move_fix(connection, fix_id, FixState.SHIPPED, START, values={"shipped_at": START})
    said = [
        event
        for day in range(12)
        for event in list_feedback(shop.engine, START + timedelta(days=day), START + timedelta(days=day + 1))
    ]
    assert sorted(event["item_id"] for event in said) == [f"item0{k}" for k in range(5)]
    for event in said:
        shop.event(event.pop("client_id"), event.pop("type"), datetime.fromisoformat(event.pop("occurred_at")), **event)
    with write_transaction(shop.engine) as connection:
        assert fixes.count_unanswered(connection, fix_id) == 0
