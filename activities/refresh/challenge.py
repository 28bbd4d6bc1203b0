"""One slot of a Refresh: fit a challenger, try it against the champion, and promote it if it is better."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from errors import BadInput
from models.actors import SYSTEM
from models.refreshes import ChallengerVerdict, RefreshStep, SlotOutcome
from services.context import ServiceContext
from services.training import challenges, promotion
from services.training.refresh_window import find_midnight
from services.training.slot_training import SLOT_TRAININGS
from services.training.trials import has_same_recipe, has_seen_later
from store.database import read_transaction, write_transaction
from store.learning import artefacts, refreshes


class ChallengerSteps:
    """The steps of one slot; each first checks whether an attempt that died has done it."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def fit_challenger(self, step: RefreshStep) -> SlotOutcome:
        """Fit a model to all that had happened when the Refresh began.

        An attempt that died may leave a model without an outcome; it is deleted as all are that never serve."""
        outcome, until = self._load_outcome(step)
        if outcome is not None:
            return outcome
        with send_heartbeats():
            try:
                fitted = SLOT_TRAININGS[step.slot].train(self._context, until)
            except BadInput:
                return self._save(step, SlotOutcome(slot=step.slot, verdict=ChallengerVerdict.NOTHING))
        return self._save(step, SlotOutcome(slot=step.slot, verdict=ChallengerVerdict.LEARNT, artefact=fitted.id))

    @declare_activity()
    def try_challenger(self, step: RefreshStep) -> SlotOutcome:
        """Judge the challenger and the champion by the latest days, client by client."""
        outcome, until = self._load_outcome(step)
        if outcome is None or outcome.verdict is not ChallengerVerdict.LEARNT:
            return outcome or SlotOutcome(slot=step.slot, verdict=ChallengerVerdict.FAILED)
        science = SLOT_TRAININGS[step.slot]
        cut = find_midnight(until) - timedelta(days=science.count_trial_days(self._context.settings))
        with read_transaction(self._context.engine) as connection:
            challenger, live = (
                artefacts.load_artefact(connection, outcome.artefact),
                artefacts.find_live(connection, step.slot),
            )
        result: dict[str, Any] = {"champion": live.id if live else ""}
        champion = science.keep_readable(self._context.settings.home, live)
        if champion and has_seen_later(champion, cut) and has_same_recipe(champion, challenger):
            result["verdict"] = ChallengerVerdict.YOUNG
        else:
            with send_heartbeats():
                result |= challenges.judge_trial(
                    science.evaluate(self._context, cut, until, challenger, champion), champion
                )
        return self._save(step, outcome.model_copy(update=result))

    @declare_activity()
    def promote_challenger(self, step: RefreshStep) -> SlotOutcome:
        """Let the challenger serve, unless the champion it was tried against has been replaced since."""
        return promotion.promote_challenger(self._context, SYSTEM, step)

    def _load_outcome(self, step: RefreshStep) -> tuple[SlotOutcome | None, datetime]:
        """Load the slot's outcome so far and when the Refresh began; nothing later is looked at."""
        with read_transaction(self._context.engine) as connection:
            until = refreshes.parse_days(refreshes.load_refresh(connection, step.refresh))[2]
            return refreshes.find_outcome(connection, step.refresh, step.slot), until

    def _save(self, step: RefreshStep, outcome: SlotOutcome) -> SlotOutcome:
        with write_transaction(self._context.engine) as connection:
            return refreshes.save_outcome(connection, step.refresh, outcome)
