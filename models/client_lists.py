"""The columns by which the list of clients is sorted."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ListColumn(StrEnum):
    """A column of the list of clients."""

    NAME = "name"
    PHASE = "phase"
    SCORE = "score"
    ORDERS = "orders"
    SPENT = "spent"
    LAST_ORDER = "last-order"
    NEXT_MAIL = "next-mail"


class ListOrder(NamedTuple):
    """An order of the list: by a column, the highest first where it is `falling`; who has nothing there comes last."""

    column: ListColumn
    falling: bool = False

    def __str__(self) -> str:
        """Return it as it stands in an address: `-spent`, or `name`."""
        return f"{'-' if self.falling else ''}{self.column}"


def parse_order(text: str) -> ListOrder | None:
    """Parse an order from an address; None: it names no column."""
    name = text.removeprefix("-")
    return ListOrder(ListColumn(name), text.startswith("-")) if name in set(ListColumn) else None
