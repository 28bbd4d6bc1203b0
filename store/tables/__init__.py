"""Every table. Times are business time unless a comment says real."""

from __future__ import annotations

from store.tables.accounts import accounts, api_keys, sign_in_failures, sign_ins
from store.tables.activity import activity
from store.tables.base import metadata
from store.tables.calls import calls
from store.tables.clients import assessments, clients, engagement, events, standings, tastes, tombstones
from store.tables.drafts import drafts
from store.tables.engine import clock, fingerprints, lost_workflows, notices, outbox
from store.tables.experiments import assignments, exposures, flags, visit_tallies
from store.tables.figures import day_tallies
from store.tables.fixes import fix_items, fix_steps, fixes, stock_prices, wave_parts, waves
from store.tables.learning import beliefs, reading_hours
from store.tables.mail import (
    campaign_versions,
    campaigns,
    edits,
    enrolments,
    holds,
    mail_domains,
    mail_servers,
    outreach_steps,
    outreaches,
    returns,
    simulations,
    suppressions,
    withdrawals,
)
from store.tables.model_calls import model_calls, model_spend, model_transcripts
from store.tables.offers import offer_grants, offers, redemptions
from store.tables.refreshes import refreshes, top_picks
from store.tables.segments import attributes, client_attributes, segment_counts, segments
from store.tables.shop import (
    artefacts,
    client_changes,
    decisions,
    item_occasions,
    item_pictures,
    item_sightings,
    items,
    questions,
    revisions,
    stock,
    stock_changes,
)
from store.tables.streams import dead_letters, dead_payloads, stream_offsets
from store.tables.visits import visit_events
from store.tables.webhooks import webhook_endpoints, webhook_messages, webhook_subscriptions

__all__ = [
    "accounts",
    "activity",
    "api_keys",
    "artefacts",
    "assessments",
    "assignments",
    "attributes",
    "beliefs",
    "calls",
    "campaign_versions",
    "campaigns",
    "client_attributes",
    "client_changes",
    "clients",
    "clock",
    "day_tallies",
    "dead_letters",
    "dead_payloads",
    "decisions",
    "drafts",
    "edits",
    "engagement",
    "enrolments",
    "events",
    "exposures",
    "fingerprints",
    "fix_items",
    "fix_steps",
    "fixes",
    "flags",
    "holds",
    "item_occasions",
    "item_pictures",
    "item_sightings",
    "items",
    "lost_workflows",
    "mail_domains",
    "mail_servers",
    "metadata",
    "model_calls",
    "model_spend",
    "model_transcripts",
    "notices",
    "offer_grants",
    "offers",
    "outbox",
    "outreach_steps",
    "outreaches",
    "questions",
    "reading_hours",
    "redemptions",
    "refreshes",
    "returns",
    "revisions",
    "segment_counts",
    "segments",
    "sign_in_failures",
    "sign_ins",
    "simulations",
    "standings",
    "stock",
    "stock_changes",
    "stock_prices",
    "stream_offsets",
    "suppressions",
    "tastes",
    "tombstones",
    "top_picks",
    "visit_events",
    "visit_tallies",
    "wave_parts",
    "waves",
    "webhook_endpoints",
    "webhook_messages",
    "webhook_subscriptions",
    "withdrawals",
]
