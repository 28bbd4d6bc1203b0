"""F15: sizes under other names are said at import, translated, and never lead to silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from errors import ConfigError
from ingest.row_notes import describe_note, describe_notes
from services.clients.opening import summarise_opening
from services.goods.size_tables import load_size_table
from services.recommendations.client_sizes import find_fallback
from services.recommendations.recommender import Recommender
from settings import Settings
from store.database import read_transaction
from tests.ingest.conftest import Import
from tests.store.conftest import NOW

GOODS = Path(__file__).parent / "goods"
CLIENTS = """client_id,email,sizes,consent
ann,ann@shop.example,Medium,true
bob,bob@shop.example,XXL,true
cat,cat@shop.example,EU 42,true
dan,dan@shop.example,Tall,true
"""


def test_a_shop_of_three_sizes(load: Import, engine: Engine, tmp_path: Path) -> None:
    goods = load("catalogue", "shop_catalogue.csv", (GOODS / "shop_catalogue.csv").read_bytes())
    assert goods.notes == {"no_stock": 30}
    assert "nothing can be recommended" in describe_note("no_stock", 30, 30, "|")
    load("stock", "shop_stock.csv", (GOODS / "shop_stock.csv").read_bytes())
    table = tmp_path / "sizes.toml"
    table.write_text('[sizes]\nTall = "L"\n')
    notes = load("clients", "clients.csv", CLIENTS, size_table=load_size_table(table), start=False).notes
    assert {describe_note(name, count, 4, "|") for name, count in notes.items() if name.startswith("size")} == {
        "1 state the size Medium, taken for M",
        "1 state the size EU 42, taken for L",
        "1 state the size Tall, taken for L",
        "1 state the size XXL, which nothing comes in: it is left aside (SELVEDGE_SIZE_TABLE)",
    }
    recommender = Recommender(engine, Settings(home=tmp_path, size_table=table, _env_file=None))
    with read_transaction(engine) as connection:
        assert summarise_opening(connection, load_size_table(table)).without_stock_in_size == 1
        picks = {who: recommender.recommend(connection, who, 4, NOW).picks for who in ("ann", "bob", "cat", "dan")}
        fallbacks = {who: find_fallback(connection, who, NOW, *recommender.load_sizes(NOW)) for who in picks}
    assert all(len(chosen) == 4 for chosen in picks.values())
    assert fallbacks == {"ann": "", "bob": "sizes_unknown", "cat": "", "dan": ""}
    assert all("your size" not in pick.why for pick in picks["bob"])


def test_of_many_unknown_sizes_the_most_frequent_are_named() -> None:
    notes = {f"size_unknown:{n} cm": n for n in range(1, 31)} | {"no_stock": 4}
    lines = describe_notes(notes, 30, "|")
    assert len(lines) == 12
    assert all(any(f"{n} state the size {n} cm" in line for line in lines) for n in range(21, 31))
    assert lines[-1].startswith("20 more sizes")


def test_a_size_that_is_sold_out_is_said(load: Import, engine: Engine, tmp_path: Path) -> None:
    load("catalogue", "c.csv", "item_id,title,category,price,sizes\na,Jumper,knit,10,S|M\n")
    load("stock", "s.csv", "sku,item_id,on_hand,size\na-s,a,3,S\na-m,a,0,M\n")
    load("clients", "clients.csv", CLIENTS)
    recommender = Recommender(engine, Settings(home=tmp_path, _env_file=None))
    with read_transaction(engine) as connection:
        assert find_fallback(connection, "ann", NOW, *recommender.load_sizes(NOW)) == "none_in_size"
        assert [pick.item_id for pick in recommender.recommend(connection, "ann", 4, NOW).picks] == ["a"]


@pytest.mark.parametrize("text", ["sizes = 3", "[sizes]\nM = 4", "[other]", "[sizes"])
def test_a_wrong_table_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sizes.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="SELVEDGE_SIZE_TABLE"):
        load_size_table(path)
