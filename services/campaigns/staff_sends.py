"""Send one mail of each text of a campaign to staff: by the code of every mail, over SMTP, into no ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from domain import permissions
from domain.addresses import normalise_address
from domain.journeys.contents import MailText, build_mail_content, list_mail_texts
from domain.permissions import Action
from errors import BadInput
from mail.links import require_reachable_links
from mail.message import EnvelopeBuilder
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug, ClientId
from models.campaign_preview import PreviewMail
from models.staff_sends import StaffSend, StaffSendOrder, StaffSendResult
from models.states import TouchKind
from models.team import AccountState
from services.campaigns.preview import build_marked
from services.campaigns.preview_counts import PreviewedCampaign, load_previewed
from services.campaigns.preview_mails import ComposedPreview, list_wanted, write_mails
from services.context import ServiceContext
from services.mailing import composition
from services.mailing.staff_mail import build_staff_brief, choose_items, deliver_to_staff
from services.offers.stating import build_brief_offer
from services.recommendations.recommender import Recommender
from store.activity import write_activity
from store.clients import clients
from store.database import read_transaction, write_transaction
from store.team import accounts

MARK: Final = "[Test] "


def send_to_staff(
    context: ServiceContext,
    recommender: Recommender,
    actor: Actor,
    slug: CampaignSlug,
    order: StaffSendOrder,
    now: datetime,
) -> StaffSendResult:
    """Send one mail of each text to members of the team, and put what the server took on record, also where it
    refuses one midway.

    Raises: NotAllowed; NotFound for an unknown campaign, version or client; BadInput for an address that nobody of the
    team has, or a text that cannot be written; ConfigError; MailFault when the server did not take one.
    """
    permissions.require(actor, Action.TEST_CAMPAIGN)
    require_reachable_links(context.settings)
    with read_transaction(context.engine) as connection:
        addresses = [_require_staff(connection, address) for address in order.to]
        previewed = load_previewed(connection, slug, order.version)
        if order.client is not None:
            clients.require_client(connection, order.client)
    written = _write(context, recommender, previewed, order.client, now)
    if faults := [mail.shown.fault for mail in written if mail.shown.fault]:
        raise BadInput(f"a text cannot be written: {faults[0]}", "slug")
    post = EnvelopeBuilder.from_settings(context.settings)
    envelopes = [
        (mail.shown, build_marked(post, mail, address, MARK, now, uuid4().hex[:12]))
        for address in addresses
        for mail in written
    ]
    taken: list[str] = []
    try:
        asyncio.run(deliver_to_staff(context, [envelope for _, envelope in envelopes], taken))
    finally:
        if taken:
            _put_on_record(context, actor, previewed, len(taken), now)
    sent = [
        StaffSend(step=shown.step, variant=shown.variant, subject=shown.subject, message_id=envelope.message_id)
        for shown, envelope in envelopes
    ]
    return StaffSendResult(slug=slug, version=previewed.version, mails=tuple(sent))


def _require_staff(connection: Connection, address: str) -> str:
    """Require that an address is the name of an account that is not disabled. Raises BadInput naming it."""
    try:
        plain = normalise_address(address)
    except BadInput as wrong:
        raise BadInput(wrong.reason, "to") from None
    for account in accounts.list_accounts(connection):
        if account.state is not AccountState.DISABLED and account.name.casefold() == plain.casefold():
            return plain
    raise BadInput(f"{plain} is nobody of the team; whoever has the account {plain} may be sent a test", "to")


def _write(
    context: ServiceContext,
    recommender: Recommender,
    previewed: PreviewedCampaign,
    client_id: ClientId | None,
    now: datetime,
) -> Sequence[ComposedPreview]:
    """Write each text: as for a client, else for a reader of whom nothing is known."""
    if client_id is not None:
        wanted = list_wanted(previewed, [client_id], None, named=True)
        by_model = context.settings.composer == "model"
        return asyncio.run(write_mails(context, recommender, previewed, wanted, now, by_model=by_model))
    texts: Sequence[MailText | None] = list_mail_texts(previewed.definition) if previewed.definition else [None]
    return [_write_for_nobody(context, previewed, text) for text in texts]


def _write_for_nobody(context: ServiceContext, previewed: PreviewedCampaign, text: MailText | None) -> ComposedPreview:
    mail, definition = (text.step.mail if text else None), previewed.definition
    if definition is not None and mail is not None and text is not None:
        content = build_mail_content(definition, text, None)
        message, voice, named, category = content.message, content.voice, content.items, content.category
        offer = content.offer
    else:
        message, voice, named, category = previewed.spec.message, previewed.spec.voice, (), ""
        offer = previewed.spec.offer
    with read_transaction(context.engine) as connection:
        items = choose_items(connection, named, category)
        stated = build_brief_offer(connection, offer) if offer is not None else None
    kind = mail.kind if mail else TouchKind.CAMPAIGN
    brief = build_staff_brief(context.settings, kind, items, message, voice)
    brief = brief.model_copy(update={"offer": stated})
    draft = composition.write_draft(brief)
    variant = text.variant.name if text and text.variant else ""
    shown = PreviewMail(
        client_id=brief.client_id, step=text.step.id if text else "", variant=variant, subject=draft.subject
    )
    return ComposedPreview(shown, brief, draft, items)


def _put_on_record(
    context: ServiceContext, actor: Actor, previewed: PreviewedCampaign, mails: int, now: datetime
) -> None:
    subject = Subject(kind=SubjectKind.CAMPAIGN, id=previewed.spec.slug)
    with write_transaction(context.engine) as connection:
        data = {"mails": mails, "version": previewed.version}
        write_activity(connection, actor, Action.TEST_CAMPAIGN, subject, now, context.wall(), data)
