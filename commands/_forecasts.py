"""What the verbs `predict` and `evaluate` share: their options, how days are typed, and a file of forecasts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from commands._shared import FILE
from errors import BadInput

if TYPE_CHECKING:
    from algorithms.risk.cadence import Forecast

LONGEST: Final = 3_650

INTERACTIONS = click.option(
    "--interactions", required=True, type=FILE, help="client_id, item_id, occurred_at[, value, context]."
)
ITEMS = click.option(
    "--items", type=FILE, help="item_id and any feature columns; items that nobody took yet among them."
)
CLIENTS = click.option("--clients", type=FILE, help="client_id and any feature columns.")
REPEATS = click.option("--repeats", is_flag=True, help="Ask for what a client took before as well.")
MIN_VALUE = click.option("--min-value", type=float, help="Pass over interactions of a lower value, as low ratings.")
SEED = click.option("--seed", default=42, show_default=True, help="The same seed on the same files answers the same.")


def day_named(text: str, field: str) -> int:
    """Days from 1970-01-01 to the day that was typed. Raises BadInput."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        raise BadInput(f"{text!r} is no day such as 2026-11-21", field) from None


def check_horizon(horizon: int) -> None:
    """Raises BadInput for a horizon out of range."""
    if not 0 < horizon <= LONGEST:
        raise BadInput(f"must be 1 to {LONGEST} days", "horizon")


def write(out: Path, found: Forecast) -> None:
    """One row a client, by client_id. Raises BadInput when the file cannot be written."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)

    from ingest import results  # noqa: PLC0415

    columns = {
        "client_id": pa.array(found.ids, pa.string()),
        "p_alive": found.p_alive.round(6),
        "expected_orders": found.expected_orders.round(6),
        "p_order": found.p_order.round(6),
    }
    if found.expected_value is not None:
        columns["expected_value"] = found.expected_value.round(4)
    results.write(out, columns)
