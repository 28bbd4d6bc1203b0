"""Training from a real store: it learns, says honestly how well, and leaves nothing half done."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import orjson
import pytest

from algorithms.blending.catalogue import Catalogue
from algorithms.ranking import state, zoo
from algorithms.ranking.als import Als
from algorithms.ranking.catalogue_ranker import CatalogueRanker, code_version
from algorithms.ranking.popularity import Popularity
from domain.histories import ClientSignals
from errors import BadInput
from services.training.ranking import SHARES, name_blend, train_ranking
from settings import Settings
from store.catalogue import catalogue
from store.database import connect, read_transaction
from store.learning import artefacts
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop whose clients have two preferences, in a real store: 120 clients, 40 items."""
    folder: Path = tmp_path_factory.mktemp("training")
    engine = connect(f"sqlite:///{folder / 'shop.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    shop.two_tastes()
    yield shop
    engine.dispose()


def test_training_keeps_a_measured_model_that_serves(shop, tmp_path):
    settings = Settings(home=tmp_path)
    progress_lines: list[str] = []
    artefact = train_ranking(shop.engine, settings, "hybrid", 7, NOW, progress_lines.append)
    quality = artefact.metrics["quality"]["returning"]
    assert quality["hybrid"]["ndcg@10"] > 1.3 * quality["popularity lately"]["ndcg@10"]
    best = max(SHARES, key=lambda share: quality[name_blend(share)]["ndcg@10"])
    assert artefact.metrics["shares"] == {"returning": best}
    assert best > 0
    assert artefact.metrics["asked"]["returning"] > 100
    assert artefact.metrics["asked"]["new"] == 0
    assert artefact.window_until == pytest.approx(NOW - timedelta(days=1), abs=timedelta(days=1))
    assert (artefact.seed, artefact.live) == (7, True)
    assert artefact.metrics["code"] == code_version()
    with read_transaction(shop.engine) as connection:
        assert artefacts.find_live(connection, "ranking") == artefact
        goods = Catalogue.of(catalogue.list_items(connection), ())
    content = orjson.loads((tmp_path / artefact.path / "artefact.json").read_bytes())
    assert content["id"] == artefact.id
    model = CatalogueRanker.load("hybrid", tmp_path / artefact.path, goods)
    assert model.scores(ClientSignals("c3"), np.arange(40), 0.0).max() == 1.0
    assert any("learning hybrid from everything" in step for step in progress_lines)


class RecordingPopularity(Popularity):
    """Popularity that records the latest moment in each set of interactions it was fitted to."""

    taught: ClassVar[list[float]] = []

    def fit(self, log, seed) -> None:
        self.taught.append(float(log.at.max()))
        super().fit(log, seed)


def test_the_measure_is_taken_before_the_end_is_learnt(shop, tmp_path, monkeypatch):
    """What is held out never reaches the model that is measured."""
    monkeypatch.setitem(zoo.PLAIN, "popularity", RecordingPopularity)
    artefact = train_ranking(shop.engine, Settings(home=tmp_path), "popularity", 7, NOW)
    measured, served = RecordingPopularity.taught
    assert artefact.window_until is not None
    assert measured <= datetime.fromisoformat(artefact.metrics["cut"]).timestamp() < served
    assert served == artefact.window_until.timestamp()


def test_a_second_training_takes_over(shop, tmp_path):
    settings = Settings(home=tmp_path)
    train_ranking(shop.engine, settings, "hybrid", 7, NOW)
    second = train_ranking(shop.engine, settings, "popularity", 7, NOW)
    with read_transaction(shop.engine) as connection:
        assert artefacts.find_live(connection, "ranking") == second
    assert sorted(p.name.split("-")[0] for p in (tmp_path / "artefacts").iterdir()) == ["hybrid", "popularity"]


def test_a_failure_leaves_no_half_written_folder(shop, tmp_path, monkeypatch):
    def full(folder, what):
        raise OSError(28, "No space left on device")

    with read_transaction(shop.engine) as connection:
        before = artefacts.find_live(connection, "ranking")
    monkeypatch.setattr(state, "save", full)
    with pytest.raises(OSError, match="No space"):
        train_ranking(shop.engine, Settings(home=tmp_path), "hybrid", 7, NOW)
    assert list((tmp_path / "artefacts").iterdir()) == []
    with read_transaction(shop.engine) as connection:
        assert artefacts.find_live(connection, "ranking") == before


@pytest.fixture
def bare(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'bare.db'}")
    create_tables(engine)
    yield StockedShop(engine)
    engine.dispose()


def test_what_cannot_be_trained_says_what_to_do(bare, tmp_path):
    settings = Settings(home=tmp_path)
    with pytest.raises(BadInput, match="algorithm: no ranker 'deep'; there are popularity"):
        train_ranking(bare.engine, settings, "deep", 1, NOW)
    with pytest.raises(BadInput, match="import a catalogue first"):
        train_ranking(bare.engine, settings, "hybrid", 1, NOW)
    bare.item("a")
    bare.item("b")
    bare.client("c")
    with pytest.raises(BadInput, match="no event names an item"):
        train_ranking(bare.engine, settings, "hybrid", 1, NOW)
    assert not (tmp_path / "artefacts").exists()


def test_a_shop_with_one_order_trains_and_says_that_it_is_not_measured(bare, tmp_path):
    bare.item("a")
    bare.item("b")
    bare.client("c")
    bare.event("c", "order_placed", item_id="a")
    artefact = train_ranking(bare.engine, Settings(home=tmp_path), "hybrid", 1, NOW)
    assert "quality" not in artefact.metrics
    assert "shares" not in artefact.metrics


def test_a_model_that_foretells_worse_than_no_model_gets_no_share(shop, tmp_path, monkeypatch):
    """Measured, not believed: a ranker that learnt the wrong thing stays out of the match."""

    class Backwards(Als):
        def scores(self, asked, items):
            return -super().scores(asked, items)

    monkeypatch.setitem(zoo.PLAIN, "als", Backwards)
    assert train_ranking(shop.engine, Settings(home=tmp_path), "als", 7, NOW).metrics["shares"] == {"returning": 0.0}
