"""Decide whether a client may be mailed now, and explain why not in one sentence.

The same rule serves twice: `may_plan` when a mail is planned, and `may_send` right before the SMTP command DATA.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.mail_servers import explain_wait
from domain.next_actions import NoMailDecision
from domain.timing import MailRules, compute_cap_opening, find_next_open, is_quiet, load_zone
from models.base import CampaignSlug, Contract
from models.clients import ClientPolicy
from models.states import HoldSource, Topic, TouchKind


class Hold(Contract):
    """A reason to keep a client's mail back: who holds it, and since when."""

    source: HoldSource
    since: datetime
    until: datetime | None = None
    """When it ends by itself; None: somebody has to lift it."""

    def is_in_force(self, now: datetime) -> bool:
        """Return whether it holds mail at `now`."""
        return self.until is None or self.until > now


class MailFacts(Contract):
    """Everything that decides whether a client may be mailed. `sent_at` covers at least the last week."""

    consent: bool
    suppressed: str | None = None
    withdrawn: bool = False
    """Whether somebody at this mailbox asked for no more mail, as this client or under another id."""
    erased: bool = False
    """Whether the client is being erased."""
    holds: tuple[Hold, ...] = ()
    sent_at: tuple[datetime, ...] = ()
    time_zone: str = "UTC"
    policy: ClientPolicy = ClientPolicy()
    held_out_of: tuple[CampaignSlug, ...] = ()
    """Campaigns that keep this client in their holdout. Only `explain_mail_status` uses it."""
    paused_sequence: CampaignSlug = ""
    """The campaign that would mail the client's phase and is paused. Only `explain_mail_status` uses it."""


class SendDecision(StrEnum):
    """What is to happen to a mail: it may go (OPEN), go later (WAIT), rest until it is released (PARK), or never go
    (CLOSED)."""

    OPEN = "open"
    WAIT = "wait"
    PARK = "park"
    REWRITE = "rewrite"
    """The client may be mailed, but not with this text."""
    CLOSED = "closed"


class Eligibility(Contract):
    """A send decision with its reason. `code` is a stable word; `until` is set when the decision is WAIT."""

    door: SendDecision
    code: str = ""
    until: datetime | None = None


OPEN = Eligibility(door=SendDecision.OPEN)


def may_plan(facts: MailFacts, rules: MailRules, now: datetime) -> Eligibility:
    """Decide whether a mail to this client may be started.

    Quiet hours do not count here: a mail may be written at night and sent by day.
    """
    if facts.erased:
        return Eligibility(door=SendDecision.CLOSED, code="erased")
    if facts.suppressed:
        return Eligibility(door=SendDecision.CLOSED, code=f"suppressed_{facts.suppressed}")
    if not facts.consent:
        return Eligibility(door=SendDecision.CLOSED, code="no_consent")
    if facts.withdrawn:
        return Eligibility(door=SendDecision.CLOSED, code="withdrawn")
    if holds := [hold for hold in facts.holds if hold.is_in_force(now)]:
        ends = [hold.until for hold in holds if hold.until is not None]
        until = max(ends) if len(ends) == len(holds) else None
        return Eligibility(door=SendDecision.PARK, code=f"held_by_{holds[0].source}", until=until)
    if facts.policy.not_before is not None and now < facts.policy.not_before:
        return Eligibility(door=SendDecision.WAIT, code="client_asked_to_wait", until=facts.policy.not_before)
    opens = compute_cap_opening(rules, facts.policy, facts.sent_at, now)
    if opens is None:
        return Eligibility(door=SendDecision.CLOSED, code="client_wants_none")
    if opens > now:
        return Eligibility(door=SendDecision.WAIT, code="cap", until=opens)
    return OPEN


TOPICS: Final[Mapping[TouchKind, Topic]] = {
    TouchKind.NEW_IN: Topic.NEWS,
    TouchKind.MISSED: Topic.SELECTION,
    TouchKind.STYLIST: Topic.SELECTION,
    TouchKind.WIN_BACK: Topic.SELECTION,
    TouchKind.WON_BACK: Topic.SELECTION,
    TouchKind.CAMPAIGN: Topic.CAMPAIGN,
}


PROFILED: Final = frozenset(TOPICS) - {TouchKind.CAMPAIGN} | {TouchKind.QUIZ}
"""The kinds that follow from what a client did, and the quiz, which asks for their taste: not for who refused that."""


def is_wanted(policy: ClientPolicy, kind: TouchKind) -> bool:
    """Return whether the client wants mail of this kind; kinds without a topic always."""
    return policy.topics is None or kind not in TOPICS or TOPICS[kind] in policy.topics


def may_send(
    facts: MailFacts, rules: MailRules, now: datetime, campaign_paused: bool, stale: str, kind: TouchKind
) -> Eligibility:
    """Decide, right before DATA, whether the mail may leave now.

    Everything that may have changed since planning is checked again. `stale`: why the text may not go any more; empty:
    it may.
    """
    eligibility = may_plan(facts, rules, now)
    if eligibility.door is not SendDecision.CLOSED and not is_wanted(facts.policy, kind):
        return Eligibility(door=SendDecision.CLOSED, code="topic_unwanted")
    if eligibility.door in (SendDecision.CLOSED, SendDecision.PARK):
        return eligibility
    if campaign_paused:
        return Eligibility(door=SendDecision.PARK, code="campaign_paused")
    if stale:
        return Eligibility(door=SendDecision.REWRITE, code=stale)
    zone = load_zone(facts.time_zone)
    if eligibility.door is SendDecision.WAIT and eligibility.until is not None:
        return eligibility.model_copy(update={"until": find_next_open(rules, zone, eligibility.until)})
    if is_quiet(rules, zone, now):
        return Eligibility(door=SendDecision.WAIT, code="quiet_hours", until=find_next_open(rules, zone, now))
    return OPEN


