"""What is learnt from outcomes: policies' values from other policies' logs, hidden items of bundles, whom a mail moves.

The logs are carried here. The other two sets may not be: `SELVEDGE_SCIENCE_DATA` names a folder that holds them;
without it their figures are left out. `python -m bench.outcomes --data FOLDER` prints all of it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from algorithms.bandit_logs import Log, crossed
from algorithms.bundles import evaluation as bundles
from algorithms.bundles.model import Shelf
from algorithms.uplift import columns, evaluation
from algorithms.uplift.choosing import Rule
from algorithms.uplift.curves import Trial
from domain.statistics.cuped import adjusted
from ingest.bundle_files import read_bundles, read_goods
from ingest.experiment_files import Experiment, read_experiment

CARRIED = Path(__file__).parent / "data"
SPLITS = range(42, 52)
"""Seeds of the halves over which uplift is averaged: one half of these clients is mostly noise."""


def measure() -> dict[str, float]:
    """The logs always, the others where they lie."""
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    found = _off_policy(crossed({name: carried(name) for name in ("random", "bts")}))
    if folder is None:
        print("outcomes: no SELVEDGE_SCIENCE_DATA, the logs alone are measured", file=sys.stderr)
        return found
    return found | _bundles(hidden_items(Path(folder))) | _uplift(halves(Path(folder), "Womens E-Mail", "womens"))


def carried(name: str) -> Log:
    """One of the two logs that bench/data/SOURCES.md names."""
    with gzip.open(CARRIED / f"open_bandit_{name}.csv.gz", "rt", encoding="utf-8") as file:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    return Log(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3])


def hidden_items(folder: Path) -> dict[str, Any]:
    """Every item of every bundle hidden once; see `algorithms/bundles/evaluation.py`."""
    at = folder / "clothing_bundles"
    goods = read_goods(at / "item_titles.csv", at / "item_categories.csv")
    return bundles.evaluate(Shelf.of(goods), read_bundles(at / "bundle_item.csv", goods, at / "bundle_intent.csv"))


def halves(folder: Path, arm: str, rule: str) -> list[dict[str, Any]]:
    """Visits after one of the two mails against none, learnt on one half and judged on the other, for each seed."""
    features, rows, trial = arms(read_experiment(folder / "hillstrom" / "emails_half.csv", "segment", "visit"), arm)
    named = Rule([feature.name for feature in features].index(rule), 1.0)
    return [evaluation.evaluate(features, rows, trial, named, seed)[0] for seed in SPLITS]


def arms(read: Experiment, arm: str) -> tuple[tuple[columns.Feature, ...], Any, Trial]:
    """The clients of one arm and of the control."""
    mine = [place for place, each in enumerate(read.arm) if each in (arm, read.control)]
    known = {name: [values[place] for place in mine] for name, values in read.known.items()}
    features = columns.features_of(known)
    trial = Trial(np.array([read.arm[place] == arm for place in mine]), read.outcome[mine])
    return features, columns.matrix(features, known), trial


def _off_policy(found: dict[str, Any]) -> dict[str, float]:
    all_of = [each for log in found.values() for each in log["estimates"].values()]
    return {
        "off_policy_held_of_6": sum(each["holds"] for each in all_of),
        "off_policy_alarms_of_6": sum(not each["enough"] for each in all_of),
        "off_policy_random_ctr_pct": round(100 * found["random"]["shown"]["value"], 4),
        "off_policy_random_ctr_from_bts_dr_pct": round(100 * found["random"]["estimates"]["doubly_robust"]["value"], 4),
        "off_policy_bts_ctr_pct": round(100 * found["bts"]["shown"]["value"], 4),
        "off_policy_bts_ctr_from_random_dr_pct": round(100 * found["bts"]["estimates"]["doubly_robust"]["value"], 4),
    }


def _bundles(found: dict[str, Any]) -> dict[str, float]:
    told = {f"bundles_hit10_{name}": each["hit_rate"] for name, each in found["algorithms"].items()}
    low, _ = found["algorithms"]["affinity"]["over_titles_interval"]
    new, _ = found["algorithms"]["affinity_of_new_items"]["over_titles_interval"]
    return told | {"bundles_affinity_over_titles_low": low, "bundles_new_items_over_titles_low": new}


def _uplift(found: list[dict[str, Any]]) -> dict[str, float]:
    """Means over the halves, and how they spread."""
    told: dict[str, float] = {}
    for name in ("rule", "t_learner", "t_learner_held", "x_learner", "dr_learner", "class_transformation", "random"):
        qini = [each["policies"][name]["qini"] for each in found]
        told |= {f"uplift_qini_{name}": round(float(np.mean(qini)), 5)}
        told |= {f"uplift_qini_{name}_spread": round(float(np.std(qini)), 5)}
    chosen = [each["policies"][each["chosen"]]["qini_over_rule"] for each in found]
    return told | {
        "uplift_qini_chosen_over_rule": round(float(np.mean(chosen)), 5),
        "uplift_cuped_removes_pct": round(100 * found[0]["effect"]["variance_removed_by_cuped"], 2),
    }


def told(folder: Path) -> None:
    """Print every figure that docs/outcomes.md gives."""
    for name, each in crossed({name: carried(name) for name in ("random", "bts")}).items():
        print(f"{name}: {json.dumps(each)}")
    for name, each in hidden_items(folder)["algorithms"].items():
        print(f"bundles, {name}: {each}")
    read = read_experiment(folder / "hillstrom" / "emails_half.csv", "segment", "visit")
    features = columns.features_of(read.known)
    removed = adjusted(read.outcome, columns.matrix(features, read.known)).removed
    print(f"CUPED removes {removed:.4f} of the variance of visits, all arms together")
    for arm, rule in (("Womens E-Mail", "womens"), ("Mens E-Mail", "mens")):
        begun = time.process_time()
        print(f"{arm}: {_uplift(halves(folder, arm, rule))}, {time.process_time() - begun:.0f} s of CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.outcomes", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    told(parser.parse_args().data)
