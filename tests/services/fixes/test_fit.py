"""The chance that a unit fits follows what clients said, however their words name the size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.fixes.candidates import StockUnit
from services.fixes.fit import CHECK_EVERY_S, FitPredictor
from tests.support.shop import Shop

NOW = datetime.now(UTC) - timedelta(days=1)


def test_without_feedback_three_of_four_fit(shop: Shop) -> None:
    fits = FitPredictor(shop.engine, Path(shop.settings.home)).build_for_client("ann")
    chances = fits([StockUnit("a", "item01", "M", 1), StockUnit("b", "item02", "S", 1)], ["shirt", "trousers"])
    assert all(abs(chance - 0.74) < 0.02 for chance in chances)


def test_an_item_that_runs_small_is_less_likely_to_fit_once_it_is_said(shop: Shop) -> None:
    clock = [0.0]
    room = FitPredictor(shop.engine, Path(shop.settings.home), lambda: clock[0])
    units, kinds = [StockUnit("a", "item01", "M", 1), StockUnit("b", "item07", "M", 1)], ["shirt", "shirt"]
    before = room.build_for_client("new")(units, kinds)
    for k in range(40):
        shop.client(f"c{k}", now=NOW)
        item, fit = ("item01", "small") if k % 2 else ("item07", "fit")
        shop.event(f"c{k}", "fix_feedback", NOW, item_id=item, kept=False, fit=fit, size="M")
    assert room.build_for_client("new")(units, kinds) == before, "what was learnt serves for a while"
    clock[0] = CHECK_EVERY_S + 1
    small, fine = room.build_for_client("new")(units, kinds)
    assert small < 0.5 < before[1] < fine
