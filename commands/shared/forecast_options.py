"""Options of the verbs `predict` and `evaluate`."""

from __future__ import annotations

import click

from commands.shared.options import FILE

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


FEEDBACK = click.option(
    "--feedback", required=True, type=FILE, help="client_id, item_id, size, fit[, occurred_at, any others]."
)
