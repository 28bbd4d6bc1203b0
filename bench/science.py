"""How fast everybody is assessed, and how fast one client's items are picked."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from algorithms.engagement import assess_all, fit_population
from commands.assess import assess_to_file
from commands.shared.progress import ProgressLine
from domain.engagement import DAY, EngagementRules
from domain.histories import Histories
from models.catalogue import Season
from services.recommendations.recommender import Recommender
from services.training.ranking import DEFAULT_ALGORITHM, train_ranking
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.sql.bulk import dump_json
from store.sql.types import to_micros
from store.tables import clients, engagement, events, items, metadata, stock

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MILLION = 1_000_000
EXPORTED = 200_000
ITEMS = 5_000
BUYERS = 2_000
SIZES = ("XS", "S", "M", "L", "XL")


def measure() -> dict[str, float]:
    """Measure seconds a million clients, from arrays and from a database into a file; milliseconds a recommendation."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        return {"assess_s_per_million_clients": round(_from_arrays(), 3)} | _export(home) | _recommend(home)


def _from_arrays() -> float:
    """Measure the best of three, on one core: other work on the machine must not count."""
    histories, now = _simulate_histories(MILLION), NOW.timestamp()
    spent = []
    for _ in range(3):
        begun = time.process_time()
        assess_all(EngagementRules(), histories, now, fit_population(histories, now), 90)
        spent.append(time.process_time() - begun)
    return min(spent)


def _simulate_histories(n: int) -> Histories:
    rng = np.random.default_rng(42)
    now = NOW.timestamp()
    signed = now - rng.uniform(1, 900, n) * DAY
    orders = rng.poisson(rng.gamma(1.0, 2.0, n)).astype(np.float64)
    first = np.where(orders > 0, signed + rng.uniform(0, 0.5, n) * (now - signed), np.nan)
    last = np.where(orders > 1, first + rng.uniform(0, 1, n) * (now - first), first)
    anchor = np.fmax(last, signed + rng.uniform(0, 1, n) * (now - signed))
    return Histories(anchor, rng.gamma(1.0, 1.0, n), rng.gamma(1.0, 1.0, n), last, first, orders, signed, 60 * orders)


def _export(home: Path) -> dict[str, float]:
    """Run `selvedge assess` as typed: statistics out of SQLite, all columns into Parquet."""
    engine = _store(home / "export.db")
    histories = _simulate_histories(EXPORTED)
    columns = (histories.anchor, histories.last_order, histories.first_order)
    moments = [[None if np.isnan(at) else int(at * 1e6) for at in column.tolist()] for column in columns]
    who = [f"c{place:07}" for place in range(EXPORTED)]
    _fill(
        engine,
        clients,
        ("client_id", "signed_up_at", *_CLIENT),
        ((c, int(s * 1e6), *_plain(c)) for c, s in zip(who, histories.signed_up.tolist(), strict=True)),
    )
    names = (
        "client_id",
        "anchor_at",
        "last_order_at",
        "first_order_at",
        "frequency",
        "monetary",
        "orders",
        "orders_value_cents",
    )
    numbers = (
        histories.frequency.tolist(),
        histories.monetary.tolist(),
        histories.orders.astype(int).tolist(),
        [0] * EXPORTED,
    )
    _fill(engine, engagement, names, zip(who, *moments, *numbers, strict=True))
    begun = time.perf_counter()
    with ProgressLine() as progress:
        assess_to_file(engine, home, NOW, home / "scores.parquet", 90, progress)
    spent = time.perf_counter() - begun
    engine.dispose()
    return {"assess_export_s_per_million_clients": round(spent * MILLION / EXPORTED, 2)}


def _recommend(home: Path) -> dict[str, float]:
    """Median and 99th percentile over many clients, warm, with a trained model and a catalogue of ITEMS."""
    engine = _store(home / "shop.db")
    _fill_store(engine)
    settings = Settings(home=home)
    begun = time.perf_counter()
    train_ranking(engine, settings, DEFAULT_ALGORITHM, 42, NOW)
    trained = time.perf_counter() - begun
    recommender = Recommender(engine, settings)
    spent = []
    for place in range(1_000):
        with read_transaction(engine) as connection:
            begun = time.perf_counter()
            answer = recommender.recommend(connection, f"c{place:07}", 6, NOW)
            spent.append((time.perf_counter() - begun) * 1e3)
        if len(answer.picks) != 6 or answer.algorithm != f"blend+{DEFAULT_ALGORITHM}":
            raise RuntimeError("the recommendation that was timed was not a whole one")
    engine.dispose()
    median, slow = np.percentile(spent[1:], [50, 99])
    return {
        "recommend_ms": round(float(median), 3),
        "recommend_p99_ms": round(float(slow), 3),
        "recommend_cold_ms": round(spent[0], 1),
        "train_measure_s": round(trained, 1),
    }


def _fill_store(engine: Engine) -> None:
    """Save ITEMS in five sizes each, and BUYERS with 30 interactions each."""
    rng = np.random.default_rng(7)
    seasons = list(Season)
    goods = [
        (
            *(f"i{n:05}", f"Piece {n}", f"category{n % 25}", f"brand{n % 120}", f"colour{n % 20}", 5_000 + n, 2_000),
            *(seasons[n % 5].value, dump_json(SIZES), dump_json([f"style{n % 12}", f"cloth{n % 30}"])),
            to_micros(NOW - timedelta(days=n % 700)),
        )
        for n in range(ITEMS)
    ]
    names = (
        "item_id",
        "title",
        "category",
        "brand",
        "colour",
        "price_cents",
        "cost_cents",
        "season",
        "sizes",
        "tags",
        "added_at",
    )
    _fill(engine, items, names, goods)
    shelf = ((f"i{n:05}.{size}", f"i{n:05}", size, int(rng.integers(0, 20))) for n in range(ITEMS) for size in SIZES)
    _fill(engine, stock, ("sku", "item_id", "size", "on_hand"), shelf)
    who = [f"c{n:07}" for n in range(BUYERS)]
    _fill(engine, clients, ("client_id", "signed_up_at", *_CLIENT), ((c, to_micros(NOW), *_plain(c)) for c in who))
    kinds = ["order_placed", "item_viewed", "wishlisted"]
    places = np.minimum(rng.exponential(600, BUYERS * 30), ITEMS - 1).astype(int).tolist()
    ages = rng.integers(1, 300 * 86_400, BUYERS * 30).tolist()
    done = [
        (f"e{n}", who[n % BUYERS], kinds[n % 3], to_micros(NOW) - age * 1_000_000, f"i{place:05}", 1)
        for n, (place, age) in enumerate(zip(places, ages, strict=True))
    ]
    _fill(engine, events, ("event_id", "client_id", "type", "occurred_at", "item_id", "quantity"), done)


_CLIENT = ("email", "first_name", "time_zone", "time_zone_assumed", "locale", "consent", "sizes", "tags", "policy")


def _plain(client_id: str) -> tuple[Any, ...]:
    size, tag = SIZES[int(client_id[1:]) % 5], f"group{int(client_id[1:]) % 8}"
    return f"{client_id}@example.com", "", "UTC", False, "en", True, dump_json([size]), dump_json([tag]), "{}"


def _store(path: Path) -> Engine:
    engine = connect(f"sqlite:///{path}")
    metadata.create_all(engine)
    return engine


def _fill(engine: Engine, table: Any, names: tuple[str, ...], rows: Any) -> None:
    marks = ", ".join("?" * len(names))
    with write_transaction(engine) as connection:
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", list(rows))
