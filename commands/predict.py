"""`selvedge predict risk`: forecasts from plain files."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from commands import _forecasts
from commands._progress import Progress
from errors import BadInput

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Forecast from plain files; no store and no server is needed."""


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
    _forecasts.check(horizon, out)
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


def _sentence(summary: dict[str, Any]) -> str:
    return (
        f"{summary['clients']:,} clients until {summary['until']} in {summary['seconds']} s: "
        f"{summary['expected_orders']:,.0f} orders of {summary['clients_who_order']:,.0f} clients expected "
        f"in the {summary['horizon_days']} days after. {summary['out']}"
    )
