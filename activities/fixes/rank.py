"""Rank the candidates of one Fix."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.fixes import FixDone, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import build_step_result
from services.fixes.ranking import FixRanker
from store.database import read_transaction
from store.fixes import fixes


class FixRankingSteps:
    """The step of one Fix alone."""

    def __init__(self, context: ServiceContext, ranker: FixRanker) -> None:
        self._context, self._ranker = context, ranker

    @declare_activity()
    def rank_fix(self, step: FixStep) -> FixDone:
        """Rank the candidates of a Fix and save `code` of the step with them. A Fix that is further on stays as it
        is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
        self._ranker.rank([step.fix_id], now, step.code)
        with read_transaction(self._context.engine) as connection:
            return build_step_result(
                self._context.settings, connection, fixes.load_fix(connection, step.fix_id), clock, now
            )
