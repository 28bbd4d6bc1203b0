"""Begin a wave: split all Fixes that wait for it into parts, once."""

from __future__ import annotations

from datetime import timedelta

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.waves import WaveReport, WaveState, WaveStep, WaveTurn
from services.context import ServiceContext
from store.activity import write_activity
from store.database import write_transaction
from store.fixes import fixes, reservations, waves


def begin_wave(context: ServiceContext, actor: Actor, step: WaveStep) -> WaveTurn:
    """Split the Fixes that wait when the wave first begins, which goes on record; the parts depend on the list alone.

    Raises NotAllowed.
    """
    permissions.require(actor, Action.START_WAVE)
    settings = context.settings
    with write_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, step.at)
        if waves.find_wave(connection, step.wave) is None:
            reservations.release_expired(connection, now)
            waves.delete_old_arrays(connection, now - timedelta(days=settings.decision_days))
            subject = Subject(kind=SubjectKind.WAVE, id=step.wave)
            write_activity(connection, actor, Action.START_WAVE, subject, now, context.wall())
        due, size = fixes.list_due_for_wave(connection, now), settings.fix_wave_part
        parts = [due[at : at + size] for at in range(0, len(due), size)]
        row = waves.begin_wave(connection, step.wave, parts, now)
        planned = row.plan["parts"]
        if row.report is None:
            count = sum(len(part) for part in planned)
            report = WaveReport(wave=step.wave, fixes=count, parts=len(planned))
            waves.save_report(connection, step.wave, WaveState.RANKING, report)
        return WaveTurn(parts=len(planned))
