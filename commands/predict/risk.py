"""`selvedge predict risk`: predict who orders again."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from commands.shared.options import FILE
from commands.shared.parsing import parse_day, require_horizon
from commands.shared.progress import ProgressLine
from errors import BadInput
from ingest import results

if TYPE_CHECKING:
    from algorithms.risk.cadence import Forecast


def _write_forecast(out: Path, prediction: Forecast) -> None:
    """Write one row a client, by client_id. Raises BadInput when the file cannot be written."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)

    columns = {
        "client_id": pa.array(prediction.ids, pa.string()),
        "p_alive": prediction.p_alive.round(6),
        "expected_orders": prediction.expected_orders.round(6),
        "p_order": prediction.p_order.round(6),
    }
    if prediction.expected_value is not None:
        columns["expected_value"] = prediction.expected_value.round(4)
    results.write_table(out, columns)


@click.command("risk")
@click.option("--orders", required=True, type=FILE, help="client_id, occurred_at[, value]: CSV, Parquet, JSON Lines.")
@click.option("--until", required=True, help="The last day that is looked at, in UTC.")
@click.option("--horizon", required=True, type=int, help="Days forecast, from the next day on.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object for programs.")
def command(orders: Path, until: str, horizon: int, out: Path, as_json: bool) -> None:
    """Predict who is still a client, and how many orders of what value each will place.

    Columns: client_id, p_alive, expected_orders, p_order, expected_value (when the orders have values).
    """
    from algorithms.risk.cadence import ALGORITHM, forecast  # noqa: PLC0415
    from ingest.order_files import read_orders  # noqa: PLC0415

    started = perf_counter()
    day = parse_day(until, "until")
    require_horizon(horizon)
    results.check_path(out)
    with ProgressLine() as progress:
        progress.step(f"reading {orders.name}")
        history = read_orders(orders, report=progress.more)
        if int(history.day.min()) > day:
            raise BadInput(f"no order in {orders} is of {until} or earlier", "until")
        progress.step("learning and forecasting", "clients")
        prediction = forecast(history, day, horizon)
        progress.more(len(prediction.ids))
        _write_forecast(out, prediction)
    summary: dict[str, Any] = {
        "clients": len(prediction.ids),
        "until": until,
        "horizon_days": horizon,
        "algorithm": ALGORITHM,
        "windows_learnt_from": prediction.learnt_from,
        "warning": prediction.warning,
        "expected_orders": round(float(prediction.expected_orders.sum()), 2),
        "clients_who_order": round(float(prediction.p_order.sum()), 2),
        "out": str(out),
        "seconds": round(perf_counter() - started, 2),
    }
    click.echo(json.dumps(summary) if as_json else _render_summary(summary))


def _render_summary(summary: dict[str, Any]) -> str:
    lines = [
        f"{summary['clients']:,} clients until {summary['until']} in {summary['seconds']} s: "
        f"{summary['expected_orders']:,.0f} orders of {summary['clients_who_order']:,.0f} clients expected "
        f"in the {summary['horizon_days']} days after. {summary['out']}"
    ]
    return "\n".join([*lines, *([f"warning: {summary['warning']}"] if summary["warning"] else [])])
