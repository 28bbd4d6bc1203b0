"""Choose and score what may go into one box: the ranking's best in the size that fits best, free, wanted, not owned."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection

from algorithms.blending.contracts import Recommendation
from algorithms.slots.batches import split_into_chunks
from domain.fixes import candidates as fix_rules
from domain.fixes.candidates import Fits
from domain.fixes.keep_model import KeepModel
from models.base import ClientId
from models.fixes import FixId, FixState
from services.context import ServiceContext
from services.recommendations.recommender import ItemsRequest, Recommender
from store.catalogue import availability, catalogue
from store.clients import interactions, owned_items
from store.database import read_transaction, write_transaction
from store.fixes import fixes, outcomes, reservations
from store.fixes import rows as fix_rows
from store.fixes.rows import FixRow, parse_wish
from store.learning import decisions

MOST_RANKED: Final = 300
"""Items that the ranking returns for a Fix."""
MOST_CANDIDATES: Final = 200
"""Candidates of a Fix: the likeliest to be kept."""
KEEP_MODEL_S: Final = 300.0
"""Real seconds for which the model of what clients keep is used before it is fitted again."""

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
        self._context, self._recommender, self._fits, self._monotonic = context, recommender, fits, monotonic
        self._keep: tuple[float, KeepModel] = (float("-inf"), KeepModel())

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
                requests = [ItemsRequest(row.client_id, MOST_RANKED, sizes=parse_wish(row).sizes) for row in rows]
                answers = list(self._recommender.recommend_many(connection, requests, now, "fix"))
                candidates_by_fix = [
                    self._choose_candidates(connection, *pair, now) for pair in zip(rows, answers, strict=True)
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
        self, connection: Connection, row: FixRow, recommendation: Recommendation, now: datetime
    ) -> dict[str, Any]:
        """Choose what may go into the box, and say why each other item that is near the client may not."""
        wish = parse_wish(row)
        signals = interactions.load_signals(connection, row.client_id, now)
        near = {pick.item_id for pick in recommendation.picks} | {
            interaction.item_id for interaction in signals.touches
        }
        items = catalogue.load_items(connection, near | set(wish.exclude_items))
        chosen, left_out = fix_rules.list_candidates(
            wish,
            owned_items.load_wearer(connection, signals, now, except_fix=row.fix_id),
            recommendation.picks,
            items,
            availability.list_units(connection, items),
            self._fits(row.client_id),
            self._load_keep_model(connection),
        )
        return fix_rows.build_candidates(chosen[:MOST_CANDIDATES], left_out)

    def _load_keep_model(self, connection: Connection) -> KeepModel:
        at, keep = self._keep
        if self._monotonic() - at > KEEP_MODEL_S:
            keep = outcomes.fit_keep_model(connection)
            self._keep = (self._monotonic(), keep)
        return keep
