"""Take in events that somebody sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.events import Event
from services.ingestion.intake import IntakeResult, accept_events
from store.activity import write_activity
from store.database import write_transaction
from store.mail.policy import ShopPolicy

EVENTS: Final = Subject(kind=SubjectKind.DATA, id="events")


def ingest_events(
    engine: Engine, actor: Actor, batch: Sequence[Event], policy: ShopPolicy, now: datetime, real_now: datetime
) -> IntakeResult:
    """Accept a batch of events in one transaction; one that is there already is a duplicate. A batch that brings
    anything new is one row on record, with its counts. Raises NotAllowed."""
    permissions.require(actor, Action.ACCEPT_EVENTS)
    with write_transaction(engine) as connection:
        result = accept_events(connection, batch, policy, now, real_now)
        if result.accepted:
            data = {"accepted": len(result.accepted), "refused": len(result.refused)}
            write_activity(connection, actor, Action.ACCEPT_EVENTS, EVENTS, now, real_now, data)
    return result
