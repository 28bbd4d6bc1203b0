"""`--all`: what a whole catalogue or stock file leaves out is retired or out of stock, guarded, and can come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from errors import BadInput
from ingest.whole_files import WholeFile
from services.recommendations.recommender import Recommender
from settings import Settings
from store.catalogue import availability, catalogue
from store.database import read_transaction
from tests.ingest.conftest import Import
from tests.store.conftest import NOW

GOODS = Path(__file__).parent / "goods"
FULL = {"catalogue": "shop_catalogue.csv", "stock": "shop_stock.csv"}


@pytest.fixture
def shop(load: Import) -> Import:
    """A shop of thirty items in three sizes, and a client who wears M."""
    load("clients", "clients.csv", "client_id,email,sizes\nann,ann@shop.example,M\n")
    for kind, name in FULL.items():
        load(kind, name, (GOODS / name).read_bytes())
    return load


def list_recommended(engine: Engine, tmp_path: Path) -> set[str]:
    recommender = Recommender(engine, Settings(home=tmp_path, _env_file=None))
    with read_transaction(engine) as connection:
        return {pick.item_id for pick in recommender.recommend(connection, "ann", 40, NOW).picks}


def test_what_a_whole_catalogue_leaves_out_is_retired(shop: Import, engine: Engine, tmp_path: Path) -> None:
    before = list_recommended(engine, tmp_path)
    name = "i18_catalogue_without_27.csv"
    assert shop("catalogue", name, (GOODS / name).read_bytes()).notes == {}
    assert list_recommended(engine, tmp_path) == before, "without --all a file says nothing of what it leaves out"
    assert shop("catalogue", name, whole=WholeFile("catalogue")).notes == {"retired": 1}
    assert before - list_recommended(engine, tmp_path) == {"it-27"}
    with read_transaction(engine) as connection:
        assert not catalogue.is_in_stock(connection, ["it-26", "it-27"]), "a mail that shows it is written again"
        assert {unit.free for unit in availability.list_units(connection, ["it-27"])} == {0}
        assert catalogue.load_items(connection, ["it-27"])["it-27"].retired_at == NOW, "it stays in histories"
    assert shop("catalogue", FULL["catalogue"], whole=WholeFile("catalogue")).changed == 1
    assert list_recommended(engine, tmp_path) == before


def test_what_a_whole_stock_leaves_out_is_out_of_stock(shop: Import, engine: Engine, tmp_path: Path) -> None:
    before = list_recommended(engine, tmp_path)
    name = "i18_stock_without_28.csv"
    shop("stock", name, (GOODS / name).read_bytes())
    assert list_recommended(engine, tmp_path) == before
    assert shop("stock", name, whole=WholeFile("stock")).notes == {"out_of_stock": 3}
    assert before - list_recommended(engine, tmp_path) == {"it-28"}


@pytest.mark.parametrize("kind", ["catalogue", "stock"])
def test_over_a_fifth_needs_a_yes(shop: Import, engine: Engine, tmp_path: Path, kind: str) -> None:
    before = list_recommended(engine, tmp_path)
    lines = (GOODS / FULL[kind]).read_text().splitlines(keepends=True)
    half = "".join(lines[: len(lines) // 2])
    with pytest.raises(BadInput, match=r"^--yes: needed.*nothing (was retired|went out of stock)$"):
        shop(kind, "half.csv", half, whole=WholeFile(kind))
    assert list_recommended(engine, tmp_path) == before
    shop(kind, "half.csv", half, whole=WholeFile(kind, confirmed=True))
    assert len(list_recommended(engine, tmp_path)) < len(before)


def test_a_rejected_row_is_not_absent_and_an_unreadable_one_stops(shop: Import, engine: Engine, tmp_path: Path) -> None:
    before, full = list_recommended(engine, tmp_path), (GOODS / FULL["catalogue"]).read_text()
    dear = full.replace("it-07,", "it-07,").replace(",40.50,", ",much,", 1)
    summary = shop("catalogue", "dear.csv", dear, whole=WholeFile("catalogue"))
    assert (summary.rejected, summary.notes) == (1, {})
    with pytest.raises(BadInput, match="1 rows name no item_id"):
        shop("catalogue", "cut.csv", full.replace("it-07,", ",", 1), whole=WholeFile("catalogue"))
    assert list_recommended(engine, tmp_path) == before


def test_only_goods_can_be_whole() -> None:
    with pytest.raises(BadInput, match="only a catalogue or a stock file"):
        WholeFile("clients")
