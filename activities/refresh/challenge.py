"""One slot of a Refresh: a challenger is learnt, tried against the champion, and let serve if it is better."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from temporalio import activity

from activities.heartbeat import beating
from activities.refresh.plan import midnight
from domain.promotion import judged
from errors import BadInput
from models.refreshes import RefreshStep, SlotOutcome, Verdict
from services.context import ServiceContext
from services.training.slot_training import SCIENCES
from services.training.trials import Trial, has_seen, same_recipe
from store.database import read_transaction, write_transaction
from store.learning import artefacts, refreshes
from store.learning.artefacts import Artefact


class LearnSlot:
    """Each step looks first whether an attempt that died has done it."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def fit_challenger(self, step: RefreshStep) -> SlotOutcome:
        """Learn from all that had happened when the Refresh began. An attempt that died may leave a model that nobody
        knows of; it is forgotten as all are that never serve."""
        known, until = self._known(step)
        if known is not None:
            return known
        with beating():
            try:
                made = SCIENCES[step.slot].learn(self._context, until)
            except BadInput:
                return self._keep(step, SlotOutcome(slot=step.slot, verdict=Verdict.NOTHING))
        return self._keep(step, SlotOutcome(slot=step.slot, verdict=Verdict.LEARNT, artefact=made.id))

    @activity.defn
    def try_challenger(self, step: RefreshStep) -> SlotOutcome:
        """Judge it and the one that serves by the latest days, client by client."""
        known, until = self._known(step)
        if known is None or known.verdict is not Verdict.LEARNT:
            return known or SlotOutcome(slot=step.slot, verdict=Verdict.FAILED)
        science = SCIENCES[step.slot]
        cut = midnight(until) - timedelta(days=science.days(self._context.settings))
        with read_transaction(self._context.engine) as connection:
            challenger, live = artefacts.get(connection, known.artefact), artefacts.live(connection, step.slot)
        found: dict[str, Any] = {"champion": live.id if live else ""}
        champion = science.serving(self._context.settings.home, live)
        if champion and has_seen(champion, cut) and same_recipe(champion, challenger):
            found["verdict"] = Verdict.YOUNG
        else:
            with beating():
                found |= _compared(science.judge(self._context, cut, until, challenger, champion), champion)
        return self._keep(step, known.model_copy(update=found))

    @activity.defn
    def promote_challenger(self, step: RefreshStep) -> SlotOutcome:
        """Let it serve, unless what it was tried against has been replaced since."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            known = refreshes.outcome(connection, step.refresh, step.slot)
            if known is None or not known.wins or known.promoted:
                return known or SlotOutcome(slot=step.slot, verdict=Verdict.FAILED)
            live = artefacts.live(connection, step.slot)
            if (live.id if live else "") != known.champion:
                changed = known.model_copy(update={"verdict": Verdict.CHANGED})
                return refreshes.keep_outcome(connection, step.refresh, changed)
            artefacts.promote(connection, known.artefact, now)
            return refreshes.keep_outcome(connection, step.refresh, known.model_copy(update={"promoted": True}))

    def _known(self, step: RefreshStep) -> tuple[SlotOutcome | None, datetime]:
        """What is on record of the slot, and when the Refresh began: nothing later is looked at."""
        with read_transaction(self._context.engine) as connection:
            until = refreshes.days(refreshes.get(connection, step.refresh))[2]
            return refreshes.outcome(connection, step.refresh, step.slot), until

    def _keep(self, step: RefreshStep, outcome: SlotOutcome) -> SlotOutcome:
        with write_transaction(self._context.engine) as connection:
            return refreshes.keep_outcome(connection, step.refresh, outcome)


def _compared(trial: Trial, champion: Artefact | None) -> dict[str, Any]:
    verdict, found = judged(trial.tried - trial.served, first=champion is None)
    about: dict[str, Any] = {"verdict": verdict, "measure": trial.measure, "clients": len(trial.tried)}
    if found is None:
        return about
    means = {"served": float(trial.served.mean()), "tried": float(trial.tried.mean()), "difference": found.value}
    return about | {name: round(value, 6) for name, value in (means | {"low": found.low, "high": found.high}).items()}
