"""CDNOW: purchases of a music shop's clients, 1997 and 1998 (Fader and Hardie's teaching set), `transactions.csv`
with columns id, date, n, usd. Becomes clients.csv and events.csv.

A date has no hour: orders are put at noon UTC. A client's first purchase counts as the signup. There are no items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ingest.converters.tables import (
    CONSENT,
    ENDING,
    build_address,
    build_command,
    compute_shift,
    read_csv_rows,
    write_csv,
)

COLUMNS: Final = ("id", "date", "n", "usd")


def convert(source: Path, out: Path, ending: datetime | None = None, consent: bool = False) -> dict[str, int]:
    """Convert CDNOW transactions to clients.csv and events.csv."""
    rows = sorted(read_csv_rows(source, COLUMNS), key=lambda row: (row["id"], row["date"]))
    shift = compute_shift(max(_parse_day(row) for row in rows), ending)
    first: dict[str, datetime] = {}
    for row in rows:
        first.setdefault(row["id"], _parse_day(row) + shift)
    clients = (
        {
            "client_id": f"cdnow-{client}",
            "email": build_address("cdnow", client),
            "signed_up_at": at,
            "consent": consent,
        }
        for client, at in first.items()
    )
    return {
        "clients": write_csv(out / "clients.csv", ("client_id", "email", "signed_up_at", "consent"), clients),
        "events": write_csv(
            out / "events.csv",
            ("event_id", "client_id", "type", "occurred_at", "quantity", "value", "currency"),
            _build_orders(rows, shift),
        ),
    }


def _build_orders(rows: list[dict[str, str]], moved: timedelta) -> Iterator[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["id"]] += 1
        yield {
            "event_id": f"cdnow-{row['id']}-{counts[row['id']]}",
            "client_id": f"cdnow-{row['id']}",
            "type": "order_placed",
            "occurred_at": _parse_day(row) + moved,
            "quantity": row["n"],
            "value": row["usd"],
            "currency": "USD",
        }


def _parse_day(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["date"]).replace(hour=12, tzinfo=UTC)


if __name__ == "__main__":
    build_command(convert, ENDING, CONSENT)()
