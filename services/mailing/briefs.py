"""Build the briefs of mails: the facts about each client, the picked items, the campaign's message and its offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.facts import ClientEvent, History, build_history, state_facts
from domain.text_rules import clean_quote, clean_title
from domain.wording import clean_name, normalise
from models.base import ItemId
from models.catalogue import Item, Season
from models.mail import Brief, BriefItem, BriefOffer, Pick
from services.offers.stating import build_brief_offer
from settings import Settings
from store.catalogue import catalogue
from store.mail import briefs
from store.mail.briefs import ClientRecord
from store.mail.ledger import LedgerRow
from store.mail.ledger_in_bulk import MailKey

NOTES: Final = 3
"""Notes of the client's own that a writer sees."""


class PickedMail(NamedTuple):
    """A mail to be written: its row in the ledger, and what it shows."""

    row: LedgerRow
    picks: Sequence[Pick]


class _Shared(NamedTuple):
    """What mails of one part share: the items that they show, what each campaign says, and each offer."""

    items: Mapping[ItemId, Item]
    texts: Mapping[str, tuple[str, str]]
    offers: Mapping[str, BriefOffer]


def build_briefs(
    connection: Connection, mails: Sequence[PickedMail], settings: Settings, at: datetime
) -> dict[MailKey, Brief]:
    """Build the briefs of these mails, true at `at`; those of clients that there are not are left out.

    Raises NotFound for an offer that is not there.
    """
    records = briefs.load_records(connection, {mail.row.client_id for mail in mails})
    tracked = [client_id for client_id, record in records.items() if record.personal]
    events = briefs.load_events(connection, tracked, at)
    slugs = {mail.row.campaign for mail in mails if mail.row.campaign and mail.row.content is None}
    offers = {mail.row.offer for mail in mails if mail.row.offer is not None}
    shared = _Shared(
        catalogue.load_items(connection, {pick.item_id for mail in mails for pick in mail.picks}),
        {slug: briefs.load_campaign_text(connection, slug) for slug in slugs},
        {offer: build_brief_offer(connection, offer) for offer in offers},
    )
    return {
        (mail.row.client_id, mail.row.n): _build_brief(
            mail, record, events.get(mail.row.client_id, ()), shared, settings, at
        )
        for mail in mails
        if (record := records.get(mail.row.client_id)) is not None
    }


def _build_brief(
    mail: PickedMail,
    record: ClientRecord,
    past: Sequence[ClientEvent],
    shared: _Shared,
    settings: Settings,
    at: datetime,
) -> Brief:
    row, why = mail.row, {pick.item_id: pick.why for pick in mail.picks}
    bought = [event for event in past if event.type in briefs.BOUGHT]
    picked = [shared.items[pick.item_id] for pick in mail.picks if pick.item_id in shared.items]
    history = build_history(record.history, past, at, complete=len(bought) < briefs.ORDERS_READ)
    history = history.model_copy(update={"arrived": _find_new_arrival(picked, history, at)})
    if row.content is not None:  # its voice is the campaign's already, where the step has none
        voice, message = row.content.voice, row.content.message
    else:
        voice, message = shared.texts[row.campaign] if row.campaign else ("", "")
    return Brief(
        client_id=row.client_id,
        n=row.n,
        kind=row.kind,
        phase=row.phase,
        assessment_id=row.assessment_id,
        score=row.score,
        first_name=clean_name(record.first_name),
        locale=record.history.locale,
        shop_name=settings.shop_name,
        voice=voice or settings.shop_voice,
        message=normalise(message),
        offer=shared.offers[row.offer] if row.offer is not None else None,
        facts=state_facts(history, at),
        items=tuple(build_item(item, why[item.item_id]) for item in picked),
        season=_find_season(picked),
        personal=record.personal,
        client_words=tuple(event.note for event in bought if event.note)[:NOTES],
    )


def _find_season(picked: Sequence[Item]) -> str:
    """Find the season of the items, when all that have one have the same; else an empty string."""
    seasons = {item.season for item in picked} - {Season.ALL}
    return str(seasons.pop()) if len(seasons) == 1 else ""


def _find_new_arrival(picked: Sequence[Item], history: History, now: datetime) -> str | None:
    """Find a picked item that came into the catalogue after the client's last order."""
    since = history.last_order_at
    return next((item.title for item in picked if since and since < item.added_at <= now), None)


def build_item(item: Item, why: str) -> BriefItem:
    """Build the item with quotable words only; a title that may not be quoted gives way to its category."""
    category = clean_quote(item.category) or "piece"
    return BriefItem(
        item_id=item.item_id,
        title=clean_title(item.title) or category,
        category=category,
        brand=clean_title(item.brand),
        colour=clean_quote(item.colour),
        tags=tuple(tag for tag in map(clean_quote, (*item.tags, *item.materials, *item.occasions)) if tag),
        why=clean_quote(why),
    )
