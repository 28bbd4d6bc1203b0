"""What needs a person: each line says how many, how urgent, who may do it, and leads to where it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from domain.permissions import Action
from models.calls import CallState
from models.drafts import DraftStage
from models.fixes import FixState
from models.states import CampaignState, OutreachState
from models.webhooks import EndpointState
from services.mailing.mail_server import describe_outage
from settings import Settings
from store.campaigns.campaigns import list_campaigns
from store.clients import calls
from store.database import read_transaction
from store.events import outbox
from store.events.dead_letters import count_letters
from store.fixes import lists as fix_lists
from store.mail import drafts
from store.mail.lists import count_mails_by_state
from store.webhooks.endpoints import list_failing


class Need(NamedTuple):
    """Something that needs a person. `action`: what they do about it, so whom it concerns; `urgent`: it is late, or
    keeps mail back."""

    many: int
    words: str
    note: str
    link: str
    action: Action
    urgent: bool = False


def list_needs(engine: Engine, settings: Settings, now: datetime) -> list[Need]:
    """List all that needs somebody, the urgent first."""
    with read_transaction(engine) as connection:
        mails = count_mails_by_state(connection, (OutreachState.UNKNOWN, OutreachState.FAILED))
        needs = [
            *_find_outage(connection, settings),
            *_find_drafts(connection),
            *_find_fixes(connection, now),
            *_find_calls(connection),
            *_find_mails(mails),
            *_find_campaigns(connection),
            *_find_held(connection),
            *_find_webhooks(connection),
            *_find_letters(connection),
        ]
    return sorted(needs, key=lambda need: not need.urgent)


def _find_outage(connection: Connection, settings: Settings) -> list[Need]:
    if outage := describe_outage(connection, settings):
        words = "mail server refuses our mail"
        return [Need(1, words, outage, "/mails?state=scheduled", Action.TEST_MAIL, urgent=True)]
    return []


def _find_drafts(connection: Connection) -> list[Need]:
    waiting = drafts.count_waiting(connection)
    late = waiting.get(DraftStage.ESCALATED, 0)
    count = sum(waiting.values())
    note = f"{late} wait too long" if late else ""
    words = _say(count, "draft waits", "drafts wait") + " to be read"
    return [Need(count, words, note, "/review", Action.DECIDE_MAIL, bool(late))] if count else []


def _find_fixes(connection: Connection, now: datetime) -> list[Need]:
    count = fix_lists.count_by_state(connection).get(FixState.PROPOSED, 0)
    if not count:
        return []
    soonest = fix_lists.list_summaries(connection, FixState.PROPOSED, 1)
    due = soonest[0].decide_by if soonest else None
    urgent = due is not None and due < now + timedelta(days=1)
    note = f"the first by {due.day} {due:%B, %H:%M}" if due else ""
    return [
        Need(
            count, _say(count, "Fix waits", "Fixes wait") + " for a decision", note, "/fixes", Action.DECIDE_FIX, urgent
        )
    ]


def _find_calls(connection: Connection) -> list[Need]:
    count = calls.count_by_state(connection).get(CallState.OPEN, 0)
    words = _say(count, "client is", "clients are") + " to be called"
    return [Need(count, words, "", "/calls", Action.DECIDE_CALL)] if count else []


def _find_mails(mails: Mapping[str, int]) -> list[Need]:
    unknown, failed = mails.get(OutreachState.UNKNOWN, 0), mails.get(OutreachState.FAILED, 0)
    needs = []
    if unknown:
        words = _say(unknown, "mail", "mails") + " of which nobody knows whether they arrived"
        needs.append(Need(unknown, words, "", "/mails?state=unknown", Action.RESOLVE_MAIL))
    if failed:
        words = _say(failed, "mail", "mails") + " failed"
        needs.append(Need(failed, words, "", "/mails?state=failed", Action.RESOLVE_MAIL))
    return needs


def _find_campaigns(connection: Connection) -> list[Need]:
    paused = [row for row in list_campaigns(connection) if row.state is CampaignState.PAUSED]
    if not paused:
        return []
    names = ", ".join(row.spec.name for row in paused[:3])
    words = _say(len(paused), "campaign is", "campaigns are") + " paused"
    return [Need(len(paused), words, names, "/campaigns", Action.RESUME_CAMPAIGN)]


def _find_held(connection: Connection) -> list[Need]:
    count = outbox.count_held_clients(connection)
    words = _say(count, "imported client waits", "imported clients wait")
    return (
        [Need(count, words, "selvedge go lets them start", "/clients?phase=new", Action.START_CLIENTS)] if count else []
    )


def _find_webhooks(connection: Connection) -> list[Need]:
    """Find the endpoints that were disabled because every try failed, and those that fail now."""
    failing = list_failing(connection)
    words = _say(len(failing), "system is", "systems are") + " not told what happens"
    off = any(row.state is EndpointState.DISABLED for row in failing)
    names = ", ".join(row.name for row in failing[:3])
    return [Need(len(failing), words, names, "/webhooks", Action.SET_WEBHOOK_STATE, off)] if failing else []


def _find_letters(connection: Connection) -> list[Need]:
    counts = count_letters(connection)
    count = sum(counts.values())
    words = _say(count, "message", "messages") + " could not be taken in"
    note = ", ".join(f"{many:,} of {source}" for source, many in sorted(counts.items()))
    return [Need(count, words, note, "/dead-letters", Action.RETRY_LETTER)] if count else []


def _say(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
