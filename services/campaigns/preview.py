"""Show a preview of a campaign: its counts and its mails; on wish the mails lie in the embedded mailbox too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from domain import permissions
from domain.permissions import Disclosure
from errors import BadInput
from mail.links import STAFF_N
from mail.mailbox import Arrival, Mailbox
from mail.message import Envelope, EnvelopeBuilder
from mail.sink import get_mailbox_path
from models.actors import Actor
from models.base import CampaignSlug
from models.campaign_preview import CampaignPreview, PreviewOrder
from models.clients import Client
from models.mail import Brief
from services.campaigns.preview_counts import build_preview, count_stopped, load_previewed
from services.campaigns.preview_mails import ComposedPreview, list_wanted, write_mails
from services.context import ServiceContext
from services.mailing.staff_mail import STAFF
from services.recommendations.recommender import Recommender
from store.campaigns import campaigns
from store.clients import clients
from store.database import read_transaction

ADDRESS: Final = "preview@selvedge.test"
"""To whom previews in the embedded mailbox are addressed: nobody can have an address there."""
MARK: Final = "[Preview] "


def show_preview(
    context: ServiceContext,
    recommender: Recommender,
    actor: Actor,
    slug: CampaignSlug,
    order: PreviewOrder,
    now: datetime,
) -> CampaignPreview:
    """Show what a campaign would do if it started at `now`. No row of a client or of the ledger is written.

    Raises: NotAllowed; NotFound for an unknown campaign, version or client; BadInput where the shop has no embedded
    mailbox to deliver to.
    """
    permissions.require(actor, Disclosure.PREVIEW)
    if order.deliver and context.settings.smtp_url:
        raise BadInput(
            "with SELVEDGE_SMTP_URL there is no embedded mailbox into which to put them",
            "deliver",
        )
    with read_transaction(context.engine) as connection:
        previewed = load_previewed(connection, slug, order.version)
        for client_id in order.clients:
            clients.require_client(connection, client_id)
        counted = count_stopped(context, connection, previewed, now)
        already_in = campaigns.count_progress(connection, slug).enrolled
    named = bool(order.clients)
    wanted = list_wanted(previewed, order.clients or counted.list_clients(), order.mails, named=named)
    by_model = order.writer == "shop" and context.settings.composer == "model"
    written = asyncio.run(write_mails(context, recommender, previewed, wanted, now, by_model=by_model))
    shown = build_preview(context, previewed, counted, already_in, now)
    delivered = _deliver(context, written, now) if order.deliver else 0
    return shown.model_copy(update={"mails": tuple(mail.shown for mail in written), "delivered": delivered})


def _deliver(context: ServiceContext, written: Sequence[ComposedPreview], now: datetime) -> int:
    """Put the mails into the embedded mailbox, marked, and return how many."""
    post = EnvelopeBuilder.from_settings(context.settings)
    envelopes = [build_marked(post, mail, ADDRESS, MARK, now) for mail in written if mail.draft is not None]
    arrivals = [Arrival(datetime.now(UTC), one.return_path, one.recipient, one.message) for one in envelopes]
    Mailbox(get_mailbox_path(context.settings)).append(arrivals)
    return len(arrivals)


def build_marked(
    post: EnvelopeBuilder, written: ComposedPreview, address: str, mark: str, now: datetime, number: str = ""
) -> Envelope:
    """Build the envelope of a mail that goes to `address` instead of the client, its subject marked. `number`: makes
    its Message-ID one of its own, where it leaves the machine."""
    if written.draft is None or written.brief is None:
        raise BadInput(written.shown.fault, "mails")
    nobody = f"{STAFF}.{number}" if number else STAFF
    brief: Brief = written.brief.model_copy(update={"client_id": nobody, "n": STAFF_N})
    draft = written.draft.model_copy(update={"subject": f"{mark}{written.draft.subject}"})
    reader = Client(
        client_id=nobody,
        email=address,
        first_name="",
        time_zone="UTC",
        time_zone_assumed=False,
        locale=brief.locale,
        signed_up_at=now,
        consent=True,
    )
    return replace(post, measures_opens=False, hides_link=False).build(reader, brief, draft, written.items or {}, now)
