"""What an assessment rests on, loaded for one client or for many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from domain.assessment import AssessmentSnapshot
from domain.eligibility import MailFacts
from domain.outreach import ClientMail, list_sent_times
from domain.planning import QueuedMail
from models.base import ClientId
from models.states import OutreachState
from services.context import ServiceContext
from services.journeys.turns import advance_client
from store.campaigns import campaigns, enrolments
from store.clients import assessments
from store.clients.assessments import ClientFile
from store.mail import facts_in_bulk, ledger, ledger_in_bulk, mail_facts


def load_snapshot(
    context: ServiceContext, connection: Connection, client_id: ClientId, now: datetime
) -> AssessmentSnapshot | None:
    """Load the snapshot of a client at `now`, advanced through the campaigns that they are in; None for an unknown
    client. The client's row stays locked."""
    file = assessments.load_client_file(connection, client_id)
    if file is None:
        return None
    mails = ledger.load_client_mails(connection, client_id)
    facts = mail_facts.load_mail_facts(connection, file, context.settings.keys.signing, list_sent_times(mails, now))
    queue = enrolments.list_pending(connection, [client_id])[client_id] if file.has_pending else []
    return _build_snapshot(context, connection, file, mails, facts, queue, now)


def load_snapshots(
    context: ServiceContext, connection: Connection, client_ids: Collection[ClientId], now: datetime
) -> dict[ClientId, AssessmentSnapshot]:
    """Load the snapshots of many clients, by some ten statements and a few more for each who is on the way through a
    campaign of several steps. Unknown clients are left out; the rows of the others stay locked."""
    files = assessments.load_client_files(connection, client_ids)
    mails = ledger_in_bulk.load_planned(connection, files)
    facts = facts_in_bulk.load_bulk_facts(connection, files, context.settings.keys.signing, now)
    queues = enrolments.list_pending(connection, [client_id for client_id, file in files.items() if file.has_pending])
    return {
        client_id: _build_snapshot(
            context,
            connection,
            file,
            mails[client_id],
            facts[client_id].facts,
            queues.get(client_id, []),
            now,
        )
        for client_id, file in files.items()
    }


def _build_snapshot(
    context: ServiceContext,
    connection: Connection,
    file: ClientFile,
    mails: Sequence[ClientMail],
    facts: MailFacts,
    queue: list[QueuedMail],
    now: datetime,
) -> AssessmentSnapshot:
    steps_due_at = None
    if file.has_place:
        turn = advance_client(context, connection, file.client_id, facts, mails, file.personal, now)
        queue, steps_due_at = [*queue, *turn.queue], turn.due_at
    parked = {mail.campaign for mail in mails if mail.state is OutreachState.PARKED and mail.campaign}
    return AssessmentSnapshot(
        client_id=file.client_id,
        now=now,
        signed_up_at=file.signed_up_at,
        facts=facts,
        quiz_answered=file.quiz is not None,
        engagement=file.engagement,
        orders=file.orders,
        first_order_at=file.first_order_at,
        orders_value_cents=file.orders_value_cents,
        band=file.band,
        phase_state=file.phase_state,
        mails=mails,
        next_n=file.next_n,
        enrolments=queue,
        steps_due_at=steps_due_at,
        sequences=context.sequences.load(connection, file.sequences),
        campaign_states=campaigns.load_states(connection, parked) if parked else {},
        call=file.call,
        answered=file.answered,
        personal=file.personal,
    )
