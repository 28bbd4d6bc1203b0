"""Everything about one client, for the people who look after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Engine

from errors import NotFound
from models.actors import Activity, SubjectKind
from models.base import ClientId
from services.clients.why_not import explain_no_mail
from settings import Settings
from store.activity import list_activities
from store.clients.timeline import ClientTimeline, load_timeline
from store.database import read_transaction
from store.fixes.lists import FixSummary, list_summaries
from store.mail.policy import build_mail_rules
from store.privacy import erasure

FIXES: Final = 10
"""How many Fixes of a client are listed."""
CHANGES: Final = 12
"""How many changes by people are listed."""


class ClientDossier(NamedTuple):
    """One client: what happened, their Fixes, who changed what, and why they are not mailed now. `erasing`: since when
    their erasure waits; None: nobody asked for it."""

    timeline: ClientTimeline
    fixes: list[FixSummary]
    changes: Sequence[Activity]
    why_not: str
    erasing: datetime | None


def load_dossier(engine: Engine, settings: Settings, client_id: ClientId, now: datetime) -> ClientDossier:
    """Load everything about a client at business `now`. Raises NotFound or ErasedClient."""
    key = settings.keys.signing
    with read_transaction(engine) as connection:
        erasure.require_not_erased(connection, key, client_id)
        timeline = load_timeline(connection, client_id)
        if timeline is None:
            raise NotFound(f"no client {client_id}", "client_id")
        return ClientDossier(
            timeline,
            list_summaries(connection, limit=FIXES, client_id=client_id),
            list_activities(connection, SubjectKind.CLIENT, client_id, CHANGES),
            explain_no_mail(connection, client_id, build_mail_rules(settings), key, now),
            erasure.find_request_time(connection, client_id),
        )
