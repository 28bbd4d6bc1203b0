"""Decide what a client's workflow does next.

All mails of one client queue here, highest priority first, and one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from domain.eligibility import Eligibility, MailFacts, SendDecision, explain_mail_status, is_wanted
from domain.journeys.advancing import find_opening
from domain.next_actions import DRIFT_MAILS, NoMailDecision, OpenCall, find_no_mail_decision
from domain.outreach import PAUSED_BY_ITSELF, PRIORITY
from domain.phases import PhaseState, compute_phase_end
from domain.sequences import PhaseSequence, ScheduledMail, choose_next_mail
from domain.timing import MailRules, load_zone, spread_next_open
from models.base import CampaignSlug, ClientId, Contract, Id
from models.journey_steps import MailContent
from models.states import CampaignState, TouchKind

LONGEST_SLEEP = timedelta(days=365)
"""A client for whom nothing is planned is still assessed once a year."""
PARKED_RETRY_AFTER = timedelta(days=1)
"""A parked mail may queue again after this long even if the drain of its resumed campaign missed it."""


class QueuedMail(Contract):
    """A mail that waits for the client's turn: a campaign's enrolment, that of the phase (`of_phase`), or the parked
    outreach number `n`. `content`: what the `step` of a campaign with several says of it; `offer`: what it states."""

    priority: int
    key: str
    campaign: CampaignSlug | None = None
    n: int | None = None
    kind: TouchKind = TouchKind.CAMPAIGN
    step: str = ""
    content: MailContent | None = None
    offer: Id | None = None
    of_phase: bool = False


class MailStart(Contract):
    """A new mail to start. `of_phase`: the sequence of the client's phase calls for it; no enrolment waits for it."""

    kind: TouchKind
    key: str
    priority: int
    campaign: CampaignSlug | None = None
    step: str = ""
    content: MailContent | None = None
    offer: Id | None = None
    of_phase: bool = False


class Situation(Contract):
    """Everything that decides what comes next for one client."""

    client_id: ClientId
    standing: PhaseState
    crosses_at: datetime | None = None
    facts: MailFacts
    sequence: PhaseSequence | None = None
    """What the client's phase calls for; None: nothing."""
    made: Mapping[str, datetime] = {}
    """The triggers that a mail has answered so far, by trigger key, and when."""
    answered: tuple[NoMailDecision, ...] = ()
    """The triggers that were answered without a mail."""
    call: OpenCall | None = None
    waiting: tuple[QueuedMail, ...] = ()
    steps_due_at: datetime | None = None
    """When a step of a campaign falls due next."""
    quiz_answered: bool = False
    busy: bool = False
    """Whether another mail of this client is under way."""
    busy_code: str = ""
    """What the mail server last said to that mail."""


class ClientPlan(Contract):
    """The plan: `start` a new mail, `wake` a parked one, or neither; and when to plan again (`wake_at`)."""

    wake_at: datetime
    start: MailStart | None = None
    wake: int | None = None
    next_touch_at: datetime | None = None
    why_not: str = ""
    closed: str = ""
    """Why no mail may be started at all, as a stable word. Waiting enrolments are dropped for it."""


def plan_next_step(situation: Situation, eligibility: Eligibility, rules: MailRules, now: datetime) -> ClientPlan:
    """Plan the next step of one client at `now`. `eligibility`: whether a mail may be started (`may_plan`)."""
    zone = load_zone(situation.facts.time_zone)
    mail = _choose_scheduled_mail(situation, now)
    queue = _build_queue(situation, mail, now)
    due_at = now if queue else (mail.due_at if mail else None)
    allowed_at = None
    if due_at is not None and eligibility.door is not SendDecision.CLOSED:
        # Nothing is begun at night: a mail written in the morning is true in the morning and needs no timer.
        allowed_at = spread_next_open(rules, zone, max(due_at, eligibility.until or due_at), situation.client_id)
    first = (
        queue[0]
        if queue and eligibility.door is SendDecision.OPEN and allowed_at == now and not situation.busy
        else None
    )
    times = [now + LONGEST_SLEEP]
    for moment in (situation.crosses_at, compute_phase_end(situation.standing), situation.steps_due_at):
        if moment is not None and moment > now:  # in open hours, so that a mail that becomes due can start at once
            times.append(spread_next_open(rules, zone, moment, situation.client_id))
    if situation.call is not None and situation.call.until > now:
        times.append(spread_next_open(rules, zone, situation.call.until, situation.client_id))
    ends = eligibility.door in (SendDecision.OPEN, SendDecision.WAIT) or eligibility.until is not None
    if allowed_at is not None and not situation.busy and ends:
        times.append(allowed_at)
    wake_at = min(t for t in times if t > now)
    return ClientPlan(
        wake_at=wake_at,
        start=_build_start(first),
        wake=first.n if first else None,
        next_touch_at=allowed_at,
        why_not=explain_mail_status(
            _note_pause(situation),
            eligibility,
            rules,
            now,
            due_at,
            situation.busy or first is not None,
            wake_at,
            _find_no_mail_decision(situation),
            situation.busy_code,
        ),
        closed=eligibility.code if eligibility.door is SendDecision.CLOSED else "",
    )


