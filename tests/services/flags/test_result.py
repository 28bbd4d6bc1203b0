"""What a flag showed is read rightly: planted effects are seen, none is seen where there is none, and arms that cannot
be compared are named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from models.clients import ClientRow
from models.flag_results import ArmComparison, FlagResult
from services.clients import registration
from services.flags.lifecycle import save_flag, start_flag, stop_flag
from services.flags.result import read_flag
from settings import Settings
from store.database import write_transaction
from store.experiments.assignments import save_assignments
from store.tables import visit_tallies
from tests.services.flags.test_page_flags import SCIENTIST, build_order
from tests.services.serving.conftest import shop
from tests.support.shop_services import NOW, TERMS, StockedShop

__all__ = ["shop"]

DAY = timedelta(days=1)
CLIENTS = 400
LATER = NOW + 8 * DAY


@pytest.fixture
def flagged(shop: StockedShop, tmp_path: Path) -> StockedShop:
    """A flag of two arms that has run for eight days, with 200 clients in each."""
    save_flag(shop.engine, SCIENTIST, "short", build_order({"count": 3}, {"count": 6}), NOW, NOW)
    start_flag(shop.engine, SCIENTIST, Settings(_env_file=None, home=tmp_path), "short", NOW, NOW)
    rows = [ClientRow(client_id=f"k{k:03}", email=f"k{k:03}@example.com") for k in range(CLIENTS)]
    with write_transaction(shop.engine) as connection:
        assert not registration.upsert_clients(connection, rows, TERMS, NOW, NOW, start=False).refused
    return shop


def expose(shop: StockedShop, arms: dict[str, str], days: float = 0.0) -> None:
    at = NOW + days * DAY
    rows = [
        {"subject": client, "kind": "flag", "experiment": "short", "arm": arm, "at": at, "exposed": True}
        for client, arm in arms.items()
    ]
    with write_transaction(shop.engine) as connection:
        save_assignments(connection, rows)


def put(shop: StockedShop, rows: list[dict[str, object]]) -> None:
    shop.now = LATER
    shop.events(rows)


def order(client: str, cents: int, days: float) -> dict[str, object]:
    value = f"{cents / 100:.2f}"
    return {"client_id": client, "type": "order_placed", "item_id": "wool_coat", "value": value, "days_ago": 8 - days}


def read(shop: StockedShop, days: float = 8) -> FlagResult:
    return read_flag(shop.engine, "short", NOW + days * DAY)


def find(result: FlagResult, figure: str) -> ArmComparison:
    return next(one for one in result.comparisons if one.figure == figure)


def test_a_planted_effect_is_seen_and_cuped_takes_away_what_was_known(flagged: StockedShop) -> None:
    chance, shop = Random(1), flagged
    arms = {f"k{number:03}": f"arm{number % 2}" for number in range(CLIENTS)}
    expose(shop, arms)
    rows = []
    for client, arm in arms.items():
        usual = chance.choice([2_000, 20_000])  # how much a client spends, before and after
        rows += [order(client, usual, -9)]
        if chance.random() < (0.45 if arm == "arm1" else 0.2):
            rows += [order(client, usual, 2)]
        rows += [order(client, 99_999, 7.5)]  # beyond the window
        for minute in (0, 5, 10):
            touch = {"type": "item_clicked" if minute else "item_viewed", "item_id": "red_shoes"}
            rows += [{"client_id": client, **touch, "days_ago": 7 - minute / 1440}]
    put(shop, rows)
    result = read(shop)
    assert result.until == LATER
    assert [(arm.clients, arm.waiting) for arm in result.arms] == [(200, 0), (200, 0)]
    assert result.arms[0].session_minutes == pytest.approx(10 / (1 + (result.arms[0].conversion or 0)), rel=0.01)
    assert 0.12 < (result.arms[0].conversion or 0) < 0.28 < (result.arms[1].conversion or 0)
    conversion, revenue = find(result, "conversion"), find(result, "revenue")
    assert conversion.enough
    assert conversion.p_value_at_every_look < 0.05
    assert conversion.p_better > 0.99
    assert conversion.difference[1] is not None
    assert conversion.difference[1] > 0
    assert revenue.removed > 0.1
    low, high = revenue.difference_at_every_look[1:]
    assert low is not None
    assert high is not None
    assert low < revenue.difference[0] < high  # type: ignore[operator]
    assert not result.suspicious
    assert any("clients who order" in said for said in result.says)


def test_nothing_is_seen_where_nothing_is(flagged: StockedShop) -> None:
    chance, shop = Random(2), flagged
    arms = {f"k{number:03}": f"arm{number % 2}" for number in range(CLIENTS)}
    expose(shop, arms)
    put(shop, [order(client, 5_000, 2) for client in arms if chance.random() < 0.3])
    result = read(shop)
    assert result.says == ("no difference that one can be sure of at this look",)
    assert all(one.p_value_at_every_look > 0.05 for one in result.comparisons)


def test_arms_of_the_wrong_size_are_named_first(flagged: StockedShop) -> None:
    expose(flagged, {f"k{number:03}": "arm1" if number % 3 else "arm0" for number in range(CLIENTS)})
    result = read(flagged)
    assert (result.suspicious, len(result.says)) == (True, 1)
    assert "do not compare them" in result.says[0]


def test_too_few_and_those_whose_window_runs_are_said(flagged: StockedShop) -> None:
    expose(flagged, {"k001": "arm0", "k002": "arm1", "k003": "arm1"})
    expose(flagged, {"k004": "arm0"}, days=5)
    result = read(flagged)
    assert [(arm.clients, arm.waiting) for arm in result.arms] == [(1, 1), (2, 0)]
    assert "too few to tell" in result.says[0]
    assert read_flag(flagged.engine, "short", NOW, narrowest_at=100).comparisons == ()


def test_figures_count_anew_once_shares_change(flagged: StockedShop) -> None:
    shop = flagged
    expose(shop, {"k001": "arm0", "k002": "arm1"})
    with write_transaction(shop.engine) as connection:
        row = {"flag": "short", "arm": "arm0", "visits": 9, "clicked": 1, "minutes": 3.0, "minutes_squared": 4.0}
        connection.execute(visit_tallies.insert().values(**row))
    grown = build_order({"count": 3}, {"count": 6}).model_dump(mode="json")
    grown["arms"][0]["share"], grown["arms"][1]["share"] = 0.2, 0.8
    order_ = type(build_order({}, {})).model_validate(grown)
    flag = save_flag(shop.engine, SCIENTIST, "short", order_, NOW + DAY, NOW)
    assert (flag.since, flag.started_at) == (NOW + DAY, NOW)
    expose(shop, {"k001": "arm1", "k003": "arm1"}, days=2)  # k001 had to move
    result = read(shop, days=20)
    assert [(arm.clients, arm.visits, arm.share) for arm in result.arms] == [(0, 0, 0.2), (1, 0, 0.8)]
    stop_flag(shop.engine, SCIENTIST, "short", NOW + 3 * DAY, NOW)
    assert read(shop, days=20).arms == result.arms, "what it showed stays"


def test_visits_are_read_from_their_sums(flagged: StockedShop) -> None:
    with write_transaction(flagged.engine) as connection:
        for arm, clicked in (("arm0", 300), ("arm1", 500)):
            sums = {"visits": 1_000, "clicked": clicked, "minutes": 4_000.0, "minutes_squared": 20_000.0}
            connection.execute(visit_tallies.insert().values(flag="short", arm=arm, **sums))
    result = read(flagged)
    assert [arm.visits_clicked for arm in result.arms] == [0.3, 0.5]
    assert find(result, "visits_clicked").p_value_at_every_look < 0.001
    assert find(result, "visit_minutes").difference[0] == 0
    assert any("anonymous visits with a click" in said for said in result.says)
