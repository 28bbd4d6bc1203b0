"""What stands beside a box on the stylist's table: the client at a glance, the budget, and the queue."""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.fixes.candidates import to_cents
from models.fixes import RejectReason
from services.fixes.table import find_queue_place, load_glance
from store.fixes.lists import FixFile
from web.context import WebContext


class BudgetMeter(NamedTuple):
    """The price of a box against its budget; `share`: in percent of the wider of both."""

    spent_cents: int
    budget_cents: int
    share: float
    limit: float

    @property
    def over_cents(self) -> int:
        """By how much the box costs more than it may; 0: it does not."""
        return max(0, self.spent_cents - self.budget_cents)


def build_table(context: WebContext, file: FixFile) -> dict[str, Any]:
    """Build what the page of a Fix shows besides its box."""
    items = sorted({(item.category, item.colour) for item in file.items.values()})
    return {
        "glance": load_glance(context.engine, file.row.client_id),
        "place": find_queue_place(context.engine, file.row.fix_id),
        "meter": build_meter(sum(unit.price_cents for unit in file.box), to_cents(file.wish.budget)),
        "categories": sorted({category for category, _ in items if category}),
        "colours": sorted({colour for _, colour in items if colour}),
        "reject_reasons": list(RejectReason),
        "most_items": max(file.wish.slots, len(file.box)),
    }


def build_meter(spent_cents: int, budget_cents: int | None) -> BudgetMeter | None:
    """Build the meter; None without a budget."""
    if not budget_cents:
        return None
    whole = max(spent_cents, budget_cents)
    return BudgetMeter(
        spent_cents, budget_cents, round(100 * spent_cents / whole, 1), round(100 * budget_cents / whole, 1)
    )