def _choose_scheduled_mail(situation: Situation, now: datetime) -> ScheduledMail | None:
    """Choose the mail that the phase calls for, due when the campaign's own caps and quiet hours let it begin; none of
    a drift sequence while a stylist's call is open."""
    mail = choose_next_mail(
        situation.sequence,
        situation.standing,
        {**situation.made, **{decision.key: decision.at for decision in situation.answered}},
        {kind for kind in TouchKind if _is_skipped(situation, kind)},
    )
    if mail is None or (situation.call is not None and mail.kind in DRIFT_MAILS):
        return None
    facts, due_at = situation.facts, max(mail.due_at, now)
    opens = find_opening(mail.definition, facts.sent_at, facts.time_zone, due_at)
    return replace(mail, due_at=opens) if opens > due_at else mail


def _note_pause(situation: Situation) -> MailFacts:
    """Return the facts with the campaign that would mail the phase, where it is paused."""
    sequence = situation.sequence
    if sequence is None or sequence.state is not CampaignState.PAUSED:
        return situation.facts
    return situation.facts.model_copy(update={"paused_sequence": sequence.campaign})


def _is_skipped(situation: Situation, kind: TouchKind) -> bool:
    answered = kind is TouchKind.QUIZ and situation.quiz_answered
    return answered or not is_wanted(situation.facts.policy, kind)


def _find_no_mail_decision(situation: Situation) -> NoMailDecision | None:
    if situation.call is None and not situation.answered:
        return None
    return find_no_mail_decision(
        situation.standing, situation.answered, situation.call, max(situation.made.values(), default=None)
    )


def may_queue(
    code: str, epoch: int, since: datetime, campaign: tuple[CampaignState, int] | None, now: datetime
) -> bool:
    """Return whether a parked mail may ask for the client's turn again.

    Args: `code`, `epoch` and `since` say why, in which epoch and when it was parked. `campaign` is the state and
    current epoch of its campaign: while that is paused the mail waits, then until the drain has raised the mail's
    epoch.
    """
    if code == PAUSED_BY_ITSELF:
        return False
    if campaign is None:
        return True
    state, current = campaign
    # Only PAUSED holds mail: decide here, and in load_gate, what a new state means for it.
    return state is not CampaignState.PAUSED and (epoch >= current or now - since > PARKED_RETRY_AFTER)


def _build_queue(situation: Situation, mail: ScheduledMail | None, now: datetime) -> list[QueuedMail]:
    due = [_queue_mail(mail, situation.client_id)] if mail is not None and mail.due_at <= now else []
    return sorted([*situation.waiting, *due], key=lambda w: -w.priority)


def _queue_mail(mail: ScheduledMail, client_id: ClientId) -> QueuedMail:
    content = mail.build_content(client_id)
    return QueuedMail(
        priority=PRIORITY[mail.kind],
        key=mail.key,
        campaign=mail.campaign,
        kind=mail.kind,
        step=mail.mail.step.id,
        content=content,
        offer=content.offer if content else None,
        of_phase=True,
    )


def _build_start(first: QueuedMail | None) -> MailStart | None:
    if first is None or first.n is not None:
        return None
    start = MailStart(
        kind=first.kind,
        key=first.key,
        priority=first.priority,
        campaign=first.campaign,
        offer=first.offer,
        of_phase=first.of_phase,
    )
    return start.model_copy(update={"step": first.step, "content": first.content}) if first.step else start
