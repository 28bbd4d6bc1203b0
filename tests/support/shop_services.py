"""A small shop in a real database, filled through the doors that everybody uses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from models.catalogue import ItemRow, StockRow
from models.clients import ClientRow
from models.events import EVENT, Event
from services.clients import registration
from services.ingestion import intake, item_intake
from store.database import write_transaction
from store.mail.policy import ShopPolicy
from tests.algorithms.goods import two_tastes

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TERMS = ShopPolicy(currency="USD", time_zone="Europe/London", signing_key="a key for tests")


@dataclass
class StockedShop:
    """Puts things in and fails loudly when a door refuses them."""

    engine: Engine
    now: datetime = NOW
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def client(self, client_id: str, **values: Any) -> None:
        row = ClientRow(client_id=client_id, **{"email": f"{client_id}@example.com", **values})
        with write_transaction(self.engine) as connection:
            assert not registration.upsert_clients(connection, [row], TERMS, self.now, self.now, start=False).refused

    def item(
        self, item_id: str, category: str = "knitwear", stock: dict[str, int] | None = None, **values: Any
    ) -> None:
        """`stock`: units by size; None: ten of one size."""
        stated = {"title": f"Piece {item_id}", "price": Decimal(80), "cost": Decimal(40), **values}
        row = ItemRow(item_id=item_id, category=category, **stated)
        with write_transaction(self.engine) as connection:
            assert not item_intake.put_items(connection, [row], TERMS, self.now).refused
        for size, units in ({"": 10} if stock is None else stock).items():
            self.stock(item_id, size, units)

    def stock(self, item_id: str, size: str, units: int) -> None:
        row = StockRow(sku=f"{item_id}.{size or 'one'}", item_id=item_id, size=size, on_hand=units)
        with write_transaction(self.engine) as connection:
            assert not item_intake.put_stock(connection, [row]).refused

    def event(self, client_id: str, type_: str, days_ago: float = 1.0, **values: Any) -> None:
        self.events([{"client_id": client_id, "type": type_, "days_ago": days_ago, **values}])

    def two_tastes(self) -> None:
        """The clients, items and orders of `goods.two_tastes`: 120 clients, 40 items, 60 days."""
        goods, touches, people = two_tastes()
        for item in goods.items:
            self.item(item.item_id, item.category, colour=item.colour, added_at=item.added_at)
        for person in people:
            self.client(person)
        rows = zip(touches.client.tolist(), touches.item.tolist(), touches.at.tolist(), strict=True)
        self.events(
            [
                {
                    "client_id": touches.clients[client],
                    "type": "order_placed",
                    "item_id": touches.items[item],
                    "value": "80.00",
                    "days_ago": (self.now.timestamp() - at) / 86_400,
                }
                for client, item, at in rows
            ]
        )

    def accept_event(self, row: dict[str, Any]) -> set[str]:
        """Take one event in; whose workflows are to look at it."""
        with write_transaction(self.engine) as connection:
            taken = intake.accept_events(connection, self._build_events([row]), TERMS, self.now, self.now)
        assert not taken.refused, taken.refused
        return set(taken.nudged)

    def events(self, rows: list[dict[str, Any]]) -> None:
        """Many at once; each with `days_ago`."""
        batch = self._build_events(rows)
        for start in range(0, len(batch), 1_000):
            with write_transaction(self.engine) as connection:
                taken = intake.accept_events(
                    connection, batch[start : start + 1_000], TERMS, self.now, self.now, notify=False
                )
                assert not taken.refused, taken.refused

    def _build_events(self, rows: list[dict[str, Any]]) -> list[Event]:
        return [
            EVENT.validate_python(
                {
                    "event_id": f"e{next(self.numbers)}",
                    "occurred_at": self.now - timedelta(days=row.pop("days_ago")),
                    **row,
                }
            )
            for row in (dict(row) for row in rows)
        ]
