"""Training the model of fit from a real store: measured on what came last, kept, and what Fixes go by from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from algorithms.fit.rows import FIT, SMALL
from algorithms.fit.serving import FitModel
from algorithms.forgetting import unname
from domain.fixes.rules import Unit
from errors import BadInput
from services.fixes.fit import FRESH_S, FittingRoom
from services.training.fit import train_fit
from settings import Settings
from store.database import connect, read_transaction
from store.learning import artefacts
from store.tables import metadata
from tests.support.stocked import NOW, StockedShop

CLIENTS = 60
UNITS = [Unit("a", "runs-small", "M", 1), Unit("b", "true", "M", 1)]
KINDS = ["knitwear", "knitwear"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StockedShop]:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    metadata.create_all(engine)
    shop = StockedShop(engine)
    for item in ("runs-small", "true"):
        shop.item(item)
    for k in range(CLIENTS):
        shop.client(f"c{k}")
    yield shop
    engine.dispose()


def hear(shop: StockedShop) -> None:
    """Ten tries each, one every second day: what runs small is small to all but every tenth."""
    said: list[dict[str, Any]] = []
    for k in range(CLIENTS * 10):
        item = ("runs-small", "true")[k % 2]
        fit = "small" if item == "runs-small" and k % 20 else "fit"
        ago = 0.5 + 2 * (k // CLIENTS)
        said.append({"client_id": f"c{k % CLIENTS}", "type": "fix_feedback", "days_ago": ago, "item_id": item,
                     "kept": fit == "fit", "fit": fit, "size": "M"})  # fmt: skip
    shop.events(said)


def test_it_is_measured_kept_and_serves(shop: StockedShop, tmp_path: Path) -> None:
    hear(shop)
    settings, told = Settings(home=tmp_path, _env_file=None), list[str]()
    made = train_fit(shop.engine, settings, NOW, told.append)
    assert (made.slot, made.algorithm, made.live) == ("fit", "fit", True)
    assert made.metrics["feedback"] == CLIENTS * 10
    assert made.metrics["held_out"] == CLIENTS * 2
    assert made.metrics["auc"] > 0.9
    assert made.window_until == NOW - timedelta(days=0.5)
    with read_transaction(shop.engine) as connection:
        assert artefacts.live(connection, "fit") == made
    model = FitModel.load(tmp_path / made.path)
    found = model.probabilities(["new"] * 2, ["runs-small", "true"], ["M"] * 2, KINDS)
    assert found.argmax(axis=1).tolist() == [SMALL, FIT]
    assert "learning from 600 rows" in told


def test_what_came_later_is_not_learnt(shop: StockedShop, tmp_path: Path) -> None:
    hear(shop)
    settings = Settings(home=tmp_path, _env_file=None)
    made = train_fit(shop.engine, settings, NOW - timedelta(days=10), live=False)
    assert made.metrics["feedback"] == CLIENTS * 5
    with read_transaction(shop.engine) as connection:
        assert artefacts.live(connection, "fit") is None


def test_nothing_is_trained_where_nobody_said_anything(shop: StockedShop, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to learn from"):
        train_fit(shop.engine, Settings(home=tmp_path, _env_file=None), NOW)
    assert not (tmp_path / "artefacts").exists()


def test_fixes_go_by_the_trained_model_and_by_feedback_where_it_cannot_be_read(
    shop: StockedShop, tmp_path: Path
) -> None:
    clock = [0.0]
    room = FittingRoom(shop.engine, tmp_path, lambda: clock[0])
    assert room.of("new")(UNITS, KINDS) == pytest.approx([0.74, 0.74], abs=0.01)
    hear(shop)
    made = train_fit(shop.engine, Settings(home=tmp_path, _env_file=None), NOW)
    clock[0] += FRESH_S + 1
    trained = room.of("new")(UNITS, KINDS)
    model = FitModel.load(tmp_path / made.path)
    said = [["new"] * 2, [unit.item_id for unit in UNITS], ["M"] * 2, KINDS]
    assert trained == model.probabilities(*said)[:, FIT].tolist()
    (tmp_path / made.path / "small.json").unlink()
    other = FittingRoom(shop.engine, tmp_path, lambda: clock[0])
    assert other.of("new")(UNITS, KINDS) == pytest.approx(trained, abs=0.05)


def test_an_erased_client_is_in_none_of_its_files(shop: StockedShop, tmp_path: Path) -> None:
    shop.client("canary")
    hear(shop)
    shop.events([{"client_id": "canary", "type": "fix_feedback", "days_ago": 3, "item_id": "true", "kept": True,
                  "fit": "fit", "size": "M"}])  # fmt: skip
    made = train_fit(shop.engine, Settings(home=tmp_path, _env_file=None), NOW)
    folder = tmp_path / made.path

    def holding() -> list[str]:
        return [each.name for each in folder.rglob("*") if b"canary" in each.read_bytes().replace(b"\0", b"")]

    def told() -> list[list[float]]:
        mine = FitModel.load(folder).probabilities(["c0", "c59"], ["runs-small"] * 2, ["M"] * 2, KINDS)
        return mine.tolist()

    before = told()
    assert holding() == ["clients.npy"]
    assert unname(tmp_path / "artefacts", "canary") == 1
    assert holding() == []
    assert told() == before
