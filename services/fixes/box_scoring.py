"""What the scores of a box depend on: the shop's keep model, prices and roles, kept in memory, and the client's own."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Final

from sqlalchemy import Connection

from domain import blend
from domain.fixes.keep_model import KeepModel
from domain.fixes.roles import RoleOverrides, find_role, parse_roles
from domain.fixes.scoring import PriceLevels, ScoringContext
from domain.histories import ClientSignals, normalise_word
from models.base import ItemId
from models.catalogue import Item
from settings import Settings
from store.fixes import outcomes, past_boxes

REFRESH_S: Final = 300.0
"""Real seconds for which what is known of the shop is used before it is loaded again."""
ListItems = Callable[[datetime], Sequence[Item]]
"""Lists the catalogue as of business now."""


@dataclass(frozen=True)
class ShopScoring:
    """What is known of the shop: its catalogue, what clients keep, and usual prices in cents."""

    settings: Settings
    items: Sequence[Item]
    keep: KeepModel
    price_of: Mapping[ItemId, int]
    usual: float
    by_category: Mapping[str, float]
    roles: RoleOverrides

    @classmethod
    def of(cls, settings: Settings, items: Sequence[Item], keep: KeepModel) -> ShopScoring:
        """Build it from the catalogue."""
        prices: defaultdict[str, list[int]] = defaultdict(list)
        for item in items:
            prices[normalise_word(item.category)].append(item.price_cents)
        by_category = {category: float(median(own)) for category, own in prices.items()}
        usual = float(median(item.price_cents for item in items)) if items else 0.0
        return cls(
            settings,
            items,
            keep,
            {item.item_id: item.price_cents for item in items},
            usual,
            by_category,
            parse_roles(settings.fix_roles),
        )

    def group_categories(self, asked: Sequence[str]) -> dict[str, str]:
        """Return the group of each category over which candidates are spread: its role, or itself where the client
        asked for it."""
        return {kind: kind if kind in asked else find_role(kind, self.roles).value for kind in self.by_category}

    def build_context(self, connection: Connection, client: ClientSignals, now: datetime) -> ScoringContext:
        """Build what the scores of one client's candidates depend on, at business `now`; what they like to pay only
        where they do not refuse personalisation."""
        return ScoringContext(
            self.keep,
            PriceLevels(self.usual, self.by_category, self._find_usual_price(client) if client.personal else None),
            self.settings.fix_value_weight,
            self.roles,
            blend.score_seasons(now, client.time_zone),
            past_boxes.list_past_pieces(connection, client.client_id, now),
        )

    def _find_usual_price(self, client: ClientSignals) -> float | None:
        """Return the cents that the client says, else shows, to pay for a piece; None where nobody knows."""
        if client.quiz.budget_cents is not None:
            return float(client.quiz.budget_cents)
        paid = [self.price_of[item_id] for item_id in client.owned if item_id in self.price_of]
        return fmean(paid) if paid else None


class ShopScoringCache:
    """Keeps what is known of the shop for REFRESH_S; safe to use from many threads."""

    def __init__(
        self, settings: Settings, list_items: ListItems, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._list_items, self._monotonic = settings, list_items, monotonic
        self._loaded: tuple[float, ShopScoring] | None = None
        self._lock = threading.Lock()

    def load(self, connection: Connection, now: datetime) -> ShopScoring:
        """Return what is known of the shop, as of at most REFRESH_S ago; a new catalogue is seen at once."""
        items = self._list_items(now)
        with self._lock:
            if self._loaded is not None:
                at, shop = self._loaded
                if shop.items is items and self._monotonic() - at <= REFRESH_S:
                    return shop
            shop = ShopScoring.of(self._settings, items, outcomes.learn_keep_model(connection))
            self._loaded = (self._monotonic(), shop)
            return shop
