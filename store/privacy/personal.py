"""Which tables hold personal data, and how a client's rows are found: the one list for the export and the erasure. A
test fails for a table that is in neither list here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, select

from models.base import ClientId
from models.slot_policies import SlotSplit
from store import tables as t

Which = Callable[[ClientId], ColumnElement[bool]]


@dataclass(frozen=True)
class PersonalTable:
    """A table with rows of a client. `part`: its name in the export; `without`: columns left out of the export, since
    they say nothing of the client (or name staff)."""

    part: str
    table: Table
    which: Which
    without: frozenset[str] = frozenset()


def _own_table(part: str, table: Table, *without: str) -> PersonalTable:
    return PersonalTable(part, table, lambda client_id: table.c.client_id == client_id, frozenset(without))


def _fix_table(part: str, table: Table, *without: str) -> PersonalTable:
    def which(client_id: ClientId) -> ColumnElement[bool]:
        return table.c.fix_id.in_(select(t.fixes.c.fix_id).where(t.fixes.c.client_id == client_id))

    return PersonalTable(part, table, which, frozenset(without))


PERSONAL_TABLES: Final[tuple[PersonalTable, ...]] = (
    _own_table("client", t.clients),
    _own_table("attributes", t.client_attributes),
    _own_table("mail_edits", t.edits, "by"),
    _own_table("mail_drafts", t.drafts, "claimed_by", "claimed_until", "decided_by", "likeness"),
    _own_table("mail_steps", t.outreach_steps),
    _own_table("campaigns", t.enrolments),
    _own_table("offers", t.offer_grants),
    _own_table("redemptions", t.redemptions),
    _own_table("mails", t.outreaches, "token", "lease_until"),
    _fix_table("fix_items", t.fix_items),
    _fix_table("fix_steps", t.fix_steps),
    _own_table("fixes", t.fixes, "decided_by"),
    _own_table("events", t.events),
    _own_table("engagement", t.engagement),
    _own_table("taste", t.tastes),
    _own_table("standing", t.standings),
    _own_table("assessments", t.assessments),
    _own_table("calls", t.calls, "by", "day", "place"),
    _own_table("changes", t.client_changes, "id"),
    _own_table("decisions", t.decisions),
    PersonalTable("experiments", t.assignments, lambda client_id: t.assignments.c.subject == client_id),
    PersonalTable("exposures", t.exposures, lambda client_id: t.exposures.c.subject == client_id),
    _own_table("questions", t.questions),
    _own_table("top_picks", t.top_picks),
    _own_table("model_transcripts", t.model_transcripts),
    _own_table("model_calls", t.model_calls),
    _own_table("holds", t.holds),
    _own_table("lost_workflows", t.lost_workflows),
    _own_table("returns", t.returns, "raw"),
    _own_table("webhook_messages", t.webhook_messages, "endpoint", "tries", "leased_until"),
    _own_table("refused_messages", t.dead_payloads, "letter_id"),
    _own_table("activity", t.activity, "actor"),
)
"""The order in which they are erased: rows that refer to others come before those. Rows of `activity` stay, without the
client."""

OTHER_TABLES: Final[Mapping[Table, str]] = {
    t.items: "the catalogue",
    t.item_pictures: "addresses of the shop's pictures",
    t.item_sightings: "stock and prices",
    t.item_occasions: "items; its cursor is an id for the minute in which it is told",
    t.stock: "counts of units",
    t.stock_changes: "keys of changes of units",
    t.stock_prices: "of units",
    t.revisions: "counters",
    t.beliefs: "what was learnt of all clients together",
    t.day_tallies: "numbers of all clients together, by day",
    t.reading_hours: "hours of all clients, or of all with one tag or style",
    t.clock: "one row",
    t.fingerprints: "of keys",
    t.notices: "faults that stand",
    t.stream_offsets: "how far streams were read",
    t.dead_letters: "codes and places of messages; what they said is in dead_payloads",
    t.visit_events: "visits that belong to no client, for some hours",
    t.flags: "shares and effects in the owner's words, no client",
    t.visit_tallies: "sums over visits that belong to no client",
    t.model_spend: "sums over clients; those of a campaign or day stay",
    t.mail_servers: "hosts and codes",
    t.mail_domains: "counts by a keyed hash of a domain",
    t.campaign_versions: "what campaigns do",
    t.campaigns: "the owner's words; its cursor is moved off an erased id, and what was erased is counted",
    t.offers: "terms in the owner's words, and how many clients got it",
    t.simulations: "sums over the clients of a simulation, none of them named",
    t.waves: "counts; Fixes are taken out of its plan",
    t.wave_parts: "arrays without clients; Fixes are taken out of them",
    t.refreshes: "counts; shards that begin at an erased id begin before it",
    t.segments: "filters in the owner's words, no client",
    t.segment_counts: "counts of clients",
    t.attributes: "names and meanings of attributes, no value of a client",
    t.artefacts: "figures of models; algorithms/artefact_erasure.py takes the client's name out of their files",
    t.outbox: "ids that wait to be sent to Temporal; erased, not exported",
    t.suppressions: "a keyed hash of an address, which must outlive the erasure; exported as `suppressed`",
    t.withdrawals: "a keyed hash of a mailbox, which must outlive the erasure",
    t.tombstones: "a keyed hash of an erased id",
    t.accounts: "staff",
    t.sign_ins: "staff",
    t.sign_in_failures: "keyed hashes of names and addresses that failed to sign in",
    t.api_keys: "keys of programs",
    t.webhook_endpoints: "addresses and sealed secrets of other systems",
    t.webhook_subscriptions: "what other systems are told",
}
"""All other tables, and why they hold nothing to erase here."""


def export_row(personal: PersonalTable, row: Any) -> dict[str, Any]:
    """Return the columns of one row that the export shows."""
    values = {str(name): value for name, value in row._mapping.items() if name not in personal.without}
    if isinstance(split := values.get("experiment"), SlotSplit):
        values["experiment"] = split.model_dump(mode="json")
    if isinstance(values.get("data"), dict):  # of a Fix's step
        values["data"] = {name: value for name, value in values["data"].items() if name != "decided_by"}
    return values
