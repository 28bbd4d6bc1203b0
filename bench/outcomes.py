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

from algorithms.evaluation.bandit_logs import BanditLog, cross_estimate
from algorithms.evaluation.bundles import evaluation as bundles
from algorithms.evaluation.bundles.model import ItemVectors
from algorithms.uplift import columns, evaluation
from algorithms.uplift.curves import UpliftTrial
from algorithms.uplift.policy_choice import SingleFeatureRule
from domain.statistics.cuped import adjust
from ingest.bundle_files import read_bundles, read_goods
from ingest.experiment_files import ExperimentData, read_experiment

DATA = Path(__file__).parent / "data"
SPLITS = range(42, 52)
"""Seeds of the halves over which uplift is averaged: one half of these clients is mostly noise."""


def measure() -> dict[str, float]:
    """Measure the logs always, and the other sets where they are."""
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    figures = _off_policy(cross_estimate({name: read_bandit_log(name) for name in ("random", "bts")}))
    if folder is None:
        print("outcomes: no SELVEDGE_SCIENCE_DATA, the logs alone are measured", file=sys.stderr)
        return figures
    figures |= _bundles(measure_hidden_items(Path(folder)))
    return figures | _uplift(judge_halves(Path(folder), "Womens E-Mail", "womens"))


def read_bandit_log(name: str) -> BanditLog:
    """Read one of the two logs that bench/data/SOURCES.md names."""
    with gzip.open(DATA / f"open_bandit_{name}.csv.gz", "rt", encoding="utf-8") as file:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    return BanditLog(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3])


def measure_hidden_items(folder: Path) -> dict[str, Any]:
    """Hide every item of every bundle once; see `algorithms/evaluation/bundles/evaluation.py`."""
    sets = folder / "clothing_bundles"
    goods = read_goods(sets / "item_titles.csv", sets / "item_categories.csv")
    known = read_bundles(sets / "bundle_item.csv", goods, sets / "bundle_intent.csv")
    return bundles.evaluate(ItemVectors.of(goods), known)


def judge_halves(folder: Path, arm: str, rule: str) -> list[dict[str, Any]]:
    """Judge visits after one of the two mails against none: learn on one half, judge on the other, for each seed."""
    features, rows, trial = select_arms(
        read_experiment(folder / "hillstrom" / "emails_half.csv", "segment", "visit"), arm
    )
    named = SingleFeatureRule([feature.name for feature in features].index(rule), 1.0)
    return [evaluation.evaluate(features, rows, trial, named, seed)[0] for seed in SPLITS]


def select_arms(experiment: ExperimentData, arm: str) -> tuple[tuple[columns.UpliftFeature, ...], Any, UpliftTrial]:
    """Select the clients of one arm and of the control."""
    clients = [client for client, other in enumerate(experiment.arm) if other in (arm, experiment.control)]
    features_of_arm = {name: [values[client] for client in clients] for name, values in experiment.features.items()}
    features = columns.choose_features(features_of_arm)
    trial = UpliftTrial(np.array([experiment.arm[client] == arm for client in clients]), experiment.outcome[clients])
    return features, columns.build_matrix(features, features_of_arm), trial


def _off_policy(reports: dict[str, Any]) -> dict[str, float]:
    all_of = [estimate for log in reports.values() for estimate in log["estimates"].values()]
    return {
        "off_policy_held_of_6": sum(estimate["holds"] for estimate in all_of),
        "off_policy_alarms_of_6": sum(not estimate["enough"] for estimate in all_of),
        "off_policy_random_ctr_pct": round(100 * reports["random"]["shown"]["value"], 4),
        "off_policy_random_ctr_from_bts_dr_pct": round(
            100 * reports["random"]["estimates"]["doubly_robust"]["value"], 4
        ),
        "off_policy_bts_ctr_pct": round(100 * reports["bts"]["shown"]["value"], 4),
        "off_policy_bts_ctr_from_random_dr_pct": round(100 * reports["bts"]["estimates"]["doubly_robust"]["value"], 4),
    }


def _bundles(report: dict[str, Any]) -> dict[str, float]:
    figures = {f"bundles_hit10_{name}": row["hit_rate"] for name, row in report["algorithms"].items()}
    low, _ = report["algorithms"]["affinity"]["over_titles_interval"]
    new, _ = report["algorithms"]["affinity_of_new_items"]["over_titles_interval"]
    return figures | {"bundles_affinity_over_titles_low": low, "bundles_new_items_over_titles_low": new}


def _uplift(reports: list[dict[str, Any]]) -> dict[str, float]:
    """Compute means over the halves, and how they spread."""
    figures: dict[str, float] = {}
    for name in ("rule", "t_learner", "t_learner_held", "x_learner", "dr_learner", "class_transformation", "random"):
        qini = [half["policies"][name]["qini"] for half in reports]
        figures |= {f"uplift_qini_{name}": round(float(np.mean(qini)), 5)}
        figures |= {f"uplift_qini_{name}_spread": round(float(np.std(qini)), 5)}
    chosen = [half["policies"][half["chosen"]]["qini_over_rule"] for half in reports]
    return figures | {
        "uplift_qini_chosen_over_rule": round(float(np.mean(chosen)), 5),
        "uplift_cuped_removes_pct": round(100 * reports[0]["effect"]["variance_removed_by_cuped"], 2),
    }


def print_figures(folder: Path) -> None:
    """Print every figure that docs/outcomes.md gives."""
    for name, row in cross_estimate({name: read_bandit_log(name) for name in ("random", "bts")}).items():
        print(f"{name}: {json.dumps(row)}")
    for name, row in measure_hidden_items(folder)["algorithms"].items():
        print(f"bundles, {name}: {row}")
    experiment = read_experiment(folder / "hillstrom" / "emails_half.csv", "segment", "visit")
    features = columns.choose_features(experiment.features)
    removed = adjust(experiment.outcome, columns.build_matrix(features, experiment.features)).removed
    print(f"CUPED removes {removed:.4f} of the variance of visits, all arms together")
    for arm, rule in (("Womens E-Mail", "womens"), ("Mens E-Mail", "mens")):
        begun = time.process_time()
        print(f"{arm}: {_uplift(judge_halves(folder, arm, rule))}, {time.process_time() - begun:.0f} s of CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.outcomes", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    print_figures(parser.parse_args().data)
