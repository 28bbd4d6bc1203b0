"""Search the whole catalogue for what may go into a proposed box."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from domain.fixes import candidates as fix_rules
from domain.fixes.easing import find_easing
from domain.fixes.reading.items import describe_items
from domain.fixes.roles import find_role
from domain.fixes.swaps import list_replaceable, list_replacements, may_add, order_for_place
from domain.histories import normalise_word
from domain.sizes import fold_size
from models.base import ItemId, Sku
from models.box_roles import BoxRole
from models.catalogue import Item
from models.fix_views import SwapOffer
from models.fixes import FixId, FixItem, FixState
from models.mail import Pick
from services.fixes.box_scoring import ListItems, ShopScoring, ShopScoringCache
from services.fixes.note_reading import load_words
from services.fixes.ranking import BuildFits
from services.goods.size_tables import load_size_table
from services.recommendations.client_sizes import name_sizes
from settings import Settings
from store.catalogue import availability, wholes
from store.clients import interactions, owned_items
from store.database import read_transaction
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow, parse_candidates, parse_wish

MOST_MATCHES: Final = 400
"""Items that a search scores; of more, those that the ranking took come first."""
OFFERS: Final = 24
_WORD: Final = re.compile(r"\w+")


class SwapSearch:
    """Finds and scores what a stylist may swap in; safe to use from many threads."""

    def __init__(self, engine: Engine, settings: Settings, list_items: ListItems, fits: BuildFits) -> None:
        self._engine, self._settings, self._fits = engine, settings, fits
        self._shop = ShopScoringCache(settings, list_items)

    def search(
        self, fix_id: FixId, words: str, out: Sku | None, now: datetime, dearest_cents: int | None = None
    ) -> list[SwapOffer]:
        """Search for what may go into a proposed box: see `list_offers`. Raises NotFound."""
        with read_transaction(self._engine) as connection:
            row = fixes.load_fix(connection, fix_id)
            return self.list_offers(connection, row, words, out, now, dearest_cents=dearest_cents)

    def list_offers(
        self,
        connection: Connection,
        row: FixRow,
        words: str,
        out: Sku | None,
        now: datetime,
        most: int = OFFERS,
        dearest_cents: int | None = None,
    ) -> list[SwapOffer]:
        """List what may go into the box of a proposed Fix, best for the place of `out` first, and costs no more than
        `dearest_cents`.

        `words` must all be in the title, category, colour, brand, tags or id of an item; without any, everything of the
        role of `out` is searched. Only items within the rules of a swap and with a free unit are listed.
        """
        if row.state != FixState.PROPOSED:
            return []
        wish, box = parse_wish(row), reservations.load_box(connection, row.fix_id)
        shop = self._shop.load(connection, now)
        known = {item.item_id: item for item in parse_candidates(row)}
        found = _find_items(shop, known, words, {item.role for item in box if item.sku == out})
        candidates = self._score_items(connection, row, shop, found, now)
        offers = []
        for item in order_for_place(wish, box, out or "", candidates):
            if dearest_cents is not None and item.price_cents > dearest_cents:
                continue
            instead_of = [sku for sku in list_replaceable(wish, box, item) if out in (None, sku)]
            added = out is None and may_add(wish, box, item)
            if instead_of or added:
                fields = item.model_dump(include=set(SwapOffer.model_fields))
                offers.append(SwapOffer(**fields, instead_of=tuple(instead_of), may_add=added))
            if len(offers) == most:
                break
        return offers

    def list_other_sizes(self, fix_id: FixId, now: datetime) -> dict[Sku, list[FixItem]]:
        """List, for each sku in the box of a proposed Fix, the same item in the other sizes that may go in, best fit
        first. Raises NotFound."""
        with read_transaction(self._engine) as connection:
            row = fixes.load_fix(connection, fix_id)
            if row.state != FixState.PROPOSED:
                return {}
            wish, box = parse_wish(row), reservations.load_box(connection, fix_id)
            held = {item.sku for item in box}
            units = availability.list_units(connection, {item.item_id for item in box})
            left = {unit.sku for unit in units if unit.free > 0} - held
            shop, found = self._shop.load(connection, now), list[FixItem]()
            items = [item for item in shop.items if item.item_id in {one.item_id for one in box}]
            # An item comes once each time, in the size that fits best of those that are left.
            while left and (best := self._score_items(connection, row, shop, items, now, only=left)):
                found += best
                left -= {item.sku for item in best}
        by_item = {unit.sku: [item for item in found if item.item_id == unit.item_id] for unit in box}
        return {sku: list(list_replacements(wish, box, sku, sizes)) for sku, sizes in by_item.items()}

    def load_candidates(
        self, connection: Connection, row: FixRow, skus: Collection[Sku], now: datetime
    ) -> dict[Sku, FixItem]:
        """Load and score items of the catalogue by sku, in exactly these sizes; those that may not go in are left
        out."""
        shop, item_ids = self._shop.load(connection, now), availability.find_items(connection, skus)
        items = [item for item in shop.items if item.item_id in item_ids]
        scored = self._score_items(connection, row, shop, items, now, only=skus)
        return {item.sku: item for item in scored}

    def _score_items(
        self,
        connection: Connection,
        row: FixRow,
        shop: ShopScoring,
        items: Iterable[Item],
        now: datetime,
        only: Collection[Sku] = (),
    ) -> Sequence[FixItem]:
        """Score items as candidates of a Fix. One that the ranking did not take is taken to be liked as the least of
        its role that it took."""
        candidates = parse_candidates(row)
        made_sizes = {fold_size(size) for size in wholes.list_made_sizes(connection)} - {""}
        table = load_size_table(self._settings.size_table)
        signals = name_sizes(interactions.load_signals(connection, row.client_id, now), made_sizes, table)
        chosen = {item.item_id: item for item in items}
        units = availability.list_units(connection, chosen)
        vocabulary, _ = load_words(self._settings, connection)
        wish, every = parse_wish(row), {item.item_id: item for item in shop.items}
        easing = find_easing(wish, shop.items, describe_items(every, vocabulary)) if wish.wishes else {}
        scored, _ = fix_rules.list_candidates(
            wish,
            owned_items.load_wearer(connection, signals, now, except_fix=row.fix_id),
            [Pick(item_id=item_id, score=0.0) for item_id in chosen],
            chosen,
            [unit for unit in units if not only or unit.sku in only],
            self._fits(row.client_id),
            shop.build_context(connection, signals, now),
            describe_items(chosen, vocabulary),
            liking=_estimate_liking(shop, candidates, chosen.values()),
            easing=easing,
        )
        return scored


def _estimate_liking(shop: ShopScoring, candidates: Sequence[FixItem], items: Iterable[Item]) -> Mapping[ItemId, float]:
    ranked = {item.item_id: item.liking for item in candidates}
    least = min(ranked.values(), default=0.0)
    by_role: dict[BoxRole, float] = {}
    for candidate in candidates:
        by_role[candidate.role] = min(candidate.liking, by_role.get(candidate.role, candidate.liking))
    return {
        item.item_id: ranked.get(item.item_id, by_role.get(find_role(item.category, shop.roles), least))
        for item in items
    }


def _find_items(shop: ShopScoring, known: Collection[ItemId], words: str, roles: Collection[str]) -> list[Item]:
    wanted = [word.casefold() for word in _WORD.findall(words)]
    found = [
        item
        for item in shop.items
        if all(_has_word(item, word) for word in wanted)
        and (wanted or not roles or find_role(item.category, shop.roles) in roles)
    ]
    return sorted(found, key=lambda item: item.item_id not in known)[:MOST_MATCHES]


def _has_word(item: Item, word: str) -> bool:
    """Return whether a word, or its singular, begins a word of what is known of an item."""
    text = normalise_word(
        " ".join(
            (
                item.title,
                item.category,
                item.colour,
                item.brand,
                *item.tags,
                *item.materials,
                *item.occasions,
                item.item_id,
            )
        )
    )
    forms = {word, word.removesuffix("s"), word.removesuffix("es")}
    return any(part.startswith(form) for part in _WORD.findall(text) for form in forms if form)
