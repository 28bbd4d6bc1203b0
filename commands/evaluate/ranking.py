"""`selvedge evaluate ranking`: measure rankings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from commands.shared.forecast_options import CLIENTS, INTERACTIONS, ITEMS, MIN_VALUE, REPEATS, SEED
from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine

HEADINGS: Final = (
    "recall",
    "NDCG",
    "95 %",
    "MAP",
    "cold clients",
    "cold items",
    "coverage",
    "novelty",
    "fit s",
    "MB",
    "us",
)


def _render_table(report: dict[str, Any]) -> str:
    """Render the report, best NDCG first; the columns of cold clients and items are NDCG too."""
    lines = [
        f"{report['asked']:,} targets, {report['asked_cold_clients']:,} of clients who are new; learnt from "
        f"{report['learnt_from']:,} of {report['interactions']:,} interactions with {report['items']:,} items "
        f"({report['split']}, k {report['k']}, seed {report['seed']})",
        f"{'':<13}" + "".join(f"{heading:>{15 if heading == '95 %' else 13}}" for heading in HEADINGS),
    ]
    best_first = sorted(report["algorithms"].items(), key=lambda pair: -pair[1]["ndcg"])
    return "\n".join([*lines, *(_render_line(name, figures) for name, figures in best_first)])


def _render_line(name: str, row: dict[str, Any]) -> str:
    low, high = row["ndcg_interval"]
    cold = [f"{row[part]['ndcg']:.4f}" if row[part] else "-" for part in ("cold_clients", "cold_items")]
    cells = (
        f"{row['recall']:.4f}",
        f"{row['ndcg']:.4f}",
        f"[{low:.4f},{high:.4f}]",
        f"{row['map']:.4f}",
        *cold,
    )
    costs: tuple[str, ...] = (
        f"{row['coverage']:.3f}",
        f"{row['novelty']:.1f}",
        f"{row['fit_seconds']:.1f}",
    )
    costs = (*costs, f"{row['peak_memory_mb']:,.0f}", f"{row['recommend_us']:,.0f}")
    return f"{name:<13}" + "".join(f"{cell:>{15 if cell.startswith('[') else 13}}" for cell in (*cells, *costs))


@click.command("ranking")
@INTERACTIONS
@ITEMS
@CLIENTS
@click.option("--split", default="time:0.8", show_default=True, help="leave-last-out, time:0.8, time:DATE, random:0.25")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Length of the lists.")
@click.option("--algorithms", default="all", show_default=True, help="Names with commas between, or all.")
@REPEATS
@MIN_VALUE
@SEED
@AS_JSON
def command(
    interactions: Path,
    items: Path | None,
    clients: Path | None,
    split: str,
    k: int,
    algorithms: str,
    repeats: bool,
    min_value: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """Measure recall, NDCG, MAP, coverage, novelty, cold clients and items apart, seconds and memory of each algorithm.

    time:0.8 learns from the earliest 80 %, time:2016-12-31 from what came until that day; random:0.25 holds out 25 %.
    """
    from algorithms.evaluation.ranking_evaluation import evaluate  # noqa: PLC0415
    from algorithms.ranking import zoo  # noqa: PLC0415
    from ingest.interaction_files import read_ranking_input  # noqa: PLC0415

    names = zoo.parse_names(algorithms)
    with ProgressLine() as progress:
        progress.step(f"reading {interactions.name}")
        log = read_ranking_input(interactions, items, clients, None, min_value).interactions
        report = evaluate(log, split, k, names, seed=seed, repeats=repeats, progress=progress.step)
    click.echo(json.dumps(report) if as_json else _render_table(report))
