"""May this client be mailed now? One rule for the plan, the door before DATA and the sentence that says why not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.next_actions import Answered
from domain.timing import MailRules, cap_opens_at, is_quiet, next_open, zone_of
from models.base import CampaignSlug, Contract
from models.clients import ClientPolicy
from models.states import HoldSource


class Hold(Contract):
    source: HoldSource
    since: datetime


class MailFacts(Contract):
    """All that decides whether a client may be mailed. `sent_at` covers at least the last week."""

    consent: bool
    suppressed: str | None = None
    erased: bool = False
    """Whether the client is being erased."""
    holds: tuple[Hold, ...] = ()
    sent_at: tuple[datetime, ...] = ()
    time_zone: str = "UTC"
    policy: ClientPolicy = ClientPolicy()
    held_out_of: tuple[CampaignSlug, ...] = ()
    """What mails others and leaves this client out, to be measured by; for the sentence alone."""


class SendDecision(StrEnum):
    """What the door says."""

    OPEN = "open"
    WAIT = "wait"
    PARK = "park"
    REWRITE = "rewrite"
    """It may go, but not as it is written."""
    CLOSED = "closed"


class Answer(Contract):
    """`until` goes with WAIT; `code` says why in one stable word."""

    door: SendDecision
    code: str = ""
    until: datetime | None = None


OPEN = Answer(door=SendDecision.OPEN)


def may_plan(facts: MailFacts, rules: MailRules, now: datetime) -> Answer:
    """Whether a mail may be started. Quiet hours do not matter here: a mail is written by night and sent by day."""
    if facts.erased:
        return Answer(door=SendDecision.CLOSED, code="erased")
    if not facts.consent:
        return Answer(door=SendDecision.CLOSED, code="no_consent")
    if facts.suppressed:
        return Answer(door=SendDecision.CLOSED, code=f"suppressed_{facts.suppressed}")
    if facts.holds:
        return Answer(door=SendDecision.PARK, code=f"held_by_{facts.holds[0].source}")
    if facts.policy.not_before is not None and now < facts.policy.not_before:
        return Answer(door=SendDecision.WAIT, code="client_asked_to_wait", until=facts.policy.not_before)
    opens = cap_opens_at(rules, facts.policy, facts.sent_at, now)
    if opens is None:
        return Answer(door=SendDecision.CLOSED, code="client_wants_none")
    if opens > now:
        return Answer(door=SendDecision.WAIT, code="cap", until=opens)
    return OPEN


def may_send(facts: MailFacts, rules: MailRules, now: datetime, campaign_paused: bool, in_stock: bool) -> Answer:
    """The door right before DATA: everything that may have changed since the plan is asked again."""
    answer = may_plan(facts, rules, now)
    if answer.door in (SendDecision.CLOSED, SendDecision.PARK):
        return answer
    if campaign_paused:
        return Answer(door=SendDecision.PARK, code="campaign_paused")
    if not in_stock:
        return Answer(door=SendDecision.REWRITE, code="out_of_stock")
    zone = zone_of(facts.time_zone)
    if answer.door is SendDecision.WAIT and answer.until is not None:
        return answer.model_copy(update={"until": next_open(rules, zone, answer.until)})
    if is_quiet(rules, zone, now):
        return Answer(door=SendDecision.WAIT, code="quiet_hours", until=next_open(rules, zone, now))
    return OPEN


_SAID = {
    "erased": "this client is being erased",
    "no_consent": "the client has not agreed to mail",
    "client_wants_none": "the client asked for no mail at all",
    "held_by_client": "the client asked us to pause",
    "held_by_operator": "an operator holds this client's mail",
    "held_by_campaign": "a campaign holds this client's mail",
    "campaign_paused": "its campaign is paused",
    "client_asked_to_wait": "the client asked us to wait",
    "cap": "the limit on mails is reached",
    "quiet_hours": "it is night where the client lives",
    "out_of_stock": "what it shows is out of stock",
}

_INSTEAD = {
    "nothing": "your policy said that mail would not help now, on",
    "held_out": "held out of mail to clients who drift, to measure what it brings, since",
    "stylist_call": "a stylist is to call the client, and our own mail waits for that, since",
}


def sentence(
    facts: MailFacts,
    rules: MailRules,
    now: datetime,
    due_at: datetime | None,
    busy: bool,
    wake_at: datetime | None,
    chosen: Answered | None = None,
) -> str:
    """Why the client is not being mailed at `now`, and when they next may be: one plain sentence, no personal data.
    `chosen`: what the slot `next_action` put in a mail's place."""
    answer = may_plan(facts, rules, now)
    last = max(facts.sent_at, default=None)
    if answer.door is SendDecision.CLOSED:
        return f"Not mailed: {_said(answer.code)}."
    if answer.door is SendDecision.PARK:
        since = f" since {day(facts.holds[0].since)}" if facts.holds else ""
        return f"Not mailed: {_said(answer.code)}{since}; mail goes on when every hold is lifted."
    if busy:
        return "A mail is on its way through writing, review or its send time."
    if due_at is not None and answer.until is not None and due_at < answer.until:
        mailed = f" (last mailed {day(last)})" if last else ""
        return f"Not mailed now: {_said(answer.code)}{mailed}; the next may go on {day(answer.until)}."
    if due_at is not None and due_at <= now and is_quiet(rules, zone_of(facts.time_zone), now):
        return "Not mailed now: it is night where the client lives; the mail goes in the morning."
    if due_at is not None and due_at <= now:
        return "A mail is due now."
    due = f"the next mail is due on {day(due_at)}" if due_at else ""
    if chosen is not None:
        then = f"; {due}" if due and chosen.action != "held_out" else ""
        return f"Not mailed now: {_INSTEAD[chosen.action]} {day(chosen.at)}{then}."
    if facts.held_out_of:
        out = f"held out of the campaign {facts.held_out_of[0]} to measure what it brings"
        return f"Not mailed now: {out}{'; ' + due if due else ''}."
    if due:
        return f"Not mailed now: {due}."
    look = f"; the next look is on {day(wake_at)}" if wake_at else ""
    return f"Not mailed now: nothing is due in this phase{look}."


def _said(code: str) -> str:
    return _SAID.get(code) or f"the address is blocked ({code.removeprefix('suppressed_').replace('_', ' ')})"


def day(moment: datetime) -> str:
    """A date as people read it."""
    return f"{moment:%-d %B %Y}"
