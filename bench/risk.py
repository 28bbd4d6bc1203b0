"""How well it is predicted who orders again: on the CDNOW sample in this folder, and on other sets where they are.

`python -m bench.risk --data FOLDER` prints the same for the sets of which the folder holds a copy, each with its cut.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from algorithms.engagement import CHUNK
from algorithms.evaluation import at_risk
from algorithms.evaluation.risk_evaluation import evaluate
from algorithms.risk import bgnbd, cadence, risk_model
from algorithms.risk.calibration import auc, calibration_error
from algorithms.risk.forecast import forecast_risk
from algorithms.risk.order_totals import build_totals
from algorithms.risk.orders import Orders, count_after, merge_orders, summarise_purchases
from domain.churn_risk import ClientOrders

SAMPLE = Path(__file__).parent / "data" / "cdnow.csv.gz"
EPOCH = date(1970, 1, 1).toordinal()
BIG = 200_000
DRAWS = 500


def measure() -> dict[str, float]:
    """Measure the sample until 1997-09-30, 273 days held out; and the seconds that 200,000 made-up orders take."""
    orders, until = cdnow_sample(), day("1997-09-30")
    report = evaluate(orders, until, int(orders.day.max()) - until)["algorithms"]
    model = bgnbd.fit(summarise_purchases(orders.until(until), until))
    begun = time.perf_counter()
    big = _simulate_orders()
    cadence.forecast(big, int(big.day.max()) - 180, 180)
    return (
        {
            "risk_cdnow_r": round(model.r, 4),
            "risk_cdnow_alpha": round(model.alpha, 4),
            "risk_cdnow_a": round(model.a, 4),
            "risk_cdnow_b": round(model.b, 4),
            "risk_cdnow_auc": report["cadence"]["auc"],
            "risk_cdnow_auc_over_bgnbd": round(report["cadence"]["auc"] - report["bgnbd"]["auc"], 4),
            "risk_cdnow_calibration_error": report["cadence"]["calibration_error"],
            "risk_cdnow_predicted_over_actual": report["cadence"]["predicted_over_actual"],
            "risk_200000_orders_s": round(time.perf_counter() - begun, 2),
        }
        | _measure_served(orders, until)
        | _measure_other_sets()
    )


def _measure_other_sets() -> dict[str, float]:
    """Measure the other sets, where SELVEDGE_SCIENCE_DATA names a folder that holds them."""
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if not folder:
        print("risk: no SELVEDGE_SCIENCE_DATA, the sample alone is measured", file=sys.stderr)
        return {}
    figures: dict[str, float] = {}
    for name, (file, cut, read) in SETS.items():
        if name != "cdnow" and (path := Path(folder) / file).exists():
            orders, until = read(path), day(cut)
            report = evaluate(orders, until, int(orders.day.max()) - until)["algorithms"]
            ours, base = report["cadence"], report["bgnbd"]
            figures |= {f"risk_{name}_{key}": ours[key] for key in ("auc", "calibration_error", "mean_absolute_error")}
            figures |= {
                f"risk_{name}_{baseline}_auc": report[baseline]["auc"] for baseline in ("bgnbd", "recency", "frequency")
            }
            figures[f"risk_{name}_predicted_over_actual"] = ours["predicted_over_actual"]
            figures[f"risk_{name}_auc_over_bgnbd"] = round(ours["auc"] - base["auc"], 4)
            figures |= _judge_served(name, orders, until)
    return figures


def _judge_served(name: str, orders: Orders, until: int) -> dict[str, float]:
    """Judge the model that serves, on the same days."""
    horizon, past = int(orders.day.max()) - until, orders.until(until)
    chances = risk_model.learn(orders, until, horizon, at_risk.NOBODY).p_order(build_totals(past), float(until))
    came = count_after(orders, past.ids, until, horizon) > 0
    return {
        f"risk_served_{name}_auc": round(auc(came, chances), 4),
        f"risk_served_{name}_calibration_error": round(calibration_error(came, chances), 4),
    }


def _measure_served(orders: Orders, until: int) -> dict[str, float]:
    """Measure the model that serves; and what one client and a million cost of CPU."""
    horizon = int(orders.day.max()) - until
    model, totals = risk_model.learn(orders, until, horizon, at_risk.NOBODY), build_totals(orders.until(until))
    then = datetime.combine(date.fromordinal(until + EPOCH), datetime.min.time(), UTC)
    first_at, last_at = then - timedelta(days=200), then - timedelta(days=60)
    client = ClientOrders(orders=5, first_at=first_at, last_at=last_at, signed_up_at=then)
    begun = time.process_time()
    for _ in range(200):
        forecast_risk(model, "bench", client, then)
    seconds = (time.process_time() - begun) / 200
    many = totals.select(np.resize(np.arange(len(totals)), CHUNK))
    begun = time.process_time()
    for _ in range(8):
        model.forecast(many, float(until))
    timed = {
        "risk_served_client_ms": round(seconds * 1e3, 3),
        "risk_served_s_per_million_clients": round((time.process_time() - begun) / 8 / CHUNK * 1e6, 3),
    }
    return timed | _judge_served("cdnow", orders, until) | _replay_alarms(orders, until)


def _replay_alarms(orders: Orders, until: int) -> dict[str, float]:
    figures = at_risk.build_figures(at_risk.replay_alarms(orders, until, 45)) or {}
    names = ("precision", "precision_of_silence", "caught", "lead_days")
    return {f"risk_alarm_{name}": value for name in names if (value := figures.get(name)) is not None}


def day(text: str) -> int:
    """Parse a day to days from 1970-01-01."""
    return date.fromisoformat(text).toordinal() - EPOCH


def cdnow_sample() -> Orders:
    """Read the 2,357 clients that bench/data/SOURCES.md names."""
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days = np.array([day(row["occurred_at"]) for row in rows], np.int64)
    return merge_orders([row["client_id"] for row in rows], days, np.array([int(row["cents"]) / 100 for row in rows]))


def _simulate_orders() -> Orders:
    """Simulate orders of 60,000 clients of many rhythms over three years."""
    rng = np.random.default_rng(42)
    client = rng.choice(60_000, BIG, p=rng.dirichlet(np.full(60_000, 0.5)))
    days = rng.integers(0, 1_095, BIG)
    return merge_orders([f"c{index}" for index in client.tolist()], days, rng.gamma(2.0, 30.0, BIG))


class Set(NamedTuple):
    """A public set: its file in a folder of data, its cut, and how it is read."""

    file: str
    cut: str
    read: Callable[[Path], Orders]


def _cdnow(path: Path) -> Orders:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days = np.array([day(row["date"]) for row in rows], np.int64)
    return merge_orders([row["id"] for row in rows], days, np.array([float(row["usd"]) for row in rows]))


def _retail(path: Path) -> Orders:
    """Read orders without cancellations (C) and without lines that name no client."""
    names = ["InvoiceNo", "CustomerID", "Quantity", "UnitPrice", "InvoiceDate"]
    rows = [row for row in _columns(path, names) if row[1] and not row[0].startswith("C")]
    days = np.array([day(row[4][:10]) for row in rows], np.int64)
    return merge_orders([row[1].split(".")[0] for row in rows], days, np.array([int(r[2]) * float(r[3]) for r in rows]))


def _rentals(path: Path) -> Orders:
    rows = _columns(path, ["user_id", "review_date"])
    days = np.array([row[1].toordinal() - EPOCH for row in rows], np.int64)
    return merge_orders([str(row[0]) for row in rows], days, None)


def _columns(path: Path, names: list[str]) -> list[tuple[Any, ...]]:
    from pyarrow import parquet  # noqa: PLC0415

    table = parquet.read_table(path, columns=names)
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


SETS = {
    "cdnow": Set("cdnow_sample/transactions.csv", "1997-09-30", _cdnow),
    "retail": Set("online_retail/invoices_until_2011-06.parquet", "2011-03-31", _retail),
    "rentals": Set("renttherunway/rentals_until_2017-06.parquet", "2016-12-31", _rentals),
}


def print_figures(folder: Path) -> None:
    """Print the figures of every set that `folder` holds, each held out to its end."""
    for name, (file, cut, read) in SETS.items():
        if not (folder / file).exists():
            print(f"{name}: no {file}", file=sys.stderr)
            continue
        orders, until = read(folder / file), day(cut)
        horizon = int(orders.day.max()) - until
        begun = time.perf_counter()
        report = evaluate(orders, until, horizon)
        print(
            f"{name}, until {cut}, {horizon} days, {report['clients']:,} clients, {time.perf_counter() - begun:.1f} s"
        )
        for algorithm, figures in report["algorithms"].items():
            print(f"  {algorithm:<10} { ({key: figures[key] for key in figures if key != 'reliability'}) }")
        low, high = gain(orders, until, horizon)
        print(f"  gain in AUC over BG/NBD's expected orders, 95 %: {low:+.4f} to {high:+.4f}")


def gain(orders: Orders, until: int, horizon: int, seed: int = 42) -> tuple[float, float]:
    """Compute the middle 95 % of the gain in AUC, over clients drawn with replacement."""
    prediction = cadence.forecast(orders, until, horizon)
    came = count_after(orders, prediction.ids, until, horizon) > 0
    rng, gains = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(came), len(came))
        gains.append(auc(came[rows], prediction.p_order[rows]) - auc(came[rows], prediction.bgnbd.count[rows]))
    low, high = np.percentile(gains, [2.5, 97.5]).tolist()
    return low, high


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.risk", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    print_figures(parser.parse_args().data)
