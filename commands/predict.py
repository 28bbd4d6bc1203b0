"""`selvedge predict risk` and `selvedge predict ranking`: forecasts from plain files."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from commands import _bundles, _fit, _forecasts
from commands._progress import Progress
from commands._shared import FILE
from errors import BadInput
from ingest import results


@click.group()
def command() -> None:
    """Forecast from plain files; no store and no server is needed."""


command.add_command(_bundles.predict, "bundles")
command.add_command(_fit.predict, "fit")


@command.command()
@click.option("--orders", required=True, type=FILE, help="client_id, occurred_at[, value]: CSV, Parquet, JSON Lines.")
@click.option("--until", required=True, help="The last day that is looked at, in UTC.")
@click.option("--horizon", required=True, type=int, help="Days forecast, from the next day on.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object for programs.")
def risk(orders: Path, until: str, horizon: int, out: Path, as_json: bool) -> None:
    """Who is still a client, and how many orders of what value each will place.

    Columns: client_id, p_alive, expected_orders, p_order, expected_value (when the orders have values).
    """
    from algorithms.risk.cadence import ALGORITHM, forecast  # noqa: PLC0415
    from ingest.order_files import read_orders  # noqa: PLC0415

    started = perf_counter()
    day = _forecasts.day_named(until, "until")
    _forecasts.check_horizon(horizon)
    results.check(out)
    with Progress() as progress:
        progress.step(f"reading {orders.name}")
        known = read_orders(orders, more=progress.more)
        if int(known.day.min()) > day:
            raise BadInput(f"no order in {orders} is of {until} or earlier", "until")
        progress.step("learning and forecasting", "clients")
        found = forecast(known, day, horizon)
        progress.more(len(found.ids))
        _forecasts.write(out, found)
    summary: dict[str, Any] = {
        "clients": len(found.ids),
        "until": until,
        "horizon_days": horizon,
        "algorithm": ALGORITHM,
        "windows_learnt_from": found.learnt_from,
        "expected_orders": round(float(found.expected_orders.sum()), 2),
        "clients_who_order": round(float(found.p_order.sum()), 2),
        "out": str(out),
        "seconds": round(perf_counter() - started, 2),
    }
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


@command.command()
@_forecasts.INTERACTIONS
@_forecasts.ITEMS
@_forecasts.CLIENTS
@click.option("--targets", type=FILE, help="client_id[, context], cold clients too; without it every client seen.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Items for each target.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@click.option("--algorithm", default="champion", show_default=True, help="One of those of docs/ranking.md.")
@_forecasts.REPEATS
@_forecasts.MIN_VALUE
@_forecasts.SEED
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object for programs.")
def ranking(
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
    """What each client takes next, best first.

    Columns: client_id[, context], rank, item_id, score. Files are CSV or Parquet. The champion weighs popularity and
    what is known of each client by what earlier stretches of the same file show.
    """
    from algorithms.ranking import zoo  # noqa: PLC0415
    from algorithms.ranking.inner import fitting  # noqa: PLC0415
    from algorithms.ranking.top import one_thread, recommend  # noqa: PLC0415
    from ingest.interaction_files import read_question, write_lists  # noqa: PLC0415

    started = perf_counter()
    results.check(out)
    zoo.known(algorithm, "algorithm")
    with Progress() as progress:
        progress.step(f"reading {interactions.name}")
        question = read_question(interactions, items, clients, targets, min_value)
        log, asked = question.log, question.asked
        progress.step(f"learning {algorithm} from {len(log):,} interactions")
        made = zoo.make(algorithm, repeats, fitting(log, asked))
        with one_thread():
            made.fit(log, seed)
            progress.step("ranking", "targets")
            lists, scores = recommend(made, log, asked, k, repeats, told=progress.more)
        rows = write_lists(out, question, lists, scores)
    summary = {
        "targets": len(asked),
        "cold_clients": int((~log.warm[asked.client]).sum()),
        "interactions": len(log),
        "items": len(log.items),
        "algorithm": algorithm,
        "rows": rows,
        "out": str(out),
        "seconds": round(perf_counter() - started, 2),
    }
    told = f"{rows:,} rows for {len(asked):,} targets by {algorithm} in {summary['seconds']} s. {out}"
    click.echo(json.dumps(summary) if as_json else told)


def _sentence(summary: dict[str, Any]) -> str:
    return (
        f"{summary['clients']:,} clients until {summary['until']} in {summary['seconds']} s: "
        f"{summary['expected_orders']:,.0f} orders of {summary['clients_who_order']:,.0f} clients expected "
        f"in the {summary['horizon_days']} days after. {summary['out']}"
    )
