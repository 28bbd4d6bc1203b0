"""Training the model of fit from a real store: measured on what came last, kept, and what Fixes go by from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from algorithms.artefact_erasure import erase_client
from algorithms.fit.model import FitModel
from algorithms.fit.rows import FIT, SMALL, Feedback, Rows
from domain.fixes.candidates import StockUnit
from errors import BadInput
from services.fixes.fit import CHECK_EVERY_S, FitPredictor
from services.training.fit import measure_fit, train_fit
from settings import Settings
from store.database import connect, read_transaction
from store.learning import artefacts
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

CLIENTS = 60
UNITS = [StockUnit("a", "runs-small", "M", 1), StockUnit("b", "true", "M", 1)]
KINDS = ["knitwear", "knitwear"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StockedShop]:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    for item in ("runs-small", "true"):
        shop.item(item)
    for k in range(CLIENTS):
        shop.client(f"c{k}")
    yield shop
    engine.dispose()


def add_feedback(shop: StockedShop) -> None:
    """Ten tries each, one every second day: what runs small is small to all but every tenth."""
    events: list[dict[str, Any]] = []
    for k in range(CLIENTS * 10):
        item = ("runs-small", "true")[k % 2]
        fit = "small" if item == "runs-small" and k % 20 else "fit"
        ago = 0.5 + 2 * (k // CLIENTS)
        events.append({"client_id": f"c{k % CLIENTS}", "type": "fix_feedback", "days_ago": ago, "item_id": item,
                     "kept": fit == "fit", "fit": fit, "size": "M"})  # fmt: skip
    shop.events(events)


def test_it_is_measured_kept_and_serves(shop: StockedShop, tmp_path: Path) -> None:
    add_feedback(shop)
    settings, progress_lines = Settings(home=tmp_path, _env_file=None), list[str]()
    artefact = train_fit(shop.engine, settings, NOW, progress_lines.append)
    assert (artefact.slot, artefact.algorithm, artefact.live) == ("fit", "fit", True)
    assert artefact.metrics["feedback"] == CLIENTS * 10
    assert artefact.metrics["held_out"] == CLIENTS * 2
    assert artefact.metrics["auc"] > 0.9
    assert artefact.window_until == NOW - timedelta(days=0.5)
    with read_transaction(shop.engine) as connection:
        assert artefacts.find_live(connection, "fit") == artefact
    model = FitModel.load(tmp_path / artefact.path)
    found = model.predict(["new"] * 2, ["runs-small", "true"], ["M"] * 2, KINDS)
    assert found.argmax(axis=1).tolist() == [SMALL, FIT]
    assert "learning from 600 rows" in progress_lines


def test_what_came_later_is_not_learnt(shop: StockedShop, tmp_path: Path) -> None:
    add_feedback(shop)
    settings = Settings(home=tmp_path, _env_file=None)
    artefact = train_fit(shop.engine, settings, NOW - timedelta(days=10), live=False)
    assert artefact.metrics["feedback"] == CLIENTS * 5
    with read_transaction(shop.engine) as connection:
        assert artefacts.find_live(connection, "fit") is None


def test_the_measure_learns_nothing_from_what_it_is_measured_on() -> None:
    """In the last fifth every item fits the other way round: who learnt from that would not be wrong throughout."""
    item, turned = np.arange(1_000) % 2, np.arange(1_000) >= 800
    rows = Rows.of([f"c{k}" for k in range(1_000)], [f"i{k}" for k in item], ["M"] * 1_000, ["knit"] * 1_000)
    feedback = Feedback(rows, np.where((item == 0) ^ turned, SMALL, FIT), np.arange(1_000))
    metrics = measure_fit(feedback)
    assert (metrics["held_out"], metrics["auc"], metrics["auc_item_rate"]) == (200, 0.0, 0.0)
    assert metrics["log_loss"] > 2


def test_nothing_is_trained_where_nobody_said_anything(shop: StockedShop, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to learn from"):
        train_fit(shop.engine, Settings(home=tmp_path, _env_file=None), NOW)
    assert not (tmp_path / "artefacts").exists()


def test_fixes_go_by_the_trained_model_and_by_feedback_where_it_cannot_be_read(
    shop: StockedShop, tmp_path: Path
) -> None:
    clock = [0.0]
    room = FitPredictor(shop.engine, tmp_path, lambda: clock[0])
    assert room.build_for_client("new")(UNITS, KINDS) == pytest.approx([0.74, 0.74], abs=0.01)
    add_feedback(shop)
    artefact = train_fit(shop.engine, Settings(home=tmp_path, _env_file=None), NOW)
    clock[0] += CHECK_EVERY_S + 1
    trained = room.build_for_client("new")(UNITS, KINDS)
    model = FitModel.load(tmp_path / artefact.path)
    columns = [["new"] * 2, [unit.item_id for unit in UNITS], ["M"] * 2, KINDS]
    assert trained == model.predict(*columns)[:, FIT].tolist()
    (tmp_path / artefact.path / "small.json").unlink()
    other = FitPredictor(shop.engine, tmp_path, lambda: clock[0])
    assert other.build_for_client("new")(UNITS, KINDS) == pytest.approx(trained, abs=0.05)


def test_an_erased_client_is_in_none_of_its_files(shop: StockedShop, tmp_path: Path) -> None:
    shop.client("canary")
    add_feedback(shop)
    shop.events([{"client_id": "canary", "type": "fix_feedback", "days_ago": 3, "item_id": "true", "kept": True,
                  "fit": "fit", "size": "M"}])  # fmt: skip
    artefact = train_fit(shop.engine, Settings(home=tmp_path, _env_file=None), NOW)
    folder = tmp_path / artefact.path

    def list_files_with_client() -> list[str]:
        return [file.name for file in folder.rglob("*") if b"canary" in file.read_bytes().replace(b"\0", b"")]

    def predict() -> list[list[float]]:
        return FitModel.load(folder).predict(["c0", "c59"], ["runs-small"] * 2, ["M"] * 2, KINDS).tolist()

    before = predict()
    assert list_files_with_client() == ["clients.npy"]
    assert erase_client(tmp_path / "artefacts", "canary") == 1
    assert list_files_with_client() == []
    assert predict() == before
