"""How well misfits are predicted: in a made-up shop whose truth is known, and on rentals where a copy of them lies.

SELVEDGE_SCIENCE_DATA names the folder of public sets; `python -m bench.fit --data FOLDER` prints more about the same.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import softmax

from algorithms.evaluation.fit_evaluation import BOOSTING, ITEM_RATE, MODEL, evaluate
from algorithms.fit.model import FitModel
from algorithms.fit.rows import CATEGORY, FIT, Column, Feedback, Rows, normalise_sizes
from algorithms.risk.calibration import auc
from domain.arrays import Floats
from ingest.fit_files import read_feedback

RENTALS: Final = Path("renttherunway") / "rentals_until_2017-06.parquet"
CUTS: Final = ("2015-12-31", "2016-06-30", "2016-12-31")
"""Each held out to the end of the file; the last is the one that is promised."""
KNOWN_AFTER: Final = ("rating", "recommend", "review_year", "review_month", "review_day_of_month")
"""What a client says only after the try, and the day in parts."""
BIG: Final = 200_000
SIZES: Final = ("XS", "S", "M", "L", "XL", "XXL")


def measure() -> dict[str, float]:
    """Measure the made-up shop, rentals where SELVEDGE_SCIENCE_DATA has them, and the seconds of 200,000 rows."""
    feedback, truth = simulate_feedback(40_000)
    assert feedback.day is not None
    day = int(np.quantile(feedback.day, 0.8))
    later, report = feedback.day > day, evaluate(feedback, day)
    figures = {f"fit_made_up_{name}": value for name, value in _select_figures(report).items()}
    figures["fit_made_up_auc_of_truth"] = round(auc(feedback.fit[later] != FIT, 1 - truth[later, FIT]), 4)
    big, _ = simulate_feedback(BIG)
    begun = time.process_time()
    FitModel.train(big).predict_rows(big.rows)
    figures["fit_200000_rows_cpu_s"] = round(time.process_time() - begun, 2)
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if folder and (Path(folder) / RENTALS).exists():
        rentals_report = evaluate(read_rentals(Path(folder) / RENTALS), _day(CUTS[-1]))
        figures |= {f"fit_rentals_{name}": value for name, value in _select_figures(rentals_report).items()}
    return figures


def _select_figures(report: dict[str, Any]) -> dict[str, float]:
    algorithms = report["algorithms"]
    return {
        "auc": algorithms[MODEL]["auc"],
        "auc_boosting": algorithms[BOOSTING]["auc"],
        "auc_item_rate": algorithms[ITEM_RATE]["auc"],
        "auc_over_boosting_low": report["gain_over_boosting"][0],
        "calibration_error": algorithms[MODEL]["calibration_error"],
        "log_loss": algorithms[MODEL]["log_loss"],
        "log_loss_boosting": algorithms[BOOSTING]["log_loss"],
    }


def simulate_feedback(n: int, seed: int = 42) -> tuple[Feedback, Floats]:
    """Simulate feedback of clients whose height tells their size in part, on items that run small or large.

    Returns: the feedback and the true chances, shape (n, 3).
    """
    rng = np.random.default_rng(seed)
    clients, items = max(n // 3, 2), max(n // 20, 2)
    own, runs, choosy = rng.normal(0, 1, clients), rng.normal(0, 0.6, items), rng.normal(0, 0.5, clients)
    height = np.round(66 + 2.5 * (0.6 * own + 0.8 * rng.normal(size=clients)))
    client, item = rng.integers(0, clients, n), rng.choice(items, n, p=rng.dirichlet(np.full(items, 0.7)))
    taken = np.clip(np.round(own[client] + 2.5 + 0.6 * rng.normal(size=n)), 0, len(SIZES) - 1).astype(np.int64)
    lean = 1.2 * (taken - 2.5 - own[client] + runs[item])
    truth = softmax(np.stack([choosy[client] - 1.8 - lean, np.zeros(n), choosy[client] - 1.8 + lean], 1), axis=1)
    fit = (truth.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    further = {
        CATEGORY: Column.of(f"kind{index % 7}" for index in item.tolist()),
        "height": Column.of(f"{int(inches // 12)}' {int(inches % 12)}\"" for inches in height[client].tolist()),
    }
    rows = Rows(
        Column.of(f"c{index}" for index in client.tolist()),
        Column.of(f"i{index}" for index in item.tolist()),
        normalise_sizes(Column.of(SIZES[index] for index in taken.tolist())),
        further,
    )
    return Feedback(rows, fit, np.sort(rng.integers(17_000, 17_365, n))), truth


def read_rentals(path: Path) -> Feedback:
    """Read RentTheRunway as feedback, without what clients said after the try."""
    from pyarrow import parquet  # noqa: PLC0415

    table = parquet.read_table(path).drop_columns(list(KNOWN_AFTER))
    names = {"user_id": "client_id", "review_date": "occurred_at"}
    with tempfile.TemporaryDirectory() as folder:
        renamed = Path(folder) / path.name
        parquet.write_table(table.rename_columns([names.get(name, name) for name in table.column_names]), renamed)
        return read_feedback(renamed, dated=True)


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def print_rentals(folder: Path) -> None:
    """Print the figures of rentals at each cut."""
    feedback = read_rentals(folder / RENTALS)
    for cut in CUTS:
        print(cut, json.dumps(evaluate(feedback, _day(cut)), indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.fit", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    print_rentals(parser.parse_args().data)
