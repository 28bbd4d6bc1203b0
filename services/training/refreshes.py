"""Begin a Refresh: fix what it is to do, once, and delete what nobody uses any more."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.refreshes import RefreshPlan, RefreshStep
from services.activity.retention import forget_old_changes
from services.context import ServiceContext
from services.training import artefacts as keeping
from services.training import refresh_window
from services.training.slot_training import SLOT_TRAININGS
from store.activity import write_activity
from store.database import write_transaction
from store.learning import artefacts, refreshes, top_picks
from store.learning.artefacts import Artefact
from store.mail import model_calls

MOST_SHARDS: Final = 500
"""The most shards of one Refresh, however many clients there are: each is some events of its history."""
KEEP_UNUSED: Final = timedelta(days=30)
"""Business time after which a challenger that never served, or a list that was not made anew, is deleted."""


def begin_refresh(context: ServiceContext, actor: Actor, step: RefreshStep) -> RefreshPlan:
    """Fix the days and the shards of clients when it first begins, which goes on record. Raises NotAllowed."""
    permissions.require(actor, Action.START_REFRESH)
    settings = context.settings
    unserved: list[Artefact] = []
    with write_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, step.at)
        if (row := refreshes.find_refresh(connection, step.refresh)) is None:
            unserved = artefacts.delete_unserved(connection, now - KEEP_UNUSED)
            top_picks.delete_old_lists(connection, now - KEEP_UNUSED)
            model_calls.delete_old_transcripts(connection, now - timedelta(days=settings.transcript_days))
            forget_old_changes(connection, settings, context.wall())
            shards = top_picks.split_shards(connection, settings.refresh_shard, MOST_SHARDS)
            window = refresh_window.build_window(step.refresh, now, settings.refresh_days)
            row = refreshes.begin_refresh(connection, window, list(SLOT_TRAININGS), shards, now)
            subject = Subject(kind=SubjectKind.REFRESH, id=step.refresh)
            write_activity(connection, actor, Action.START_REFRESH, subject, now, context.wall())
    keeping.remove_abandoned_folders(Path(settings.home))
    for artefact in unserved:
        shutil.rmtree(Path(settings.home) / artefact.path, ignore_errors=True)
    return RefreshPlan(slots=row.plan["slots"], shards=len(row.plan["shards"]))
