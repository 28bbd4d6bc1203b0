"""CDNOW: purchases of a music shop's clients, 1997 and 1998 (Fader and Hardie's teaching set), `transactions.csv`
with columns id, date, n, usd. Becomes clients.csv and events.csv.

A date has no hour: orders stand at noon UTC. A client's first purchase is taken for the signup. There are no items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ingest.converters.tables import CONSENT, ENDING, address, command, csv_rows, shift, write_csv

COLUMNS: Final = ("id", "date", "n", "usd")


def convert(source: Path, out: Path, ending: datetime | None = None, consent: bool = False) -> dict[str, int]:
    """CDNOW transactions to clients.csv and events.csv."""
    rows = sorted(csv_rows(source, COLUMNS), key=lambda row: (row["id"], row["date"]))
    moved = shift(max(_day(row) for row in rows), ending)
    first: dict[str, datetime] = {}
    for row in rows:
        first.setdefault(row["id"], _day(row) + moved)
    clients = (
        {
            "client_id": f"cdnow-{client}",
            "email": address("cdnow", client),
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
            _orders(rows, moved),
        ),
    }


def _orders(rows: list[dict[str, str]], moved: timedelta) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row["id"]] += 1
        yield {
            "event_id": f"cdnow-{row['id']}-{seen[row['id']]}",
            "client_id": f"cdnow-{row['id']}",
            "type": "order_placed",
            "occurred_at": _day(row) + moved,
            "quantity": row["n"],
            "value": row["usd"],
            "currency": "USD",
        }


def _day(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["date"]).replace(hour=12, tzinfo=UTC)


if __name__ == "__main__":
    command(convert, ENDING, CONSENT)()
