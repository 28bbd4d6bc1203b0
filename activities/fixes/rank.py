"""Choose and score what may go into one box: the ranking's best in the size that fits best, free, wanted, not owned."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection
from temporalio import activity

from algorithms.blending.contracts import Recommendation
from algorithms.slots.batches import chunks
from domain.fixes import rules as fix_rules
from domain.fixes.keep import Keep
from domain.fixes.rules import Fits
from models.base import ClientId
from models.fixes import FixDone, FixId, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import told
from services.recommendations.recommender import Recommender, Wanted
from store.catalogue import availability, catalogue
from store.clients import interactions, owned_items
from store.database import read_transaction, write_transaction
from store.fixes import fixes, outcomes, reservations
from store.fixes import rows as fix_rows
from store.fixes.fixes import FixRow
from store.fixes.rows import wish_of
from store.learning import decisions

ASKED: Final = 300
"""Items that the ranking is asked for."""
KEPT: Final = 200
"""Candidates of a Fix: the likeliest to be kept."""
LEARNT_S: Final = 300.0
"""Real seconds for which what was learnt from feedback is used before it is learnt again."""

FitsOf: TypeAlias = Callable[[ClientId], Fits]
"""For a client, the chance that each unit fits."""


class FixRanker:
    """Safe to ask from many threads. A wave shares it."""

    def __init__(
        self,
        context: ServiceContext,
        recommender: Recommender,
        fits: FitsOf,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context, self._recommender, self._fits, self._monotonic = context, recommender, fits, monotonic
        self._keep: tuple[float, Keep] = (float("-inf"), Keep())

    def rank(self, fix_ids: Sequence[FixId], now: datetime, code: str = "") -> None:
        """Keep the candidates of Fixes at business `now`: `ranked`. One that is further on stays as it is.

        Raises NotFound. The ranking is asked about a chunk of clients at a time, and no lock is held while it thinks.
        """
        for chunk in chunks(fix_ids):
            with write_transaction(self._context.engine) as connection:
                reservations.release_expired(connection, now)
                found = (fixes.get(connection, each) for each in chunk)
                rows = [row for row in found if row.state == FixState.REQUESTED]
            with read_transaction(self._context.engine) as connection:
                wanted = [Wanted(row.client_id, ASKED, sizes=wish_of(row).sizes) for row in rows]
                answers = list(self._recommender.recommend_many(connection, wanted, now, "fix"))
                kept = [self._candidates(connection, *pair, now) for pair in zip(rows, answers, strict=True)]
            for row, made, candidates in zip(rows, answers, kept, strict=True):
                self._keep_ranked(row.fix_id, made, candidates, now, code)

    def _keep_ranked(
        self, fix_id: FixId, made: Recommendation, candidates: dict[str, Any], now: datetime, code: str
    ) -> None:
        with write_transaction(self._context.engine) as connection:
            if fixes.move(connection, fix_id, FixState.RANKED, now, code=code, values={"candidates": candidates}):
                decisions.keep(connection, made.record, now, fix_id=fix_id, key=fix_id, body=made.body)

    def _candidates(self, connection: Connection, row: FixRow, made: Recommendation, now: datetime) -> dict[str, Any]:
        """What may go into the box, and why each other item that is near the client may not, as they are kept."""
        wish = wish_of(row)
        signals = interactions.signals(connection, row.client_id, now)
        near = {pick.item_id for pick in made.picks} | {touch.item_id for touch in signals.touches}
        items = catalogue.get_items(connection, near | set(wish.exclude_items))
        found, left_out = fix_rules.candidates(
            wish,
            owned_items.wearer(connection, signals, now, but=row.fix_id),
            made.picks,
            items,
            availability.units(connection, items),
            self._fits(row.client_id),
            self._learnt(connection),
        )
        return fix_rows.candidates(found[:KEPT], left_out)

    def _learnt(self, connection: Connection) -> Keep:
        at, keep = self._keep
        if self._monotonic() - at > LEARNT_S:
            keep = outcomes.learnt(connection)
            self._keep = (self._monotonic(), keep)
        return keep


class RankFix:
    """The step of one Fix alone."""

    def __init__(self, context: ServiceContext, ranker: FixRanker) -> None:
        self._context, self._ranker = context, ranker

    @activity.defn
    def rank_fix(self, step: FixStep) -> FixDone:
        """`ranked`; one that is further on stays as it is. `code` of the step is kept with it."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
        self._ranker.rank([step.fix_id], now, step.code)
        with read_transaction(self._context.engine) as connection:
            return told(self._context.settings, connection, fixes.get(connection, step.fix_id), clock, now)
