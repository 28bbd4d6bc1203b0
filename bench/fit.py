"""How well misfits are foretold: in a made-up shop whose truth is known, and on rentals where a copy of them lies.

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

from algorithms.fit.evaluation import BOOSTING, ITEM_RATE, MODEL, evaluate
from algorithms.fit.rows import CATEGORY, FIT, Column, Feedback, Rows, plain_sizes
from algorithms.fit.serving import FitModel
from algorithms.risk.calibration import auc
from domain.arrays import Floats
from ingest.fit_files import read_feedback

RENTALS: Final = Path("renttherunway") / "rentals_until_2017-06.parquet"
CUTS: Final = ("2015-12-31", "2016-06-30", "2016-12-31")
"""Each held out to the end of the file; the last is the one that is promised."""
TOLD_AFTER: Final = ("rating", "recommend", "review_year", "review_month", "review_day_of_month")
"""What a client says only after the try, and the day in parts."""
BIG: Final = 200_000
SIZES: Final = ("XS", "S", "M", "L", "XL", "XXL")


def measure() -> dict[str, float]:
    """Figures of the made-up shop, of rentals where SELVEDGE_SCIENCE_DATA has them, and the seconds of 200,000 rows."""
    said, truth = made_up(40_000)
    assert said.day is not None
    day = int(np.quantile(said.day, 0.8))
    later, found = said.day > day, evaluate(said, day)
    figures = {f"fit_made_up_{name}": value for name, value in _told(found).items()}
    figures["fit_made_up_auc_of_truth"] = round(auc(said.fit[later] != FIT, 1 - truth[later, FIT]), 4)
    big, _ = made_up(BIG)
    begun = time.process_time()
    FitModel.learnt(big).chances(big.rows)
    figures["fit_200000_rows_cpu_s"] = round(time.process_time() - begun, 2)
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if folder and (Path(folder) / RENTALS).exists():
        on = evaluate(rentals(Path(folder) / RENTALS), _day(CUTS[-1]))
        figures |= {f"fit_rentals_{name}": value for name, value in _told(on).items()}
    return figures


def _told(found: dict[str, Any]) -> dict[str, float]:
    of = found["algorithms"]
    return {
        "auc": of[MODEL]["auc"],
        "auc_boosting": of[BOOSTING]["auc"],
        "auc_item_rate": of[ITEM_RATE]["auc"],
        "auc_over_boosting_low": found["gain_over_boosting"][0],
        "calibration_error": of[MODEL]["calibration_error"],
        "log_loss": of[MODEL]["log_loss"],
        "log_loss_boosting": of[BOOSTING]["log_loss"],
    }


def made_up(n: int, seed: int = 42) -> tuple[Feedback, Floats]:
    """Feedback of clients with a size of their own, which their height tells in part, on items that run small or large;
    and the true chances (n, 3)."""
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
        CATEGORY: Column.of(f"kind{each % 7}" for each in item.tolist()),
        "height": Column.of(f"{int(inches // 12)}' {int(inches % 12)}\"" for inches in height[client].tolist()),
    }
    rows = Rows(
        Column.of(f"c{each}" for each in client.tolist()),
        Column.of(f"i{each}" for each in item.tolist()),
        plain_sizes(Column.of(SIZES[each] for each in taken.tolist())),
        further,
    )
    return Feedback(rows, fit, np.sort(rng.integers(17_000, 17_365, n))), truth


def rentals(path: Path) -> Feedback:
    """RentTheRunway as feedback, without what clients said after the try."""
    from pyarrow import parquet  # noqa: PLC0415

    table = parquet.read_table(path).drop_columns(list(TOLD_AFTER))
    names = {"user_id": "client_id", "review_date": "occurred_at"}
    with tempfile.TemporaryDirectory() as folder:
        renamed = Path(folder) / path.name
        parquet.write_table(table.rename_columns([names.get(name, name) for name in table.column_names]), renamed)
        return read_feedback(renamed, dated=True)


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def told(folder: Path) -> None:
    """Print the figures of rentals at each cut."""
    said = rentals(folder / RENTALS)
    for cut in CUTS:
        print(cut, json.dumps(evaluate(said, _day(cut)), indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.fit", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    told(parser.parse_args().data)
