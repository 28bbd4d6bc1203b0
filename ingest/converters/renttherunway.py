"""RentTheRunway: clothing rentals with what the client said of the fit (Misra, Wan, McAuley, RecSys 2018), as Parquet.
No grant to pass the data on is known: measure with it, do not publish it.
Becomes clients.csv, catalogue.csv and events.jsonl.

Each rental is two events at noon UTC of the review's day, the only date there is: an order_placed without value, and a
fix_feedback with fit, rating (2 to 10 there, 1 to 5 here) and `kept`. What a client reviewed on one day counts as one
order. Nobody keeps a rental: `kept` says whether the client would recommend it, the nearest thing that the set knows.
There are no titles, prices or stock: the title is the category and the item's number, and one price for all must be
given. The most frequent size and the body type become the client's sizes and tags; the two most frequent occasions
become the item's tags.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ingest.converters.tables import (
    CONSENT,
    ENDING,
    PRICE,
    build_address,
    build_command,
    compute_shift,
    read_parquet_rows,
    write_csv,
    write_json_lines,
)

COLUMNS: Final = (
    "user_id", "item_id", "fit", "rating", "rented_for", "body_type", "category", "size", "review_date", "recommend",
)  # fmt: skip

Row = dict[str, Any]


def convert(
    source: Path, out: Path, price: str = "0", ending: datetime | None = None, consent: bool = False
) -> dict[str, int]:
    """Convert RentTheRunway rentals to clients.csv, catalogue.csv and events.jsonl."""
    rows = sorted(
        read_parquet_rows(source, COLUMNS), key=lambda row: (row["review_date"], row["user_id"], row["item_id"])
    )
    moved = compute_shift(max(_parse_moment(row) for row in rows), ending)
    return {
        "clients": write_csv(
            out / "clients.csv",
            ("client_id", "email", "signed_up_at", "consent", "sizes", "tags"),
            _build_clients(rows, moved, consent),
        ),
        "items": write_csv(
            out / "catalogue.csv",
            ("item_id", "title", "category", "price", "sizes", "tags", "added_at"),
            _build_items(rows, moved, price),
        ),
        "events": write_json_lines(out / "events.jsonl", _build_events(rows, moved)),
    }


def _parse_moment(row: Row) -> datetime:
    day: datetime = row["review_date"]
    return day.replace(hour=12, tzinfo=UTC)


def _group_by(rows: list[Row], column: str) -> dict[int, list[Row]]:
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _list_most_frequent(values: Iterable[Any], count: int) -> list[str]:
    return [str(value) for value, _ in Counter(v for v in values if v is not None).most_common(count)]


def _build_clients(rows: list[Row], moved: timedelta, consent: bool) -> Iterator[Row]:
    for user, theirs in _group_by(rows, "user_id").items():
        yield {
            "client_id": f"rtr-{user}",
            "email": build_address("rtr", str(user)),
            "signed_up_at": _parse_moment(theirs[0]) + moved,
            "consent": consent,
            "sizes": _list_most_frequent((row["size"] for row in theirs), 1),
            "tags": _list_most_frequent((row["body_type"] for row in theirs), 1),
        }


def _build_items(rows: list[Row], moved: timedelta, price: str) -> Iterator[Row]:
    for item, rented in _group_by(rows, "item_id").items():
        yield {
            "item_id": f"rtr-{item}",
            "title": f"{rented[0]['category'].capitalize()} {item}",
            "category": rented[0]["category"],
            "price": price,
            "sizes": [str(size) for size in sorted({row["size"] for row in rented})][:40],
            "tags": _list_most_frequent((row["rented_for"] for row in rented), 2),
            "added_at": _parse_moment(rented[0]) + moved,
        }


def _build_events(rows: list[Row], moved: timedelta) -> Iterator[Row]:
    seen: Counter[str] = Counter()
    for row in rows:
        key = f"rtr-{row['user_id']}-{row['item_id']}-{row['review_date']:%Y%m%d}"
        seen[key] += 1
        key += f"-{seen[key]}"
        same = {
            "client_id": f"rtr-{row['user_id']}",
            "item_id": f"rtr-{row['item_id']}",
            "occurred_at": (_parse_moment(row) + moved).isoformat(),
        }
        yield {"event_id": key, "type": "order_placed", **same}
        rating = None if row["rating"] is None else round(row["rating"] / 2)
        feedback = {"fit": row["fit"], "rating": rating, "kept": row["recommend"] == 1}
        yield {"event_id": f"{key}-said", "type": "fix_feedback", **same, **feedback}


if __name__ == "__main__":
    build_command(convert, ENDING, CONSENT, PRICE)()
