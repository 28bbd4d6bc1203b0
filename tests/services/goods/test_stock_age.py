"""Every way in which stock comes says when it came, and a shop whose stock comes no more hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from ingest.files import import_file
from ingest.stream_rows import StreamMessage
from ingest.streams import StreamIntake
from models.actors import SYSTEM
from models.catalogue import StockRow
from models.dead_letters import LetterSource
from models.goods import StockChange
from models.notices import Fault
from services.alarms.gauges import set_alarm_gauges
from services.context import ServiceContext
from services.goods.stock_changes import change_stock
from services.goods.wholes import replace_stock
from services.notices.faults import find_faults
from settings import Settings
from store.catalogue.stock_age import StockAge, find_stock_age
from store.database import connect, read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from tests.store.seeds import seed_items
from tests.support.tables import create_tables

THEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHELF = [StockRow(sku=sku, item_id="coat", size=sku[-1], on_hand=3) for sku in ("coat-S", "coat-M")]


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    settings = Settings(home=tmp_path, _env_file=None)
    engine = connect(settings.database)
    create_tables(engine)
    with write_transaction(engine) as connection:
        seed_items(connection, ShopPolicy.from_settings(settings), "coat")
    replace_stock(engine, SYSTEM, SHELF, THEN, THEN, confirmed=True)
    yield ServiceContext(settings, engine, wall=lambda: THEN + timedelta(hours=30))
    engine.dispose()


def send_whole(context: ServiceContext, _folder: Path, at: datetime) -> None:
    replace_stock(context.engine, SYSTEM, SHELF[:1], at, at, confirmed=True)


def send_change(context: ServiceContext, _folder: Path, at: datetime) -> None:
    change_stock(context.engine, SYSTEM, [StockChange(key="one", sku="coat-S", by=-1)], at, at)


def send_file(context: ServiceContext, folder: Path, at: datetime) -> None:
    path = folder / "stock.csv"
    path.write_text("sku,item_id,size,on_hand\ncoat-S,coat,S,3\n")
    terms = ShopPolicy.from_settings(context.settings)
    summary = import_file("stock", path, context.engine, SYSTEM, terms, at, at)
    assert (summary.already_there, summary.rejected) == (1, 0)


def send_message(context: ServiceContext, _folder: Path, at: datetime) -> None:
    stream = StreamIntake(context.engine, ShopPolicy.from_settings(context.settings), {"t": LetterSource.STOCK})
    body = json.dumps({"sku": "coat-S", "item_id": "coat", "size": "S", "on_hand": 3}).encode()
    stream.take([StreamMessage(("t", 0), 0, body)], {("t", 0): 0}, at)


@pytest.mark.parametrize("send", [send_whole, send_change, send_file, send_message])
def test_a_count_that_is_the_same_counts_too(
    context: ServiceContext, tmp_path: Path, send: Callable[[ServiceContext, Path, datetime], None]
) -> None:
    assert find_age(context.engine) == StockAge(THEN, THEN)
    later = THEN + timedelta(hours=2)
    send(context, tmp_path, later)
    age = find_age(context.engine)
    assert age.latest == later
    # What a whole count leaves out is out of stock, so its age says nothing any more.
    assert age.oldest == (later if send is send_whole else THEN)


def test_stock_that_comes_no_more_is_a_fault(context: ServiceContext, tmp_path: Path) -> None:
    set_alarm_gauges(context, {})
    assert REGISTRY.get_sample_value("selvedge_stock_counted_timestamp_seconds") == THEN.timestamp()
    assert REGISTRY.get_sample_value("selvedge_stock_oldest_timestamp_seconds") == THEN.timestamp()
    assert find_faults(context, {})[Fault.STOCK] == "no stock has come since 2026-03-02 12:00 UTC"
    send_change(context, tmp_path, THEN + timedelta(hours=5))
    assert Fault.STOCK not in find_faults(context, {})


def find_age(engine: Engine) -> StockAge:
    with read_transaction(engine) as connection:
        return find_stock_age(connection)
