"""UCI Online Retail: invoices of a UK gift shop, Dec 2010 to Dec 2011 (Chen, Sain, Guo 2012, CC BY 4.0), as Parquet.
Becomes clients.csv, catalogue.csv and events.csv, in pounds: import them with SELVEDGE_SHOP_CURRENCY=GBP.

Lines without a client and those that are no goods (postage, fees, discounts, gift vouchers) are left out and counted.
An invoice that starts with C is a cancellation: order_returned. Times are those of London. A client's first invoice is
taken for the signup, the country becomes a tag. The set has no categories (all are "gift"), no costs and no stock.
Orders of more than 10,000 units exceed what an event may hold; the import rejects them by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ingest.converters.tables import (
    CONSENT,
    ENDING,
    build_address,
    build_command,
    compute_shift,
    read_parquet_rows,
    write_csv,
)

COLUMNS: Final = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
LONDON: Final = ZoneInfo("Europe/London")
NO_GOODS: Final = frozenset({"POST", "D", "M", "S", "B", "C2", "DOT", "PADS", "BANK CHARGES", "AMAZONFEE", "CRUK"})

Row = dict[str, Any]


def convert(source: Path, out: Path, ending: datetime | None = None, consent: bool = False) -> dict[str, int]:
    """Convert Online Retail invoices to clients.csv, catalogue.csv and events.csv."""
    rows = read_parquet_rows(source, COLUMNS)
    named = [row for row in rows if row["CustomerID"]]
    goods = sorted((row for row in named if _is_goods(row)), key=lambda row: (row["InvoiceDate"], row["InvoiceNo"]))
    moved = compute_shift(max(_parse_moment(row) for row in goods), ending)
    return {
        "clients": write_csv(
            out / "clients.csv",
            ("client_id", "email", "signed_up_at", "consent", "tags"),
            _build_clients(goods, moved, consent),
        ),
        "items": write_csv(
            out / "catalogue.csv",
            ("item_id", "title", "category", "price", "currency", "added_at"),
            _build_items(goods, moved),
        ),
        "events": write_csv(
            out / "events.csv",
            ("event_id", "client_id", "type", "occurred_at", "item_id", "quantity", "value", "currency"),
            _build_events(goods, moved),
        ),
        "lines without a client, left out": len(rows) - len(named),
        "lines that are no goods, left out": len(named) - len(goods),
    }


def _is_goods(row: Row) -> bool:
    code = row["StockCode"].upper()
    return code not in NO_GOODS and not code.startswith("GIFT_") and int(row["Quantity"]) != 0


def _get_client_id(row: Row) -> str:
    return str(row["CustomerID"]).removesuffix(".0")  # read as a number once, somewhere upstream


def _parse_moment(row: Row) -> datetime:
    return datetime.fromisoformat(str(row["InvoiceDate"])).replace(tzinfo=LONDON)


def _build_clients(goods: list[Row], moved: timedelta, consent: bool) -> Iterator[Row]:
    seen: set[str] = set()
    for row in goods:
        if (client := _get_client_id(row)) not in seen:
            seen.add(client)
            yield {
                "client_id": client,
                "email": build_address("retail", client),
                "signed_up_at": _parse_moment(row) + moved,
                "consent": consent,
                "tags": [row["Country"]],
            }


def _build_items(goods: list[Row], moved: timedelta) -> Iterator[Row]:
    """Build one item a code, with its latest price and description and the date of its first sale."""
    items: dict[str, Row] = {}
    for row in goods:
        item = items.setdefault(
            row["StockCode"], {"item_id": row["StockCode"], "category": "gift", "currency": "GBP", "price": "0"}
        )
        item.setdefault("added_at", _parse_moment(row) + moved)
        item["title"] = " ".join((row["Description"] or "").split()) or item.get("title") or row["StockCode"]
        if Decimal(row["UnitPrice"]) > 0:
            item["price"] = _format_money(Decimal(row["UnitPrice"]))
    yield from items.values()


def _build_events(goods: list[Row], moved: timedelta) -> Iterator[Row]:
    lines: Counter[str] = Counter()
    for row in goods:
        lines[row["InvoiceNo"]] += 1
        quantity = int(row["Quantity"])
        yield {
            "event_id": f"retail-{row['InvoiceNo']}-{lines[row['InvoiceNo']]}",
            "client_id": _get_client_id(row),
            "type": "order_placed" if quantity > 0 else "order_returned",
            "occurred_at": _parse_moment(row) + moved,
            "item_id": row["StockCode"],
            "quantity": abs(quantity),
            "value": _format_money(abs(quantity) * Decimal(row["UnitPrice"])),
            "currency": "GBP",
        }


def _format_money(amount: Decimal) -> str:
    return f"{amount:.2f}"


if __name__ == "__main__":
    build_command(convert, ENDING, CONSENT)()
