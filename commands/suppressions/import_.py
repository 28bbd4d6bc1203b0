"""`selvedge suppressions import`: suppress the mailboxes of a file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import FILE
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from errors import BadInput
from models.suppressions import SuppressionOrder
from settings import load


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--reason", default="imported", show_default=True, help="For rows that state none.")
def command(file: Path, reason: str) -> None:
    """Suppress the mailboxes of a CSV file with the column email or address_hash, and reason and note if you like.

    A wrong row is named and nothing is changed.
    """
    from services.returns import suppressions  # noqa: PLC0415
    from store.mail.policy import ShopPolicy  # noqa: PLC0415

    settings = load()
    policy, orders = ShopPolicy.from_settings(settings), read_orders(file, reason)
    for row, order in enumerate(orders, start=2):
        try:
            suppressions.list_hashes(policy, order.email)
        except BadInput as wrong:
            raise BadInput(f"row {row}: {wrong}", file.name) from None
    engine = open_database(settings)
    now, actor, added = load_business_time(engine), get_command_actor(), 0
    for start in range(0, len(orders), suppressions.MOST_AT_ONCE):
        part = orders[start : start + suppressions.MOST_AT_ONCE]
        added += suppressions.add_entries(engine, actor, policy, part, now, datetime.now(UTC))
    click.echo(f"{len(orders):,} rows, {added:,} newly suppressed")


def read_orders(file: Path, reason: str) -> list[SuppressionOrder]:
    """Read the rows of a file. Raises BadInput naming the column or row."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        names = set(rows.fieldnames or ())
        if not names & {"email", "address_hash"}:
            raise BadInput("has neither a column email nor address_hash", file.name)
        try:
            return [_build_order(row, reason) for row in rows]
        except (BadInput, UnicodeDecodeError, csv.Error) as wrong:
            raise BadInput(f"row {rows.line_num}: {wrong}", file.name) from None


def _build_order(row: dict[str, str], reason: str) -> SuppressionOrder:
    email = row.get("email") or row.get("address_hash") or ""
    return validate(
        SuppressionOrder, {"email": email, "reason": row.get("reason") or reason, "note": row.get("note") or ""}
    )
