"""Let a model that was trained earlier serve its slot: on request, or because it won at night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.refreshes import ChallengerVerdict, RefreshStep, SlotOutcome
from services.context import ServiceContext
from store.activity import write_activity
from store.database import write_transaction
from store.learning import artefacts, refreshes
from store.learning.artefacts import Artefact


def promote_model(
    engine: Engine, actor: Actor, artefact_id: str, now: datetime, real_now: datetime
) -> tuple[Artefact, Artefact | None]:
    """Let a trained model serve its slot; return it, and the one that served before. Workers take it up within seconds.

    Raises: NotAllowed; NotFound.
    """
    permissions.require(actor, Action.PROMOTE_MODEL)
    with write_transaction(engine) as connection:
        slot = artefacts.load_artefact(connection, artefact_id).slot
        before = artefacts.find_live(connection, slot)
        artefact = artefacts.promote_artefact(connection, artefact_id, now)
        if before is None or before.id != artefact.id:
            _record(connection, actor, artefact.id, now, real_now, {"slot": slot})
    return artefact, before


def promote_challenger(context: ServiceContext, actor: Actor, step: RefreshStep) -> SlotOutcome:
    """Let the challenger of a Refresh serve if it won, unless the champion that it was tried against has been replaced
    since. Doing it twice is doing it once. Raises NotAllowed."""
    permissions.require(actor, Action.PROMOTE_MODEL)
    with write_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, step.at)
        outcome = refreshes.find_outcome(connection, step.refresh, step.slot)
        if outcome is None or not outcome.wins or outcome.promoted:
            return outcome or SlotOutcome(slot=step.slot, verdict=ChallengerVerdict.FAILED)
        live = artefacts.find_live(connection, step.slot)
        if (live.id if live else "") != outcome.champion:
            changed = outcome.model_copy(update={"verdict": ChallengerVerdict.CHANGED})
            return refreshes.save_outcome(connection, step.refresh, changed)
        artefacts.promote_artefact(connection, outcome.artefact, now)
        data = {"slot": step.slot, "refresh": step.refresh, "verdict": outcome.verdict}
        _record(connection, actor, outcome.artefact, now, context.wall(), data)
        return refreshes.save_outcome(connection, step.refresh, outcome.model_copy(update={"promoted": True}))


def _record(
    connection: Connection, actor: Actor, artefact_id: str, now: datetime, real_now: datetime, data: Mapping[str, Any]
) -> None:
    subject = Subject(kind=SubjectKind.MODEL, id=artefact_id)
    write_activity(connection, actor, Action.PROMOTE_MODEL, subject, now, real_now, data)
