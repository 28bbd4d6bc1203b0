"""Send one real mail of a kind to staff, so that a person sees in a real inbox what clients will get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from agents.template_writer import compose_draft
from domain import permissions
from domain.addresses import normalise_address
from domain.permissions import Action
from domain.wording import normalise
from errors import BadInput
from mail.links import STAFF_N, require_reachable_links
from mail.message import Envelope, EnvelopeBuilder
from mail.transport import Transport
from models.actors import Actor, Subject, SubjectKind
from models.base import ItemId
from models.catalogue import Item
from models.clients import Client
from models.mail import Brief
from models.states import Phase, TouchKind
from services.context import ServiceContext
from services.mailing.briefs import build_item
from settings import Settings
from store.activity import write_activity
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction

STAFF: Final = "staff-test"
"""Stands for a client in its links; their number says that it is none, so they change nothing and say so."""
ITEMS: Final = 3


async def send_staff_mail(context: ServiceContext, actor: Actor, address: str, kind: TouchKind) -> str:
    """Send a mail of this kind, with items of the catalogue, to a member of staff; return its Message-ID.

    It goes the way of every mail (render, sign, SMTP) without the ledger: caps, holds and quiet hours are the clients'.

    Raises:
        NotAllowed: the actor may not.
        BadInput: field `address`, or an empty catalogue.
        ConfigError: no mail may go out with these settings.
        MailFault: the server did not take it.
    """
    permissions.require(actor, Action.TEST_MAIL)
    require_reachable_links(context.settings)
    now = context.wall()
    envelope = build_staff_mail(context, address, kind, now)
    await deliver_to_staff(context, [envelope], [])
    with write_transaction(context.engine) as connection:
        subject = Subject(kind=SubjectKind.MAIL, id=STAFF)
        business_now = context.load_business_time(connection, now)[1]
        write_activity(connection, actor, Action.TEST_MAIL, subject, business_now, now, {"kind": kind})
    return envelope.message_id


def build_staff_mail(context: ServiceContext, address: str, kind: TouchKind, now: datetime) -> Envelope:
    """Build the mail that `send_staff_mail` sends."""
    try:
        email = normalise_address(address)
    except BadInput as wrong:
        raise BadInput(wrong.reason, "address") from None
    with read_transaction(context.engine) as connection:
        items = choose_items(connection)
    settings = context.settings
    brief = build_staff_brief(settings, kind, items)
    reader = Client(
        client_id=STAFF,
        email=email,
        first_name="",
        time_zone=settings.shop_time_zone,
        time_zone_assumed=False,
        locale="en",
        signed_up_at=now,
        consent=True,
    )
    return EnvelopeBuilder.from_settings(settings).build(reader, brief, compose_draft(brief), items, now)


def build_staff_brief(
    settings: Settings, kind: TouchKind, items: Mapping[ItemId, Item], message: str = "", voice: str = ""
) -> Brief:
    """Build a brief about nobody: what a mail of this kind says to a reader of whom nothing is known."""
    return Brief(
        client_id=STAFF,
        n=STAFF_N,
        kind=kind,
        phase=Phase.ACTIVE,
        assessment_id="none",
        score=0.0,
        first_name="",
        locale="en",
        shop_name=settings.shop_name,
        voice=voice or settings.shop_voice,
        message=normalise(message),
        items=tuple(build_item(item, "") for item in items.values()),
    )


def choose_items(connection: Connection, first: Sequence[ItemId] = (), category: str = "") -> dict[ItemId, Item]:
    """Choose items of the catalogue: those named, then others, of one category if set. Raises BadInput for none."""
    named = catalogue.load_items(connection, first)
    others = [
        item
        for item in catalogue.list_items(connection)
        if item.retired_at is None and item.item_id not in named and category in ("", item.category)
    ]
    items = [*(named[item_id] for item_id in first if item_id in named), *others][:ITEMS]
    if not items:
        raise BadInput("the catalogue is empty; import it first")
    return {item.item_id: item for item in items}


async def deliver_to_staff(context: ServiceContext, envelopes: Iterable[Envelope], taken: list[str]) -> None:
    """Send mails one after another, and note in `taken` the Message-ID of each that the mail server took.

    Raises ConfigError, MailFault.
    """
    async with Transport.from_settings(context.settings, connections=1) as transport:
        for envelope in envelopes:
            await transport.deliver(envelope, _agree)
            taken.append(envelope.message_id)


async def _agree() -> bool:
    return True