_REASONS = {
    "erased": "this client is being erased",
    "no_consent": "the client has not agreed to mail",
    "withdrawn": "somebody at this mailbox asked for no more mail",
    "left_campaign": "the client left the campaign meanwhile",
    "same_mailbox": "this campaign has mailed the mailbox under another client id",
    "client_wants_none": "the client asked for no mail at all",
    "held_by_client": "the client asked us to pause",
    "topic_unwanted": "the client wants no mail about this",
    "held_by_operator": "an operator holds this client's mail",
    "campaign_paused": "its campaign is paused",
    "campaign_ended": "its campaign has ended",
    "client_asked_to_wait": "the client asked us to wait",
    "cap": "the limit on mails is reached",
    "quiet_hours": "it is night where the client lives",
    "sold_out": "what it is about is sold out",
    "out_of_stock": "what it shows is out of stock",
    "offer_expired": "the offer that it states is over",
    "offer_retired": "the offer that it states was retired",
    "offer_spent": "the budget of the offer that it states is used up",
    "offer_not_approved": "the offer that it states is not approved",
    "personalisation_refused": "the client refused mail that follows from what they do",
}

_NO_MAIL_REASONS = {
    "nothing": "your policy said that mail would not help now, on",
    "held_out": "held out of mail to clients who drift, to measure what it brings, since",
    "stylist_call": "a stylist is to call the client, and our own mail waits for that, since",
}


def explain_mail_status(
    facts: MailFacts,
    eligibility: Eligibility,
    rules: MailRules,
    now: datetime,
    due_at: datetime | None,
    busy: bool,
    wake_at: datetime | None,
    chosen: NoMailDecision | None = None,
    last_code: str = "",
) -> str:
    """Explain in one plain sentence why the client is not mailed at `now`, and when that may change. No personal data.

    `eligibility`: what `may_plan` says at `now`. `due_at`: when the next mail is due. `busy`: a mail of this client is
    being prepared. `wake_at`: the next assessment. `chosen`: the decision of the slot `next_action` that stands in
    place of a mail. `last_code`: of the mail that is being prepared; what the mail server said to it.
    """
    last = max(facts.sent_at, default=None)
    if eligibility.door is SendDecision.CLOSED:
        return f"Not mailed: {explain_code(eligibility.code)}."
    if eligibility.door is SendDecision.PARK:
        held = [hold for hold in facts.holds if hold.is_in_force(now)]
        since = f" since {format_day(held[0].since)}" if held else ""
        if eligibility.until is not None:
            day = format_day(eligibility.until.astimezone(load_zone(facts.time_zone)))
            return f"Not mailed: {explain_code(eligibility.code)}{since}; mail begins again on {day}."
        return f"Not mailed: {explain_code(eligibility.code)}{since}; mail goes on when every hold is lifted."
    if busy and last_code and (waits := explain_wait(last_code)):
        return f"Not mailed yet: {waits}; a mail is ready and is tried again by itself."
    if busy:
        return "A mail is on its way through writing, review or its send time."
    if due_at is not None and eligibility.until is not None and due_at < eligibility.until:
        mailed = f" (last mailed {format_day(last)})" if last else ""
        reason, day = explain_code(eligibility.code), format_day(eligibility.until)
        return f"Not mailed now: {reason}{mailed}; the next may go on {day}."
    if due_at is not None and due_at <= now and is_quiet(rules, load_zone(facts.time_zone), now):
        return "Not mailed now: it is night where the client lives; the mail goes in the morning."
    if due_at is not None and due_at <= now:
        return "A mail is due now."
    due = f"the next mail is due on {format_day(due_at)}" if due_at else ""
    if chosen is not None:
        then = f"; {due}" if due and chosen.action != "held_out" else ""
        return f"Not mailed now: {_NO_MAIL_REASONS[chosen.action]} {format_day(chosen.at)}{then}."
    if facts.held_out_of:
        out = f"held out of the campaign {facts.held_out_of[0]} to measure what it brings"
        return f"Not mailed now: {out}{'; ' + due if due else ''}."
    if due:
        return f"Not mailed now: {due}."
    if facts.paused_sequence:
        return f"Not mailed now: the campaign {facts.paused_sequence}, which mails this phase, is paused."
    look = f"; the next look is on {format_day(wake_at)}" if wake_at else ""
    return f"Not mailed now: nothing is due in this phase{look}."


def explain_code(code: str) -> str:
    """Explain the code of a send decision in a few words; another code is read as words."""
    if code.startswith("suppressed_"):
        return f"the address is blocked ({code.removeprefix('suppressed_').replace('_', ' ')})"
    return _REASONS.get(code) or code.replace("_", " ")


def format_day(moment: datetime) -> str:
    """Format a date for people: `3 March 2026`."""
    return f"{moment:%-d %B %Y}"
