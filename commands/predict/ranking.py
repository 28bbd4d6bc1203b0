"""`selvedge predict ranking`: predict what clients take next."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import click

from commands.shared.forecast_options import CLIENTS, INTERACTIONS, ITEMS, MIN_VALUE, REPEATS, SEED
from commands.shared.options import FILE
from commands.shared.progress import ProgressLine
from ingest import results


@click.command("ranking")
@INTERACTIONS
@ITEMS
@CLIENTS
@click.option("--targets", type=FILE, help="client_id[, context], cold clients too; without it every client seen.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Items for each target.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@click.option("--algorithm", default="stacked", show_default=True, help="One of those of docs/ranking.md.")
@REPEATS
@MIN_VALUE
@SEED
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object for programs.")
def command(
    interactions: Path,
    items: Path | None,
    clients: Path | None,
    targets: Path | None,
    k: int,
    out: Path,
    algorithm: str,
    repeats: bool,
    min_value: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """Predict what each client takes next, best first.

    Columns: client_id[, context], rank, item_id, score. Files are CSV or Parquet. `stacked` weighs popularity and
    what is known of each client by what earlier stretches of the same file show.
    """
    from algorithms.ranking import zoo  # noqa: PLC0415
    from algorithms.ranking.inner import choose_for_targets  # noqa: PLC0415
    from algorithms.ranking.returns import flag_returns, settle_returns  # noqa: PLC0415
    from algorithms.ranking.top import one_thread, recommend  # noqa: PLC0415
    from ingest.interaction_files import read_ranking_input, write_lists  # noqa: PLC0415

    started = perf_counter()
    results.check_path(out)
    algorithm = zoo.require_name(algorithm, "algorithm")
    with ProgressLine() as progress:
        progress.step(f"reading {interactions.name}")
        question = read_ranking_input(interactions, items, clients, targets, min_value)
        history, target_rows = settle_returns(question.interactions), question.targets
        progress.step(f"learning {algorithm} from {len(history):,} interactions")
        ranker = zoo.make(algorithm, repeats, choose_for_targets(history, target_rows))
        with one_thread():
            ranker.fit(history, seed)
            progress.step("ranking", "targets")
            lists, scores = recommend(ranker, history, target_rows, k, repeats, progress=progress.more)
        rows = write_lists(out, question, lists, scores)
    summary = {
        "targets": len(target_rows),
        "repeated_targets": question.repeated_targets,
        "cold_clients": int((~history.warm[target_rows.client]).sum()),
        "interactions": len(history),
        "returns": int(flag_returns(question.interactions).sum()),
        "items": len(history.items),
        "algorithm": algorithm,
        "rows": rows,
        "out": str(out),
        "seconds": round(perf_counter() - started, 2),
    }
    sentence = f"{rows:,} rows for {len(target_rows):,} targets by {algorithm} in {summary['seconds']} s. {out}"
    if question.repeated_targets:
        sentence += f" {question.repeated_targets:,} targets were in the file before; each has one list."
    click.echo(json.dumps(summary) if as_json else sentence)
