"""Which arms of flags a page shows, kept with the client's list while flags stay as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from errors import NotFound
from models.flags import FlagEffect, FlagSlug
from models.recommendation_requests import RecommendationQuery
from models.remote_flags import RemoteFlag
from services.flags.page_flags import NO_ARMS, PageArms, PageFlags
from services.flags.remote import evaluate_flags
from services.serving.client_lists import ClientList, RankingChoice
from services.serving.decision_lines import build_exposure
from services.serving.decision_spool import DecisionSpool

ASKERS: Final = 2
"""Threads that ask another provider."""
NOBODY_ELSE: Final[tuple[str, ...]] = ()


class ArmChooser:
    """Asks flags about a page, and puts what was shown on its way to the record. `deadline`: seconds for which another
    provider may take."""

    def __init__(self, flags: PageFlags, spool: DecisionSpool, deadline: float) -> None:
        self._flags, self._spool, self._deadline = flags, spool, deadline
        self._askers = ThreadPoolExecutor(ASKERS, "flags")

    async def choose(self, source: ClientList, query: RecommendationQuery) -> tuple[PageArms, tuple[str, ...]]:
        """Choose the arms for a page, and say what was missing: `flags` where another provider did not answer in
        time."""
        if source.kept is None:
            return NO_ARMS, NOBODY_ELSE
        context, placement = query.context.value, query.placement
        if self._flags.is_own:
            return self._recall(source, context, placement, source.kept), NOBODY_ELSE
        asking = asyncio.get_running_loop().run_in_executor(
            self._askers, self._flags.ask, source.client_id, context, placement, source.kept
        )
        try:
            return await asyncio.wait_for(asking, self._deadline), NOBODY_ELSE
        except TimeoutError:
            return NO_ARMS, ("flags",)

    def _recall(self, source: ClientList, context: str, placement: str, kept: Mapping[FlagSlug, str]) -> PageArms:
        """Recall what our own flags said of this client at this place; they say the same until one changes."""
        use, generation = source.use, self._flags.running.generation
        if use.flags != generation:
            use.arms, use.flags = {}, generation
        arms = use.arms.get((context, placement))
        if arms is None:
            arms = use.arms[context, placement] = self._flags.ask(source.client_id, context, placement, kept)
        return arms

    def evaluate(self, source: ClientList, slug: FlagSlug | None, at: datetime) -> list[RemoteFlag]:
        """Evaluate a flag of ours that runs, or all, for code elsewhere, which shows what it says. Raises NotFound."""
        running = self._flags.running
        if slug is not None and not running.knows(slug):
            raise NotFound(f"no flag {slug} runs", "slug")
        evaluated = evaluate_flags(running, source.client_id, source.kept, slug)
        self.note_exposure(source, {one.key: one.variant for one in evaluated if one.variant}, at)
        return evaluated

    def note_exposure(self, source: ClientList, arms: Mapping[FlagSlug, str], at: datetime) -> None:
        """Put on record that somebody sees these arms, once for each list; the store counts each of them once."""
        seen = source.use.exposed
        fresh = {flag: arm for flag, arm in arms.items() if seen.get(flag) != arm}
        if fresh and self._spool.put(build_exposure(source.client_id, fresh, at)):
            seen.update(fresh)

    def close(self) -> None:
        """End the threads and let go of the provider."""
        self._askers.shutdown(wait=False, cancel_futures=True)
        self._flags.close()


def find_choice(effect: FlagEffect) -> RankingChoice | None:
    """Find who ranks by the word of a flag; None: who ranks for everybody."""
    if effect.algorithm is None and not effect.weights:
        return None
    return RankingChoice(effect.algorithm, tuple(sorted(effect.weights.items())))
