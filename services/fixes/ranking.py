"""Choose and score what may go into one box: the best of each role, from the whole catalogue, in the size that fits
best, free, wanted, not owned."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection

from algorithms.blending.contracts import Recommendation
from algorithms.slots.batches import split_into_chunks
from domain.fixes import candidates as fix_rules
from domain.fixes.asked import build_finder
from domain.fixes.candidates import Fits
from domain.fixes.easing import Easing, find_easing
from domain.fixes.reading.items import describe_items
from domain.fixes.reading.reader import NoteWords
from domain.fixes.scoring import limit_by_role
from domain.fixes.wish_answers import ItemTraits
from models.base import ClientId, ItemId
from models.fixes import FixId, FixState, FixWish
from services.context import ServiceContext
from services.fixes.box_scoring import ShopScoring, ShopScoringCache
from services.fixes.note_reading import load_words
from services.fixes.obstacles import explain_obstacles
from services.recommendations.client_sizes import name_sizes
from services.recommendations.recommender import ItemsRequest, Recommender
from store.catalogue import availability, catalogue
from store.clients import interactions, owned_items
from store.database import read_transaction, write_transaction
from store.fixes import fixes, reservations
from store.fixes import rows as fix_rows
from store.fixes.rows import FixRow, parse_wish
from store.learning import decisions

MOST_RANKED: Final = 400
"""Items that the ranking returns for a Fix, spread over the roles."""
MOST_CANDIDATES: Final = 200
"""Candidates of a Fix, spread over the roles: those worth most to the box."""

BuildFits: TypeAlias = Callable[[ClientId], Fits]
"""Builds, for a client, the function that predicts the chance that each unit fits."""


class FixRanker:
    """The ranker of Fixes, alone or in a wave; safe to use from many threads."""

    def __init__(
        self,
        context: ServiceContext,
        recommender: Recommender,
        fits: BuildFits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context, self._recommender, self._fits = context, recommender, fits
        self._shop = ShopScoringCache(context.settings, recommender.list_items, monotonic)

    def rank(self, fix_ids: Sequence[FixId], now: datetime, code: str = "") -> None:
        """Choose and save the candidates of Fixes at business `now`. A Fix that is further on stays as it is.

        Raises NotFound. The ranking is asked about a chunk of clients at a time, and no lock is held while it thinks.
        """
        for chunk in split_into_chunks(fix_ids):
            with write_transaction(self._context.engine) as connection:
                reservations.release_expired(connection, now)
                all_rows = (fixes.load_fix(connection, fix_id) for fix_id in chunk)
                rows = [row for row in all_rows if row.state == FixState.REQUESTED]
            with read_transaction(self._context.engine) as connection:
                shop = self._shop.load(connection, now)
                vocabulary, _ = load_words(self._context.settings, connection)
                eased = [_find_easing(parse_wish(row), shop, vocabulary) for row in rows]
                barred = [
                    _list_barred(parse_wish(row), shop, vocabulary, easing)
                    for row, easing in zip(rows, eased, strict=True)
                ]
                requests = [
                    _build_request(row.client_id, parse_wish(row), own, shop)
                    for row, own in zip(rows, barred, strict=True)
                ]
                answers = list(self._recommender.recommend_many(connection, requests, now, "fix"))
                candidates_by_fix = [
                    self._choose_candidates(connection, *inputs, shop, vocabulary, now)
                    for inputs in zip(rows, answers, barred, eased, strict=True)
                ]
            for row, recommendation, candidates in zip(rows, answers, candidates_by_fix, strict=True):
                self._save_ranked(row.fix_id, recommendation, candidates, now, code)

    def _save_ranked(
        self, fix_id: FixId, recommendation: Recommendation, candidates: dict[str, Any], now: datetime, code: str
    ) -> None:
        with write_transaction(self._context.engine) as connection:
            if fixes.move_fix(connection, fix_id, FixState.RANKED, now, code=code, values={"candidates": candidates}):
                decisions.save_decision(
                    connection, recommendation.record, now, fix_id=fix_id, key=fix_id, body=recommendation.body
                )

    def _choose_candidates(
        self,
        connection: Connection,
        row: FixRow,
        recommendation: Recommendation,
        barred: Mapping[ItemId, str],
        easing: Easing,
        shop: ShopScoring,
        vocabulary: NoteWords,
        now: datetime,
    ) -> dict[str, Any]:
        """Choose what may go into the box, and say why each other item that is near the client may not, or that the
        wish keeps out (`barred`)."""
        wish = parse_wish(row)
        signals = interactions.load_signals(connection, row.client_id, now)
        goods, table = self._recommender.load_sizes(now)
        signals = name_sizes(signals, goods.sizes.keys() - {""}, table)
        near = {pick.item_id for pick in recommendation.picks} | {
            interaction.item_id for interaction in signals.touches
        }
        items = catalogue.load_items(connection, near | set(wish.exclude_items))
        wearer = owned_items.load_wearer(connection, signals, now, except_fix=row.fix_id)
        chosen, left_out = fix_rules.list_candidates(
            wish,
            wearer,
            recommendation.picks,
            items,
            availability.list_units(connection, items),
            self._fits(row.client_id),
            shop.build_context(connection, signals, now),
            describe_items(items, vocabulary),
            easing=easing,
        )
        limited = limit_by_role(chosen, MOST_CANDIDATES, build_finder(wish, liked=True).categories)
        obstacles = explain_obstacles(connection, wish, wearer, limited, shop.items, vocabulary, easing)
        return fix_rows.build_candidates(limited, {**barred, **left_out}, obstacles)


def _find_easing(wish: FixWish, shop: ShopScoring, vocabulary: NoteWords) -> Easing:
    return find_easing(wish, shop.items, _describe(wish, shop, vocabulary)) if wish.wishes else {}


def _list_barred(wish: FixWish, shop: ShopScoring, vocabulary: NoteWords, easing: Easing) -> dict[ItemId, str]:
    return fix_rules.list_barred(wish, shop.items, _describe(wish, shop, vocabulary), easing)


def _describe(wish: FixWish, shop: ShopScoring, vocabulary: NoteWords) -> dict[ItemId, ItemTraits]:
    """Describe the catalogue; what items are is only looked at where there are wishes."""
    return describe_items({item.item_id: item for item in shop.items}, vocabulary) if wish.wishes else {}


def _build_request(client_id: ClientId, wish: FixWish, barred: Mapping[ItemId, str], shop: ShopScoring) -> ItemsRequest:
    """Build the request to the ranking: of all that the wish allows, the best of each role and of what is asked for."""
    groups = shop.group_categories(build_finder(wish, liked=True).categories)
    return ItemsRequest(client_id, MOST_RANKED, frozenset(barred), wish.sizes, groups)
