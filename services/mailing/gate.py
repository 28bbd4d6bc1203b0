"""Decide right before a mail leaves whether it may: everything that may have changed since it was planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.campaign_life import ENDED
from domain.eligibility import PROFILED, Eligibility, MailFacts, SendDecision, may_send
from domain.sequences import is_of_sequence
from domain.wording import normalise
from errors import NotFound
from models.base import ItemId
from services.context import ServiceContext
from services.offers.gate import find_offer_barrier
from store.campaigns import campaigns, places
from store.campaigns.campaigns import CampaignGate
from store.catalogue import catalogue
from store.clients import assessments
from store.clients.assessments import ClientFile
from store.mail import facts_in_bulk, mail_facts, mailboxes
from store.mail.ledger import LedgerRow
from store.mail.ledger_in_bulk import MailKey


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What decides whether one mail may leave. `mailbox`: the client's now; `mailed_elsewhere`: the campaign has mailed
    it under another id; `about_sold_out`: the item that it is about is; `is_out_of_stock`: one that it shows is."""

    file: ClientFile
    mailbox: str
    facts: MailFacts
    gate: CampaignGate
    has_left: bool
    about_sold_out: bool
    mailed_elsewhere: bool
    is_out_of_stock: bool


def decide_sending(
    context: ServiceContext, connection: Connection, row: LedgerRow, now: datetime, claimed: str | None = None
) -> Eligibility:
    """Decide whether this mail may leave at `now`: consent, suppression, holds, campaign, offer, caps, quiet hours and
    stock; all of them for the mailbox, whatever ids carry it. `claimed`: the mailbox to which the mail was built."""
    return judge_sending(context, connection, row, load_gate_facts(context, connection, row, now), now, claimed)


def judge_sending(
    context: ServiceContext,
    connection: Connection,
    row: LedgerRow,
    found: GateFacts,
    now: datetime,
    claimed: str | None = None,
) -> Eligibility:
    """Judge by the facts whether a mail may leave at `now`. An offer is looked at last of what closes, since it is
    locked for a mail that begins."""
    if claimed is not None and found.mailbox != claimed:
        return Eligibility(door=SendDecision.WAIT, code="address_changed", until=now)
    follows = row.kind in PROFILED or (row.content is not None and row.content.follows)
    closed = {
        ENDED: row.campaign is not None and found.gate.is_over(now),
        "left_campaign": found.has_left,
        "sold_out": found.about_sold_out,
        "same_mailbox": found.mailed_elsewhere,
        "personalisation_refused": follows and not found.file.personal,
    }
    if code := next((code for code, holds in closed.items() if holds), ""):
        return Eligibility(door=SendDecision.CLOSED, code=code)
    if row.offer is not None and (barrier := find_offer_barrier(connection, row.offer, row.client_id, now, claimed)):
        return Eligibility(door=SendDecision.CLOSED, code=barrier)
    stale = _find_stale(row, found) or _find_changed_text(context, row, found.gate)
    rules = context.find_rules(row.content)
    return may_send(found.facts, rules, now, found.gate.paused, stale, row.kind)


def load_gate_facts(context: ServiceContext, connection: Connection, row: LedgerRow, now: datetime) -> GateFacts:
    """Load what decides about one mail. Raises NotFound."""
    file = assessments.load_client_file(connection, row.client_id)
    if file is None:
        raise NotFound("no such client", "client_id")
    mailbox = context.hash_mailbox(file.email)
    # From here to the end of the transaction no opt-out of this mailbox can come in between, whatever id it names.
    mailboxes.lock_mailboxes(connection, [mailbox])
    sent_at = mail_facts.list_sent_times(connection, [row.client_id], now).get(row.client_id, ())
    slug, about = row.campaign, _find_subject(row)
    has_place = slug is not None and not is_of_sequence(row.reason_key)
    return GateFacts(
        file,
        mailbox,
        mail_facts.load_mail_facts(connection, file, context.settings.keys.signing, sent_at),
        campaigns.load_gate(connection, slug) if slug else CampaignGate(),
        bool(has_place and row.content is not None and places.has_left(connection, slug or "", row.client_id, row.n)),
        about is not None and not catalogue.is_in_stock(connection, [about]),
        bool(has_place and mailboxes.has_campaign_mail(connection, mailbox, slug or "", row.client_id)),
        not catalogue.is_in_stock(connection, list_item_ids(row)),
    )


def load_gate_facts_in_bulk(
    context: ServiceContext, connection: Connection, rows: Sequence[LedgerRow], now: datetime
) -> dict[MailKey, GateFacts]:
    """Load what decides about many mails, each of another client; those of unknown clients are left out. Rows of
    clients are locked first, then mailboxes, as for one."""
    files = assessments.load_client_files(connection, [row.client_id for row in rows])
    boxes = {client_id: context.hash_mailbox(file.email) for client_id, file in files.items()}
    mailboxes.lock_mailboxes(connection, boxes.values())
    facts = facts_in_bulk.load_bulk_facts(connection, files, context.settings.keys.signing, now)
    slugs = sorted({row.campaign for row in rows if row.campaign})
    gates = {slug: campaigns.load_gate(connection, slug) for slug in slugs}
    mailed = {slug: mailboxes.find_campaign_mails(connection, set(boxes.values()), slug) for slug in slugs}
    named = {item for row in rows for item in (*list_item_ids(row), _find_subject(row)) if item is not None}
    gone = catalogue.find_sold_out(connection, named)
    found = {}
    for row in rows:
        if (file := files.get(row.client_id)) is None:
            continue
        slug, box = row.campaign, boxes[row.client_id]
        found[row.client_id, row.n] = GateFacts(
            file,
            box,
            facts[row.client_id].facts,
            gates[slug] if slug else CampaignGate(),
            bool(slug and row.content is not None and places.has_left(connection, slug, row.client_id, row.n)),
            _find_subject(row) in gone,
            bool(slug and mailed[slug].get(box, set()) - {row.client_id}),
            not gone.isdisjoint(list_item_ids(row)),
        )
    return found


def _find_subject(row: LedgerRow) -> ItemId | None:
    """Find the item that the mail is about."""
    return row.content.entry_item if row.content is not None else None


def _find_stale(row: LedgerRow, found: GateFacts) -> str:
    """Find why the text may not go as it is: it shows what is gone, or tells of a client who has refused that since."""
    if found.is_out_of_stock:
        return "out_of_stock"
    tells = (row.brief or {}).get("personal", True)
    return "personalisation_refused" if tells and not found.file.personal else ""


def _find_changed_text(context: ServiceContext, row: LedgerRow, gate: CampaignGate) -> str:
    """Find whether the message or voice, of the campaign or of the mail's step, was changed since it was written."""
    if not row.campaign or row.brief is None:
        return ""
    brief, said = row.brief, row.content or gate
    said_now = normalise(said.message), said.voice or gate.voice or context.settings.shop_voice
    return "" if (brief.get("message", ""), brief.get("voice", "")) == said_now else "message_changed"


def list_item_ids(row: LedgerRow) -> list[str]:
    """List the ids of the items that the mail shows."""
    return [blurb["item_id"] for blurb in (row.draft or {}).get("items", ())]
