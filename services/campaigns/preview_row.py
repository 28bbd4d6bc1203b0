"""The row that a mail of a preview would have in the ledger, where it never stands."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from domain.journeys.contents import MailText, build_mail_content
from mail.links import STAFF_N
from models.base import ClientId
from models.campaign_definition import EventEntry, ItemEntry
from models.states import OutreachState, Phase, TouchKind
from services.campaigns.preview_counts import PreviewedCampaign
from store.campaigns import places
from store.clients import assessments
from store.mail.ledger import LedgerRow

NOBODY: Final = "none"


def build_unsaved_row(
    connection: Connection, previewed: PreviewedCampaign, client_id: ClientId, text: MailText | None, now: datetime
) -> LedgerRow:
    """Build the row that the mail would have, of this text (None: of a campaign of one mail)."""
    standing = assessments.load_standing(connection, client_id)
    mail = text.step.mail if text else None
    content = None
    if previewed.definition is not None and text is not None and mail is not None:
        entry = previewed.definition.entry
        item_id = None
        if mail.show_entry_item and isinstance(entry, EventEntry | ItemEntry):
            event = entry.event if isinstance(entry, EventEntry) else "wishlisted"
            item_id = places.find_last_item(connection, client_id, event, now)
        content = build_mail_content(previewed.definition, text, item_id)
    return LedgerRow(
        n=STAFF_N,
        reason_key="preview",
        kind=mail.kind if mail else TouchKind.CAMPAIGN,
        campaign=None if content is not None else previewed.spec.slug,
        state=OutreachState.BRIEFED,
        code="",
        epoch=0,
        priority=previewed.spec.priority,
        overdue=None,
        created_at=now,
        updated_at=now,
        sent_at=None,
        client_id=client_id,
        assessment_id=standing.assessment_id if standing else NOBODY,
        score=standing.score if standing else 0.0,
        phase=standing.phase if standing else Phase.ONBOARDING,
        send_at=None,
        token=None,
        lease_until=None,
        message_id=None,
        composed_by=None,
        prompt_version=None,
        brief=None,
        draft=None,
        picks=None,
        autonomy=None,
        digest=None,
        review=None,
        attempt=0,
        refusals=0,
        content=content,
        offer=content.offer if content is not None else previewed.spec.offer,
    )
