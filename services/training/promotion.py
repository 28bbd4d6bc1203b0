"""Let a model that was trained earlier serve its slot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from store.activity import write_activity
from store.database import write_transaction
from store.learning import artefacts
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
            subject = Subject(kind=SubjectKind.MODEL, id=artefact.id)
            write_activity(connection, actor, Action.PROMOTE_MODEL, subject, now, real_now, {"slot": slot})
    return artefact, before
